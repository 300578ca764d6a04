from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from oiep.admin import CharterAdmin, ReadOnlyAdmin, ReadOnlyInline, ReferenceAdmin, filled_or_not
from oiep.moderation import State
from oiep.texts.earlier import EarlierTexts
from oiep.texts.previews import HEADING, LEAD, LETTER, MARKDOWN, TEXT
from partners import actions
from partners.models import (
    BlockedSender,
    ContactMessage,
    DeclineReason,
    District,
    Kind,
    Membership,
    Partner,
    PriorityArea,
    Purpose,
    RecognitionKind,
    Sector,
)


class PartnerForm(forms.ModelForm):
    contact_purposes = forms.MultipleChoiceField(
        choices=Purpose.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("May be written to, to"),
    )

    class Meta:
        widgets = {"districts": forms.CheckboxSelectMultiple}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].choices = [pair for pair in Kind.choices if pair[0] != Kind.RESIDENT]

    def clean_name(self):
        name = self.cleaned_data["name"]
        partner = self.instance
        stands = not partner.is_resident and not partner.withdrawn_at and partner.state != State.DECLINED
        if stands and Partner.objects.same_name(name).exclude(pk=partner.pk).exists():
            raise ValidationError(_("An organisation of this name has signed already."))
        return name


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = readonly_fields = ["user", "email", "role", "job_title", "started_at", "ended_at"]
    verbose_name_plural = _("people")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user")

    @admin.display(description=_("e-mail address"))
    def email(self, membership):
        return membership.user.email


class LeadFilter(admin.SimpleListFilter):
    """Finds partners that nobody answers for, so that the manager can appoint somebody."""

    title = _("lead")
    parameter_name = "lead"

    def lookups(self, request, model_admin):
        return [("none", _("Takes part, and nobody leads it"))]

    def queryset(self, request, queryset):
        return queryset.without_lead() if self.value() == "none" else queryset


@admin.register(Partner)
class PartnerAdmin(CharterAdmin):
    """Words can be corrected here, and each correction is in the audit trail. States change through decisions only."""

    form = PartnerForm
    list_display = ["name", "kind", "state", "approved_at", "withdrawn_at"]
    list_filter = [
        "state",
        "kind",
        ("withdrawn_at", filled_or_not(_("withdrawn"), empty=_("Takes part"), filled=_("Withdrawn"))),
        LeadFilter,
        "districts",
        "sector",
        "is_example",
    ]
    search_fields = ["name", "memberships__user__email", "signatures__reference"]
    search_help_text = _("A name, the e-mail address of one of its people, or the reference of its signature.")
    export_more = [
        (_("Lead"), lambda partner: partner.lead.user.name if partner.lead else ""),
        (_("E-mail address of the lead"), lambda partner: partner.lead.user.email if partner.lead else ""),
        (_("Job title of the lead"), lambda partner: partner.lead.job_title if partner.lead else ""),
    ]
    export_reads = ["memberships__user"]
    readonly_fields = ["slug", "state", "submitted_at", "approved_at", "decided_at", "decided_by", "withdrawn_at"]
    inlines = [MembershipInline]

    def has_add_permission(self, request):
        return False  # a partner comes from a signature

    def view_on_site(self, partner):
        return partner.get_absolute_url() if partner.is_published else None

    def get_fieldsets(self, request, obj=None):
        resident = obj and obj.is_resident
        profile = ["name", "show_name", "description"]
        if not resident:
            profile = ["name", "kind", "is_social_enterprise", "is_cooperative", "description", "website", "size"]
            profile += ["sector", "county_wide"]
        stamps = [*(["kind"] if resident else []), *self.readonly_fields]
        return [
            (_("Profile"), {"fields": [*profile, "districts"]}),
            (_("Contact and reports"), {"fields": ["contact_purposes", "review_months"]}),
            (_("Where it stands"), {"fields": stamps}),
        ]

    def get_readonly_fields(self, request, obj=None):
        resident = obj and obj.is_resident
        return [*self.readonly_fields, *(["kind"] if resident else [])]


