"""The rows that figures count, now or as things stood at the end of a day that is over.

Of a past day they follow from the dates that rows carry. A decision that was undone is as if it had never been, and
what was erased since is not there; where a partner works, and what kind it is, is what it says today.
"""

import datetime

from django.conf import settings
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.utils import timezone

from oiep.moderation import State
from oiep.moments import end_of, start_of
from partners.models import Kind, Partner
from pledges import standing
from pledges.history import histories_of
from pledges.models import Answer, DueDate, Pledge, Review


def past(day):
    """The day, where it is over; None where things still change: today and later are what is so now."""
    return day if day and day < timezone.localdate() else None


def partners_on(day=None):
    """The partners that count: approved, neither withdrawn nor lapsed. day: now, unless one is given."""
    if past(day) is None:
        return Partner.objects.counted()
    over = end_of(day)
    stays = Q(withdrawn_at=None) | Q(withdrawn_at__gte=over)
    return Partner.objects.approved().filter(stays, approved_at__lt=over).exclude(pk__in=_lapsed_on(day))


def _lapsed_on(day):
    """The keys of those that had lapsed by the end of a day, also of those that came back since. Their standing says
    it; as with `lapsed_on`, a pause does not end a lapse by itself."""
    long_ago = day - datetime.timedelta(days=settings.REVIEW_LAPSES_DAYS)
    due = DueDate.objects.filter(due_on__lte=long_ago, known_from__lte=day)
    may_have = Partner.objects.approved().exclude(kind=Kind.RESIDENT).filter(reviews__due_dates__in=due).distinct()
    return [
        key
        for key, history in histories_of(may_have).items()
        if standing.by_reviews(history, day).status == standing.Status.LAPSED
    ]


def promised_on(day=None):
    """What partners had ever promised, live or ended, each as its latest version by then says it. Of all partners."""
    if past(day) is None:
        return Pledge.objects.promised()
    replaced = Q(ending=Pledge.Ending.REPLACED, ended_at__lt=end_of(day))
    return Pledge.objects.approved().filter(started_on__lte=day).exclude(replaced)


def pledges_on(day=None):
    """The pledges that were live, of the partners that count."""
    live = Q(ended_at=None) if past(day) is None else Q(ended_at=None) | Q(ended_at__gte=end_of(day))
    return promised_on(day).filter(live, partner__in=partners_on(day))


def achieved_on(day=None):
    """The pledges that were achieved, of the partners that count: those that ended so, and those that go on of which
    the latest approved review says so."""
    over = end_of(day) if past(day) else None
    reviews = Review.objects.approved()
    answers = Answer.objects.filter(review__in=reviews.filter(decided_at__lt=over) if over else reviews).filter(
        Q(new_pledge=OuterRef("pk")) | Q(pledge=OuterRef("pk"), new_pledge=None)
    )
    ended = Q(ended_at__lt=over) if over else Q(ended_at__isnull=False)
    rows = promised_on(day).annotate(said=Subquery(answers.order_by("-review__round_on").values("progress")[:1]))
    return rows.filter(
        (ended & Q(ending=Pledge.Ending.ACHIEVED)) | (~ended & Q(said=Answer.Progress.ACHIEVED)),
        partner__in=partners_on(day),
    )


def committing_on(day=None):
    """The pledges, live or achieved, that come with a resource."""
    going_on = pledges_on(day).values("pk").union(achieved_on(day).values("pk"))
    return Pledge.objects.filter(pk__in=going_on).exclude(commitment="")


def organisations_on(day=None):
    """Those whose reviews count: also those that lapsed or left since, as the rest would look better than it was."""
    rows = Partner.objects.published().exclude(kind=Kind.RESIDENT)
    return rows if past(day) is None else rows.filter(approved_at__lt=end_of(day))


# Within a period ------------------------------------------------------------------------------


def signed_between(starts_on, ends_on):
    """Of the partners that count on the last day, those that were approved within a period."""
    return partners_on(ends_on).filter(approved_at__gte=start_of(starts_on))


def achieved_between(starts_on, ends_on):
    """Of the pledges that were achieved by the last day, those that were not before the first."""
    before = achieved_on(starts_on - datetime.timedelta(days=1))
    return achieved_on(ends_on).exclude(pk__in=before.values("pk"))


def reviews_between(starts_on, ends_on, on=None):
    """Reviews of organisations that fell due in a period, or were answered before they did. `due_then` says when each
    was due as things stood, `answered_then` the moment of an answer that stood; one that was declined is none.

    on: the day at whose end things stood so; the last of the period, unless one is given."""
    day = past(on or ends_on)
    declined, left = Q(state=State.DECLINED), Q(closing=Review.Closing.WITHDRAWN)
    due, answered, fell_due = F("due_on"), Q(answered_at__isnull=False), Q(due_then__lt=timezone.localdate())
    if day:
        over = end_of(day)
        known = DueDate.objects.filter(review=OuterRef("pk"), known_from__lte=day).order_by("-known_from", "-pk")
        due, answered, fell_due = Subquery(known.values("due_on")[:1]), Q(answered_at__lt=over), Q(due_then__lte=day)
        declined, left = declined & Q(decided_at__lt=over), left & Q(closed_at__lt=over)
    rows = Review.objects.filter(partner__in=organisations_on(day)).annotate(
        due_then=due, answered_then=Case(When(answered & ~declined, then="answered_at"))
    )
    rows = rows.filter(due_then__gte=starts_on, due_then__lte=ends_on)
    return rows.filter(Q(answered_then__isnull=False) | (fell_due & ~left)).order_by("due_then", "pk")
