"""Admin as the OIEP manager's working tool: what all its pages share, and people, mail and the audit trail."""

from functools import wraps

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from oiep import audit, languages, watch
from oiep import email as mail
from oiep.exports import LAYOUTS, WORKBOOK, export, export_as_list
from oiep.letters import text_for_manager
from oiep.models import AuditEvent, OutgoingEmail, Translation
from oiep.sign_in.security import lead_to_second_factor
from oiep.templatetags.desk import what_happened

admin.site.site_header = _("Inclusive Economy Charter: manager")
admin.site.site_title = _("Charter manager")
admin.site.index_title = _("Desk")
admin.site.enable_nav_sidebar = False
admin.site.disable_action("delete_selected")
# People see to these themselves; an operator who helps has a command (docs/operations.md).
admin.site.unregister([EmailAddress, Authenticator, UserSession])


def _with_second_factor(login):
    """Admin's sign-in page leads staff who are signed in without their second factor to it."""

    @wraps(login)
    def ask_first(request, *args, **kwargs):
        if request.user.is_authenticated and request.user.is_staff and request.user.is_held_back():
            return lead_to_second_factor(request)
        return login(request, *args, **kwargs)

    return ask_first


def _may_enter(request):
    return request.user.is_active and request.user.is_staff and not request.user.is_held_back()


admin.site.login = secure_admin_login(_with_second_factor(admin.site.login))
admin.site.has_permission = _may_enter


def filled_or_not(title, *, empty, filled):
    """A filter by whether a field holds something, in words of its own."""

    class FilledOrNot(admin.EmptyFieldListFilter):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.title = title

        def choices(self, changelist):
            words = (_("All"), empty, filled)
            return [
                {**choice, "display": word} for choice, word in zip(super().choices(changelist), words, strict=True)
            ]

    return FilledOrNot


class FigureFilter(admin.SimpleListFilter):
    """The rows that one figure of the desk counts (`oiep.watch`)."""

    title = _("on the desk")
    parameter_name = "figure"

    def __init__(self, request, params, model, model_admin):
        self.figures = {figure.name: figure for figure in watch.figures_of(model)}
        super().__init__(request, params, model, model_admin)

    def lookups(self, request, model_admin):
        return [(name, capfirst(figure.title)) for name, figure in self.figures.items()]

    def queryset(self, request, queryset):
        if self.value() not in self.figures:
            return queryset
        return queryset.filter(pk__in=self.figures[self.value()].rows().order_by().values("pk"))


def _export_rows(model_admin, request, queryset, **form):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    more, prefetch = model_admin.export_more, model_admin.export_reads
    return export(queryset, actor=request.user, more=more, prefetch=prefetch, **form)


def _export_workbook(model_admin, request, queryset):
    return _export_rows(model_admin, request, queryset, form=WORKBOOK)


def _export_as_list(model_admin, request, queryset):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    return export_as_list(queryset, actor=request.user)


def _put_right(figure):
    def put_right(model_admin, request, queryset):
        done = 0
        for row in queryset.filter(pk__in=figure.rows().order_by().values("pk")):
            with transaction.atomic():
                figure.mend(row, request.user)
                audit.record(verb=f"{row._meta.model_name}.put_right", subject=row, actor=request.user, why=figure.name)
            done += 1
        words = ngettext("%(n)s entry is put right.", "%(n)s entries are put right.", done) % {"n": done}
        model_admin.message_user(request, words, messages.SUCCESS if done else messages.WARNING)

    return put_right