@admin.register(District)
class DistrictAdmin(EarlierTexts, ReferenceAdmin):
    texts = ("name", "about")
    looks = {"name": HEADING, "about": MARKDOWN}
    list_display = ["name", "order", "status"]
    fields = ["name", "slug", "about", "order", "map_shape", "map_label_x", "map_label_y"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(PriorityArea)
class PriorityAreaAdmin(EarlierTexts, ReferenceAdmin):
    texts = ("name", "short_name", "summary", "meaning")
    looks = {"short_name": HEADING, "name": LEAD, "summary": TEXT, "meaning": MARKDOWN}
    list_display = ["short_name", "order", "status"]
    fields = ["name", "short_name", "slug", "summary", "meaning", "colour", "icon", "order"]
    prepopulated_fields = {"slug": ["short_name"]}


@admin.register(Sector)
class SectorAdmin(ReferenceAdmin):
    list_display = ["name", "order", "status"]
    fields = ["name", "slug", "order"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(DeclineReason)
class DeclineReasonAdmin(EarlierTexts, ReferenceAdmin):
    texts = ("title", "message")
    looks = {"title": HEADING, "message": LETTER}
    list_display = ["title", "order", "status"]
    fields = ["title", "message", "order"]


@admin.register(RecognitionKind)
class RecognitionKindAdmin(EarlierTexts, ReferenceAdmin):
    texts = ("name", "about", "given_by", "evidence_hint")
    looks = {"name": HEADING, "about": TEXT, "given_by": TEXT, "evidence_hint": TEXT}
    list_display = ["name", "given_by", "expires", "order", "status"]
    list_filter = ["expires", *ReferenceAdmin.list_filter]
    search_fields = ["name", "given_by"]
    fields = ["name", "slug", "about", "given_by", "website", "evidence_hint", "expires", "order"]
    prepopulated_fields = {"slug": ["name"]}


class ReportFilter(admin.SimpleListFilter):
    title = _("reported")
    parameter_name = "reported"

    def lookups(self, request, model_admin):
        return [("waiting", _("Waits for you")), ("settled", _("Settled"))]

    def queryset(self, request, queryset):
        if self.value() == "waiting":
            return queryset.to_settle()
        return queryset.filter(settled_at__isnull=False) if self.value() == "settled" else queryset


@admin.register(ContactMessage)
class ContactMessageAdmin(ReadOnlyAdmin):
    """What visitors wrote. The manager settles what partners report: its sender is blocked, or nothing was wrong."""

    list_display = ["sent_at", "partner", "purpose", "name", "what_was_reported"]
    list_filter = [ReportFilter, "purpose", "sent_at"]
    list_select_related = ["partner"]
    search_fields = ["name", "email", "partner__name"]
    fields = ["sent_at", "partner", "purpose", "name", "email", "message"]
    report_fields = ["reported_at", "reported_by", "report", "settlement", "settled_at", "settled_by"]
    change_form_template = "admin/partners/contactmessage/message.html"
    actions = ["block_senders", "dismiss_reports"]

    def get_fieldsets(self, request, obj=None):
        parts = [(None, {"fields": self.fields})]
        return [*parts, (_("Report"), {"fields": self.report_fields})] if obj and obj.reported_at else parts

    def has_settle_permission(self, request):
        return request.user.has_perm("partners.change_contactmessage")

    @admin.display(description=_("reported"), ordering="reported_at")
    def what_was_reported(self, message):
        if not message.reported_at:
            return ""
        return message.get_settlement_display() if message.settled_at else message.report

    @admin.action(description=_("Block the senders"), permissions=["settle"])
    def block_senders(self, request, queryset):
        keys = {actions.block_sender(message=message, actor=request.user).pk for message in queryset}
        words = ngettext("%(n)s sender is blocked.", "%(n)s senders are blocked.", len(keys)) % {"n": len(keys)}
        self.message_user(request, words, messages.SUCCESS)

    @admin.action(description=_("Dismiss the reports"), permissions=["settle"])
    def dismiss_reports(self, request, queryset):
        n = sum(actions.dismiss_report(message=message, actor=request.user) for message in queryset)
        words = ngettext("%(n)s report is dismissed.", "%(n)s reports are dismissed.", n) % {"n": n}
        self.message_user(request, words, messages.SUCCESS if n else messages.WARNING)

    # One message ----------------------------------------------------------------------------------

    def get_urls(self):
        settle = self.admin_site.admin_view(self.settle_view)
        return [path("<int:pk>/settle/", settle, name="partners_contactmessage_settle"), *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        message = self.get_object(request, object_id)
        context = {
            "may_settle": self.has_settle_permission(request),
            "is_blocked": bool(message) and BlockedSender.objects.of(message.email).exists(),
            "waits": bool(message) and bool(message.reported_at) and not message.settled_at,
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def settle_view(self, request, pk):
        if not self.has_settle_permission(request):
            raise PermissionDenied
        message = get_object_or_404(ContactMessage, pk=pk)
        if request.method == "POST":
            self._settle(request, message, request.POST.get("settle"))
        return redirect("admin:partners_contactmessage_change", pk)

    def _settle(self, request, message, what):
        if what == "block":
            actions.block_sender(message=message, actor=request.user)
            words = _("The sender is blocked: no more messages from this address are passed on.")
        elif what == "unblock":
            for blocked in BlockedSender.objects.of(message.email):
                actions.unblock_sender(blocked=blocked, actor=request.user)
            words = _("Messages from this address are passed on again.")
        elif what == "dismiss" and actions.dismiss_report(message=message, actor=request.user):
            words = _("The report is dismissed.")
        else:
            return
        self.message_user(request, words, messages.SUCCESS)


@admin.register(BlockedSender)
class BlockedSenderAdmin(ReadOnlyAdmin):
    """Addresses are not kept: one is found by typing it in full. To delete one is to pass its messages on again."""

    list_display = ["__str__", "blocked_at", "blocked_by"]
    list_select_related = ["blocked_by"]
    search_fields = ["key"]
    search_help_text = _("The whole e-mail address.")
    fields = ["blocked_at", "blocked_by"]

    def get_search_results(self, request, queryset, search_term):
        try:
            return (queryset.of(search_term) if search_term else queryset), False
        except ValidationError:
            return queryset.none(), False

    def has_delete_permission(self, request, obj=None):
        return request.user.has_perm("partners.delete_blockedsender")

    def log_deletions(self, request, queryset):
        """The action says it."""

    def delete_model(self, request, obj):
        actions.unblock_sender(blocked=obj, actor=request.user)
