"""What the desk looks out for among partners."""

import datetime

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.moderation import State
from oiep.watch import Figure, Section, register
from partners.models import ContactMessage, Kind, Partner, Recognition


def _running_out():
    """Verified recognitions that run out soon or have run out, and that no claim renews yet."""
    until = timezone.localdate() + datetime.timedelta(days=settings.RECOGNITION_ASKED_DAYS)
    published = Partner.objects.published().filter(withdrawn_at=None)
    standing = Recognition.objects.standing().filter(expires_on__lte=until, partner__in=published)
    renewed = Recognition.objects.filter(state__in=(State.SUBMITTED, State.APPROVED), ended_at=None)
    return standing.exclude(pk__in=renewed.filter(replaces__isnull=False).values("replaces"))


def _bursts():
    """Messages of the last week from a place or an address from which many came within it."""
    made = ContactMessage.objects.filter(sent_at__gte=timezone.now() - datetime.timedelta(days=7))

    def many(field):
        rows = made.order_by().values(field).annotate(n=Count("pk")).filter(n__gte=settings.BURST_OF_MESSAGES)
        return rows.values(field)

    return made.filter(Q(source__in=many("source")) | Q(email__in=many("email")))


def _unasked():
    """Partners whose next round should have opened: the day's work has not done it."""
    late = timezone.localdate() + datetime.timedelta(days=settings.REVIEW_OPENS_DAYS - 2)
    return Partner.objects.with_round_until(late)


register(
    Figure(
        "message-reported",
        Section.MEND,
        (_("message to a partner that was reported"), _("messages to partners that were reported")),
        lambda: ContactMessage.objects.to_settle(),
        _("Block its sender, or dismiss the report."),
        "red",
    ),
    Figure(
        "message-burst",
        Section.UNUSUAL,
        (_("message in a burst from one place or address"), _("messages in bursts from one place or address")),
        _bursts,
        _("Perhaps somebody who asks many partners, perhaps advertising. Read them, and block the sender if need be."),
    ),
    Figure(
        "no-lead",
        Section.MEND,
        (_("partner without a lead"), _("partners without a lead")),
        lambda: Partner.objects.without_lead(),
        _("Open “Everything about it” and appoint somebody."),
        "red",
    ),
    Figure(
        "recognition-ends",
        Section.SOON,
        (_("recognition that runs out or has run out"), _("recognitions that run out or have run out")),
        _running_out,
        _("We have asked the partner to renew it. Write to it, or remove the recognition."),
    ),
    Figure(
        "unsigned",
        Section.NEVER,
        (_("approved partner without a signature"), _("approved partners without a signature")),
        lambda: Partner.objects.approved().filter(signatures=None).exclude(kind=Kind.RESIDENT),
        _("Ask its lead to sign, or withdraw it."),
        "red",
    ),
    Figure(
        "round-missed",
        Section.NEVER,
        (_("partner whose review did not open"), _("partners whose reviews did not open")),
        _unasked,
        _("The day's work has not been done. Tell the operator: `run_daily` does it."),
        "red",
    ),
    Figure(
        "no-place",
        Section.NEVER,
        (_("partner that is nowhere"), _("partners that are nowhere")),
        lambda: Partner.objects.published().filter(Q(county_wide=False), districts=None, withdrawn_at=None),
        _("Say in which districts it works."),
    ),
)
