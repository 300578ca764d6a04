"""What is here already, by which the rows of a list are judged: a few queries, however long the list is."""

from django.urls import reverse
from django.utils.translation import gettext as _

from desk.imports.alike import Known, Names
from oiep.moderation import State
from partners.models import District, Membership, Partner, PriorityArea, Sector
from pledges.models import Signing


class Here:
    """The places, areas and sectors, and the organisations: those that have signed, and those from earlier lists."""

    decimal_comma = False

    def __init__(self):
        self.districts = list(District.objects.current())
        self.areas = list(PriorityArea.objects.current())
        self.sectors = list(Sector.objects.current())
        self.organisations = Names([*_partners(), *_signings()])


def _partners():
    emails = dict(
        Membership.objects.current().filter(role=Membership.Role.LEAD).values_list("partner_id", "user__email")
    )
    partners = Partner.objects.exclude(kind="resident").filter(withdrawn_at=None).exclude(state=State.DECLINED)
    for partner in partners.order_by("pk").iterator():
        where = _("a partner, waiting for your decision") if partner.state != State.APPROVED else _("a partner")
        yield Known(
            partner.name,
            partner.website,
            emails.get(partner.pk, ""),
            where,
            reverse("admin:pledges_case_change", args=[partner.pk]),
            partner,
        )


def _signings():
    for signing in Signing.objects.from_lists().order_by("started_at", "pk").iterator():
        yield Known(
            signing.organisation["name"],
            signing.organisation["website"],
            signing.email,
            _("from an earlier list, not confirmed yet"),
            reverse("admin:pledges_signing_change", args=[signing.pk]),
            signing,
        )
