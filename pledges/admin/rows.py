"""What comes from partners and signers, to look at: it changes through decisions and actions."""

from django.contrib import admin, messages
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from oiep.admin import CharterAdmin, ReadOnlyAdmin, filled_or_not
from pledges.actions.signing import send_again
from pledges.models import Pledge, Signature, Signing


def case_link(partner_id, words):
    return format_html('<a href="{}">{}</a>', reverse("admin:pledges_case_change", args=[partner_id]), words)


@admin.register(Pledge)
class PledgeAdmin(ReadOnlyAdmin):
    list_display = ["statement", "partner_name", "area", "state", "started_on", "ending"]
    list_filter = ["state", "area", "capacity", "ending", "commitment"]
    list_select_related = ["partner", "area"]
    search_fields = ["statement", "partner__name"]
    fields = [
        "partner_name",
        "area",
        "capacity",
        "idea",
        "statement",
        ("measure", "unit"),
        ("baseline", "target", "target_date"),
        ("commitment", "commitment_amount", "commitment_note"),
        "state",
        "submitted_at",
        ("decided_at", "decided_by"),
        "decision_message",
        "started_on",
        "replaces",
        ("ended_at", "ending", "ending_reason"),
    ]

    def view_on_site(self, pledge):
        return pledge.get_absolute_url() if Pledge.objects.published().filter(pk=pledge.pk).exists() else None

    @admin.display(description=_("partner"), ordering="partner__sort_name")
    def partner_name(self, pledge):
        return case_link(pledge.partner_id, pledge.partner.name)


@admin.register(Signature)
class SignatureAdmin(CharterAdmin):
    """A signature is what somebody declared. Only what an organisation's own board has to say comes later."""

    list_display = ["reference", "partner_name", "signer_name", "declared_at", "charter", "assisted"]
    list_filter = [
        "charter",
        "assisted",
        (
            "awaits_approval_of",
            filled_or_not(_("own board or cabinet"), empty=_("Not needed"), filled=_("Had or has to agree")),
        ),
        ("approval_url", filled_or_not(_("its decision"), empty=_("No link yet"), filled=_("Linked"))),
    ]
    list_select_related = ["partner", "charter"]
    search_fields = ["reference", "signer_name", "partner__name"]
    fields = [
        "reference",
        "partner_name",
        "charter",
        ("signer_name", "signer_job_title"),
        ("declared_at", "confirmed_at"),
        ("assisted", "assisted_by"),
        "awaits_approval_of",
        "approval_url",
    ]

    @admin.display(description=_("partner"), ordering="partner__sort_name")
    def partner_name(self, signature):
        return case_link(signature.partner_id, signature.partner.name)

    def has_add_permission(self, request):
        return False  # a signature comes from signing

    def get_readonly_fields(self, request, obj=None):
        return [
            name
            for line in self.fields
            for name in (line if isinstance(line, tuple) else [line])
            if name not in ("awaits_approval_of", "approval_url")
        ]


class ProgressFilter(admin.SimpleListFilter):
    title = _("how far it has come")
    parameter_name = "progress"

    def lookups(self, request, model_admin):
        return [
            ("under_way", _("being filled in")),
            ("not_asked", _("from a list, not written to yet")),
            ("unconfirmed", _("waiting for the e-mail address to be confirmed")),
            ("confirmed", _("confirmed")),
        ]

    def queryset(self, request, queryset):
        return {
            "under_way": queryset.being_filled_in,
            "not_asked": queryset.not_asked,
            "unconfirmed": queryset.unconfirmed,
            "confirmed": lambda: queryset.filter(~Q(confirmed_at=None)),
        }.get(self.value(), queryset.all)()


@admin.register(Signing)
class SigningAdmin(ReadOnlyAdmin):
    """To help somebody who asks where their signature is; what they have typed so far is theirs."""

    list_display = ["reference", "kind", "progress", "started_at", "declared_at", "mails", "assisted"]
    list_filter = [ProgressFilter, "kind", "assisted"]
    search_fields = ["reference", "email"]
    search_help_text = _("A reference, or an e-mail address.")
    fields = [
        "reference",
        "kind",
        "progress",
        "email",
        "started_at",
        "changed_at",
        "declared_at",
        ("mails", "last_mailed_at"),
        "forgotten_at",
        "confirmed_at",
        ("assisted", "assisted_by"),
    ]
    ordering = ["-started_at"]
    actions = ["send_link_again"]

    def has_send_permission(self, request):
        return request.user.has_perm("pledges.add_signature")

    @admin.action(description=_("Send the link to confirm again"), permissions=["send"])
    def send_link_again(self, request, queryset):
        signings = list(queryset)
        sent = sum(send_again(signing=signing) for signing in signings if signing.declared_at)
        if sent:
            words = ngettext("%(n)s link is on its way.", "%(n)s links are on their way.", sent) % {"n": sent}
            self.message_user(request, words, messages.SUCCESS)
        if left := len(signings) - sent:
            words = ngettext(
                "%(n)s was left: not finished yet, or its link went less than an hour ago or often enough.",
                "%(n)s were left: not finished yet, or their links went less than an hour ago or often enough.",
                left,
            )
            self.message_user(request, words % {"n": left}, messages.WARNING)

    @admin.display(description=_("how far it has come"))
    def progress(self, signing):
        if signing.confirmed_at:
            return _("confirmed")
        if signing.declared_at:
            return _("waiting for the e-mail address to be confirmed")
        return _("from a list, not written to yet") if signing.is_from_list else _("being filled in")

    @admin.display(description=_("forgotten unless confirmed by"))
    def forgotten_at(self, signing):
        return None if signing.confirmed_at else signing.expires_at
