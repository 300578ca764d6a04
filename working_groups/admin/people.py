"""Who is in a group, in which role, and whether the public may see it."""

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oiep.admin import CharterAdmin, filled_or_not
from oiep.locks import lock_on
from oiep.text import normalise_email
from partners.models import Kind, Partner
from working_groups.actions.groups import locked
from working_groups.actions.members import tell_of_entry
from working_groups.models import Group, GroupMember


class GroupMemberForm(forms.ModelForm):
    email = forms.EmailField(
        required=False,
        label=_("E-mail address of their account"),
        help_text=_("Somebody without an account is only named, and sees nothing of the group's own pages."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["email"]  # a membership is one person's for good
        if "partner" in self.fields:
            self.fields["partner"].queryset = organisations_of(self.instance)

    def _get_validation_exclusions(self):
        # The person is not typed into a field of the model, and yet decides whether its constraints hold.
        return super()._get_validation_exclusions() - {"user", "group"}

    def clean_email(self):
        email = self.cleaned_data["email"]
        user = get_user_model().objects.filter(email=normalise_email(email)).first() if email else None
        if email and user is None:
            raise ValidationError(
                _("Nobody has an account with this address. Invite them from the group's own pages, or give a name.")
            )
        self.instance.user = user
        return email


def organisations_of(member):
    """The organisations that a person acts for, of which one may stand beside their name, and the one that does."""
    theirs = Partner.objects.visible_to(member.user).exclude(kind=Kind.RESIDENT)
    return Partner.objects.filter(Q(pk__in=theirs.values("pk")) | Q(pk=member.partner_id))


@admin.register(GroupMember)
class GroupMemberAdmin(CharterAdmin):
    """A member is never deleted: who leaves is a past member from that day."""

    form = GroupMemberForm
    list_display = ["display_name", "group", "role", "starts_on", "ends_on", "is_shown"]
    list_filter = [
        "role",
        ("ends_on", filled_or_not(_("takes part"), empty=_("Takes part"), filled=_("Has left, or will"))),
        ("agreed_on", filled_or_not(_("shown to the public"), empty=_("Not shown"), filled=_("Agreed to be shown"))),
        "group",
    ]
    list_select_related = ["group", "user"]
    search_fields = ["user__name", "user__email", "name", "group__name"]

    @admin.display(description=_("who"))
    def display_name(self, member):
        return member.display_name

    @admin.display(description=_("shown to the public"), boolean=True)
    def is_shown(self, member):
        return member.agreed_on is not None

    def get_fields(self, request, obj=None):
        who = ["group", "user" if obj and obj.user_id else "name"] if obj else ["group", "email", "name"]
        where = ["partner", "organisation"] if obj and obj.user_id else ["organisation"]
        return [*who, *where, "role", "starts_on", "ends_on", "agreed_on", "agreed_how"]

    def get_readonly_fields(self, request, obj=None):
        return ["group", "user"] if obj else []

    def get_changeform_initial_data(self, request):
        group = request.GET.get("group", "")
        return {"group": Group.objects.filter(pk=group).first()} if group.isdecimal() else {}

    def save_model(self, request, obj, form, change):
        locked(obj.group)  # before the member's row, as everything on the site does
        super().save_model(request, obj, form, change)
        if obj.user_id:
            tell_of_entry(member=obj, changed=form.changed_data if change else None, actor=request.user)

    def changeform_view(self, request, *args, **kwargs):
        with transaction.atomic():
            if request.method == "POST":
                lock_on("members of groups")  # a button that is pressed twice adds one member
            return super().changeform_view(request, *args, **kwargs)
