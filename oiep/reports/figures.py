"""How many had signed and what they had pledged on a day of the past, and what came of it in a period.

On today they are the figures of `pledges.figures`, to the unit.
"""

import datetime

from django.db.models import Count, Q, Sum
from django.utils import timezone

from oiep.moderation import State
from partners.models import Kind, Partner
from pledges.models import Pledge, Review


def end_of(day):
    """The moment at which a day in Oxfordshire is over."""
    after = day + datetime.timedelta(days=1)
    return datetime.datetime.combine(after, datetime.time(), timezone.get_default_timezone())


def start_of(day):
    return end_of(day - datetime.timedelta(days=1))


def partners_on(day):
    """The partners that counted at the end of a day: approved by then, neither withdrawn nor lapsed."""
    over = end_of(day)
    stays = Q(withdrawn_at=None) | Q(withdrawn_at__gte=over)
    goes_on = Q(lapsed_on=None) | Q(lapsed_on__gt=day)
    return Partner.objects.approved().filter(stays, goes_on, approved_at__lt=over)


def pledges_on(day):
    """The pledges that counted at the end of a day: approved and begun by then, and not ended."""
    goes_on = Q(ended_at=None) | Q(ended_at__gte=end_of(day))
    return Pledge.objects.approved().filter(goes_on, started_on__lte=day, partner__in=partners_on(day))


def signed_between(starts_on, ends_on):
    """Of the partners on the last day, those that were approved within a period."""
    return partners_on(ends_on).filter(approved_at__gte=start_of(starts_on))


def achieved_between(starts_on, ends_on):
    """Pledges that were achieved within a period, of the partners on its last day."""
    ended = Pledge.objects.approved().filter(
        ending=Pledge.Ending.ACHIEVED, ended_at__gte=start_of(starts_on), ended_at__lt=end_of(ends_on)
    )
    return ended.filter(partner__in=partners_on(ends_on))


def reviews_between(starts_on, ends_on, today=None):
    """Progress reviews of organisations that fell due in a period, or were answered before they did, as
    `pledges.figures` counts them: also of partners that lapsed or left since."""
    organisations = Partner.objects.published().exclude(kind=Kind.RESIDENT)
    rows = Review.objects.filter(partner__in=organisations, due_on__gte=starts_on, due_on__lte=ends_on)
    answered = Q(answered_at__isnull=False) & ~Q(state=State.DECLINED)
    fell_due = Q(due_on__lt=today or timezone.localdate()) & ~Q(closing=Review.Closing.WITHDRAWN)
    return rows.filter(answered | fell_due)


def is_answered(review):
    """An answer that was declined is none."""
    return bool(review.answered_at) and review.state != State.DECLINED


def is_on_time(review):
    return is_answered(review) and timezone.localdate(review.answered_at) <= review.due_on


def by_kind(partners):
    """How many partners there are of each kind, in the order of the kinds: [(kind, label, number)], none left out."""
    counts = dict(partners.order_by().values_list("kind").annotate(Count("pk")))
    return [(kind, label, counts.get(kind, 0)) for kind, label in Kind.choices]


def committed(pledges):
    """What pledges commit: [(label, how much, how many pledges)] of each kind of resource that one names."""
    rows = pledges.exclude(commitment="").order_by().values("commitment")
    found = {row["commitment"]: row for row in rows.annotate(amount=Sum("commitment_amount"), pledges=Count("pk"))}
    return [
        (kind, label, found[kind]["amount"], found[kind]["pledges"])
        for kind, label in Pledge.Commitment.choices
        if kind in found
    ]
