"""What the desk looks out for among signatures and pledges."""

import datetime

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.watch import Figure, Section, register
from partners.models import Kind, Partner
from pledges.actions.helpers import helpers_ending
from pledges.actions.pledges import refresh_active_areas
from pledges.actions.stories import consents_ending
from pledges.models import CharterVersion, HelpReply, HelpRequest, Pledge, Signature, Signing, Story


def _asked_to_sign_again(is_over):
    """Partners that were asked to sign the Charter that is in force, and have not: while they can, or after that."""
    today, Again = timezone.localdate(), CharterVersion.Again
    day = Q(again_until__lt=today) if is_over else Q(again_until__gte=today)
    asking = CharterVersion.objects.in_force().filter(day).exclude(again=Again.NOBODY)
    organisations = Q(Exists(asking)) & ~Q(kind=Kind.RESIDENT)
    signed = Signature.objects.filter(partner=OuterRef("pk"))
    return (
        Partner.objects.approved()
        .filter(organisations | Q(Exists(asking.filter(again=Again.EVERYBODY))), Exists(signed), withdrawn_at=None)
        .exclude(Exists(signed.filter(charter__in=CharterVersion.objects.in_force())))
    )


def _bursts():
    """Signatures of the last week from a place where many were made within it, and that nobody entered for others."""
    since = timezone.now() - datetime.timedelta(days=7)
    made = Signing.objects.filter(assisted="", declared_at__gte=since)
    many = made.order_by().values("source").annotate(n=Count("pk")).filter(n__gte=settings.BURST_OF_SIGNATURES)
    return made.filter(source__in=many.values("source"))


def _stale_areas():
    """Partners that are listed in other areas than those of their live pledges."""
    live = Pledge.objects.approved().filter(ended_at=None)
    shown = Partner.areas.through.objects
    without = shown.filter(partner=OuterRef("pk")).exclude(
        Exists(live.filter(partner=OuterRef("partner"), area=OuterRef("priorityarea")))
    )
    missing = live.filter(partner=OuterRef("pk")).exclude(
        Exists(shown.filter(partner=OuterRef("partner"), priorityarea=OuterRef("area")))
    )
    return Partner.objects.approved().filter(Exists(without) | Exists(missing))


register(
    Figure(
        "signing-begun",
        Section.WAY,
        (_("signing being filled in"), _("signings being filled in")),
        lambda: Signing.objects.being_filled_in(),
        tone="plain",
    ),
    Figure(
        "signing-listed",
        Section.WAY,
        (_("organisation from a list, not written to yet"), _("organisations from a list, not written to yet")),
        lambda: Signing.objects.not_asked(),
        tone="plain",
    ),
    Figure(
        "signing-unconfirmed",
        Section.WAY,
        (
            _("signed, and has not confirmed the e-mail address yet"),
            _("signed, and have not confirmed the e-mail address yet"),
        ),
        lambda: Signing.objects.unconfirmed(),
        tone="plain",
    ),
    Figure(
        "charter-asked",
        Section.WAY,
        (
            _("partner asked to sign the new Charter, which has not yet"),
            _("partners asked to sign the new Charter, which have not yet"),
        ),
        lambda: _asked_to_sign_again(is_over=False),
        tone="plain",
    ),
    Figure(
        "charter-earlier",
        Section.MEND,
        (
            _("partner that stands by an earlier Charter and did not sign the new one in time"),
            _("partners that stand by an earlier Charter and did not sign the new one in time"),
        ),
        lambda: _asked_to_sign_again(is_over=True),
        _("They stay partners, and their pages say which version they signed. Give them more time, or write to them."),
    ),
    Figure(
        "story-waits",
        Section.MEND,
        (_("story waiting for you"), _("stories waiting for you")),
        lambda: Story.objects.submitted().filter(taken_down_at=None),
        _("Read it, look who is in it, and decide."),
    ),
    Figure(
        "help-waits",
        Section.MEND,
        (_("request or offer of help waiting for you"), _("requests and offers of help waiting for you")),
        lambda: HelpRequest.objects.submitted().filter(closed_at=None),
        _("Decide on it."),
    ),
    Figure(
        "help-answered",
        Section.MEND,
        (_("request or offer of help that somebody answered"), _("requests and offers of help that somebody answered")),
        lambda: HelpRequest.objects.filter(Exists(HelpReply.objects.waiting().filter(request=OuterRef("pk")))),
        _("Read the answer, and introduce the two if it fits."),
    ),
    Figure(
        "consent-ends",
        Section.SOON,
        (_("story of which a consent ends soon"), _("stories of which a consent ends soon")),
        lambda: Story.objects.filter(pk__in=consents_ending().values("story")),
        _("Ask the person again, and enter what they say; after the last day the story is not shown."),
    ),
    Figure(
        "helper-ends",
        Section.SOON,
        (_("local helper whose consent ends soon"), _("local helpers whose consent ends soon")),
        lambda: helpers_ending(),
        _("Ask them again, and enter what they say; after the last day they are not listed."),
    ),
    Figure(
        "burst",
        Section.UNUSUAL,
        (_("signature in a burst from one place"), _("signatures in bursts from one place")),
        _bursts,
        _("Perhaps a workshop, perhaps somebody who plays. Look at them before you approve them."),
    ),
    Figure(
        "areas-stale",
        Section.NEVER,
        (_("partner listed in wrong areas"), _("partners listed in wrong areas")),
        _stale_areas,
        _("Choose them and “Put right”: their areas are worked out anew from their pledges."),
        "red",
        lambda partner, actor: refresh_active_areas(partner=partner),
    ),
    Figure(
        "pledge-early",
        Section.NEVER,
        (
            _("approved pledge of a partner that is not approved"),
            _("approved pledges of partners that are not approved"),
        ),
        lambda: Pledge.objects.approved().filter(ended_at=None).exclude(partner__state="approved"),
        _("Decide on its partner, or undo the decision on the pledge."),
        "red",
    ),
    Figure(
        "pledge-left",
        Section.NEVER,
        (_("live pledge of a partner that withdrew"), _("live pledges of partners that withdrew")),
        lambda: Pledge.objects.approved().filter(ended_at=None, partner__withdrawn_at__isnull=False),
        _("Tell the operator: withdrawing should have ended it."),
        "red",
    ),
)
