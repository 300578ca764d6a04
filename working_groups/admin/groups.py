"""The tree of groups, as the manager keeps it."""

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import transaction
from django.db.models import Case, Count, Exists, OuterRef, Q, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from oiep.admin import CharterAdmin, ReadOnlyInline, filled_or_not
from working_groups.forms.about import LongLineMixin
from working_groups.models import Group, GroupMember
from working_groups.tree import in_order

_INDENT = "\u2003"


class RunFilter(admin.SimpleListFilter):
    title = _("who runs it")
    parameter_name = "run"

    def lookups(self, request, model_admin):
        return [("nobody", _("Nobody runs it")), ("somebody", _("Somebody runs it"))]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        running = GroupMember.objects.current().running().filter(group=OuterRef("pk"), user__is_active=True)
        return queryset.filter(Exists(running) if self.value() == "somebody" else ~Exists(running))


class MemberInline(ReadOnlyInline):
    """Who is in it and was. Each is changed on a page of their own, where there is room to say what it means."""

    model = GroupMember
    fields = readonly_fields = ["who", "role", "comes_from", "starts_on", "ends_on", "agreed_on", "agreed_how"]
    verbose_name_plural = _("members")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user", "partner")

    @admin.display(description=_("who"))
    def who(self, member):
        page = reverse("admin:working_groups_groupmember_change", args=[member.pk])
        return format_html('<a href="{}"><bdi>{}</bdi></a>', page, member.display_name)

    @admin.display(description=_("comes from"))
    def comes_from(self, member):
        return member.partner or member.organisation


class LongLine(LongLineMixin, AdminTextareaWidget):
    pass


class GroupForm(forms.ModelForm):
    class Meta:
        widgets = {"areas": forms.CheckboxSelectMultiple, "purpose": LongLine(attrs={"rows": 4})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            groups = in_order(Group.objects.all())
            choices = [
                (group.pk, f"{_INDENT * depth}{group}") for group, depth in groups if group.pk != self.instance.pk
            ]
            self.fields["parent"].widget.choices = [("", _("nothing: it stands at the top")), *choices]


class TreeList(ChangeList):
    def get_ordering(self, request, queryset):
        return ["place"]


@admin.register(Group)
class GroupAdmin(CharterAdmin):
    """Groups are never deleted: one that is done ends on a day, and its page stays."""

    form = GroupForm
    list_display = ["in_the_tree", "kind", "number_of_members", "status", "ends_on"]
    list_display_links = None  # the link begins after the indentation
    sortable_by = []  # it is the tree that is shown
    list_per_page = 200
    list_filter = [
        RunFilter,
        "kind",
        "is_closed",
        ("ends_on", filled_or_not(_("end"), empty=_("Goes on"), filled=_("Has an end"))),
        "areas",
    ]
    search_fields = ["name", "members__user__name", "members__user__email", "members__name"]
    search_help_text = _("The name of a group, or the name or e-mail address of somebody in it.")
    inlines = [MemberInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "kind", "parent", "order"]}),
        (_("What it is for"), {"fields": ["purpose", "about", "terms", "areas", "link_label", "link_url"]}),
        (_("When"), {"fields": ["starts_on", "ends_on"]}),
        (_("Who sees it and who may ask to join"), {"fields": ["is_closed", "takes_requests"]}),
        (_("For you"), {"fields": ["source"]}),
    ]

    def get_queryset(self, request):
        """Each with its place in the order of the tree, its depth in it, and the number of its members."""
        tree = in_order(Group.objects.only("parent", "order", "name"))
        places = [When(pk=group.pk, then=Value(n)) for n, (group, _depth) in enumerate(tree)]
        depths = [When(pk=group.pk, then=Value(depth)) for group, depth in tree]
        today = timezone.localdate()
        here = Q(members__starts_on__lte=today) & (Q(members__ends_on=None) | Q(members__ends_on__gt=today))
        return (
            super()
            .get_queryset(request)
            .annotate(
                place=Case(*places, default=Value(0)),
                depth=Case(*depths, default=Value(0)),
                member_count=Count("members", filter=here, distinct=True),
            )
        )

    def get_changelist(self, request, **kwargs):
        return TreeList

    @admin.display(description=_("group"))
    def in_the_tree(self, group):
        page = reverse("admin:working_groups_group_change", args=[group.pk])
        return format_html('{}<a href="{}"><bdi>{}</bdi></a>', _INDENT * group.depth, page, group)

    @admin.display(description=_("members"))
    def number_of_members(self, group):
        return group.member_count

    @admin.display(description=_("state"))
    def status(self, group):
        if group.has_ended():
            return _("ended")
        if group.is_closed:
            return _("closed")
        return _("below a closed one") if group.is_hidden else _("open")

    def view_on_site(self, group):
        return None if group.is_hidden else group.get_absolute_url()

    def get_fieldsets(self, request, obj=None):
        people = [(_("People and work"), {"fields": ["new_member", "room"]})] if obj else []
        return [*self.fieldsets, *people]

    def get_readonly_fields(self, request, obj=None):
        return ["slug", "new_member", "room"] if obj else []  # addresses are a promise

    @admin.display(description=_("new member"))
    def new_member(self, group):
        page = reverse("admin:working_groups_groupmember_add")
        return format_html('<a href="{}?group={}">{}</a>', page, group.pk, _("Add somebody to this group"))

    @admin.display(description=_("its own pages"))
    def room(self, group):
        page = reverse("group-room", args=[group.slug])
        words = _("Its meetings, papers, actions, updates, and who is invited or asks to join")
        return format_html('<a href="{}">{}</a>', page, words)

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else {"slug": ["name"]}

    def changeform_view(self, request, *args, **kwargs):
        with transaction.atomic():
            if request.method == "POST":
                Group.lock_tree()  # what the form finds sound is still sound when it is saved
            return super().changeform_view(request, *args, **kwargs)