class CharterAdmin(admin.ModelAdmin):
    """Keeps our audit trail instead of Django's log, writes only the fields that were changed, and deletes nothing."""

    list_per_page = 50
    formfield_overrides = {models.URLField: {"widget": forms.URLInput(attrs={"class": "vTextField"})}}
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    # Further columns of the file that the list is exported to: (heading, row → cell).
    export_more = ()
    export_reads = ()  # the relations that these read

    def has_delete_permission(self, request, obj=None):
        return False

    def get_list_filter(self, request):
        own = super().get_list_filter(request)
        return [*own, FigureFilter] if watch.figures_of(self.model) else own

    def get_actions(self, request):
        """With what puts right the rows that a figure of the desk has found wrong, where the site can do that."""
        actions = super().get_actions(request)
        actions["export_rows"] = (_export_rows, "export_rows", _("Export as a spreadsheet (CSV)"))
        actions["export_workbook"] = (_export_workbook, "export_workbook", _("Export as a workbook (XLSX)"))
        if self.model in LAYOUTS:
            words = _("Export as a list to fill in and bring in again (XLSX)")
            actions["export_as_list"] = (_export_as_list, "export_as_list", words)
        figure = next((f for f in watch.figures_of(self.model) if f.name == request.GET.get("figure")), None)
        if figure and figure.mend and request.user.has_perm("pledges.change_case"):
            actions["put_right"] = (_put_right(figure), "put_right", _("Put right"))
        return actions

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if isinstance(db_field, models.URLField):
            kwargs.setdefault("assume_scheme", "https")
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # Links to add or edit the related entry would lead away from what is being written.
            field.widget = field.widget.widget
        return field

    def save_model(self, request, obj, form, change):
        """Somebody may have decided on this since it was read: what the form did not change is not written."""
        if not change:
            return super().save_model(request, obj, form, change)
        fields = {field.name for field in obj._meta.concrete_fields} & set(form.changed_data)
        if fields:
            obj.save(update_fields=fields)

    def construct_change_message(self, request, form, formsets, add=False):
        return sorted(form.changed_data)

    def log_addition(self, request, obj, message):
        audit.record(verb=f"{self.opts.model_name}.added", subject=obj, actor=request.user)

    def log_change(self, request, obj, message):
        if message:
            audit.record(verb=f"{self.opts.model_name}.changed", subject=obj, actor=request.user, fields=message)

    def changelist_view(self, request, extra_context=None):
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def history_view(self, request, object_id, extra_context=None):
        obj = self.get_object(request, admin.utils.unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("What happened to it"),
            "subtitle": None,
            "opts": self.opts,
            "object": obj,
            "events": audit.trail(obj).select_related("subject_type")[:200],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/object_history.html", context)


class ReadOnlyAdmin(CharterAdmin):
    """For rows that come and go by themselves."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows of something larger, for looking."""

    extra = max_num = 0
    template = "admin/_people.html"

    def has_add_permission(self, request, obj):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ReferenceAdmin(CharterAdmin):
    """Lists that the manager keeps: added to, edited, put in order, retired and brought back."""

    list_editable = ["order"]
    list_filter = [("retired_at", filled_or_not(_("in use"), empty=_("In use"), filled=_("Retired")))]
    actions = ["retire", "bring_back"]
    fixed_once_added = ("slug",)  # addresses are a promise

    def get_readonly_fields(self, request, obj=None):
        fixed = [name for name in self.fixed_once_added if obj and hasattr(obj, name)]
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_changelist_form(self, request, **kwargs):
        class OrderForm(super().get_changelist_form(request, **kwargs)):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.fields["order"].widget.attrs["aria-label"] = _("Place of “%(entry)s” in the order") % {
                    "entry": self.instance
                }

        return OrderForm

    @admin.display(description=_("in use"))
    def status(self, obj):
        if obj.retired_at:
            return _("retired on %(date)s") % {"date": timezone.localdate(obj.retired_at).strftime("%-d %B %Y")}
        return _("in use")

    @admin.action(description=_("Retire"), permissions=["change"])
    def retire(self, request, queryset):
        self._mark(request, queryset.filter(retired_at=None), timezone.now(), "retired")

    @admin.action(description=_("Bring back"), permissions=["change"])
    def bring_back(self, request, queryset):
        self._mark(request, queryset.exclude(retired_at=None), None, "brought_back")

    def _mark(self, request, queryset, retired_at, verb):
        entries = list(queryset)
        self.model.objects.filter(pk__in=[entry.pk for entry in entries]).update(retired_at=retired_at)
        for entry in entries:
            audit.record(verb=f"{self.opts.model_name}.{verb}", subject=entry, actor=request.user)
        words = ngettext("%(n)s entry changed.", "%(n)s entries changed.", len(entries)) % {"n": len(entries)}
        self.message_user(request, words, messages.SUCCESS if entries else messages.WARNING)


@admin.register(get_user_model())
class UserAdmin(CharterAdmin):
    """The manager looks people up here; only a superuser changes who may do what."""

    list_display = ["__str__", "email", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    fields = ["email", "name", "is_active", "is_staff", "is_superuser", "groups", "date_joined", "last_login"]
    readonly_fields = ["date_joined", "last_login"]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.set_unusable_password()  # they sign in by a code
        elif "email" in form.changed_data:
            obj.session_round += 1  # who could read the old mailbox is signed out
            obj.save(update_fields=["session_round"])
        super().save_model(request, obj, form, change)


@admin.register(Translation)
class TranslationAdmin(CharterAdmin):
    """The languages of the site. Until a speaker has checked one, each page in it says so."""

    list_display = ["language", "checked_at", "checked_by"]
    list_display_links = None
    actions = ["say_checked", "say_unchecked"]
    fields = readonly_fields = ["language", "checked_at", "checked_by"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return obj is None and super().has_change_permission(request)  # by the actions alone

    @admin.action(description=_("A speaker has checked it"), permissions=["change"])
    def say_checked(self, request, queryset):
        self._mark(request, queryset, checked=True)

    @admin.action(description=_("No speaker has checked it"), permissions=["change"])
    def say_unchecked(self, request, queryset):
        self._mark(request, queryset, checked=False)

    def _mark(self, request, queryset, *, checked):
        n = languages.mark(queryset, checked=checked, actor=request.user)
        words = ngettext("%(n)s language changed.", "%(n)s languages changed.", n) % {"n": n}
        self.message_user(request, words, messages.SUCCESS if n else messages.WARNING)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "what", "note"]
    list_display_links = ["what"]
    list_filter = ["at", "subject_type"]
    list_select_related = ["actor", "subject_type"]
    search_fields = ["verb", "subject_id"]
    search_help_text = _("What was done, for example “approve”, or the number of the thing it was done to.")
    fields = ["at", "actor", "what", "subject_type", "subject_id", "note", "data"]

    @admin.display(description=_("what"), ordering="verb")
    def what(self, event):
        return what_happened(event)


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(ReadOnlyAdmin):
    list_display = ["subject_line", "to", "state", "created_at", "sent_at", "reason"]
    list_filter = ["state", "uncertain", "created_at"]
    search_fields = ["to", "subject_line"]
    actions = ["send_again"]
    fields = [
        "subject_line",
        "to",
        "reply_to",
        "state",
        "reason",
        "created_at",
        "due_at",
        "attempts",
        "sent_at",
        "uncertain",
        "template",
        "words",
    ]

    @admin.display(description=_("text"))
    def words(self, email):
        if text := text_for_manager(email):
            return format_html('<div class="letter">{}</div>', text)
        return _("This message lets its reader in with a code or a link, so only they can see it.")

    def has_send_permission(self, request):
        return request.user.has_perm("oiep.change_outgoingemail")

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(self, request, queryset):
        again = sum(mail.send_again(email, actor=request.user) for email in queryset)
        left = queryset.count() - again
        if again:
            words = ngettext("%(n)s e-mail goes out again now.", "%(n)s e-mails go out again now.", again) % {
                "n": again
            }
            self.message_user(request, words, messages.SUCCESS)
        if left:
            words = ngettext(
                "%(n)s was left: only an e-mail that failed can be sent again.",
                "%(n)s were left: only e-mails that failed can be sent again.",
                left,
            ) % {"n": left}
            self.message_user(request, words, messages.WARNING)
