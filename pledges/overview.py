"""Who is due, overdue or silent with a progress review, as the manager looks at them."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.moderation import State
from partners.models import Kind, Pause
from pledges import standing
from pledges.models import Review


class Where(models.TextChoices):
    DUE = "due", gettext_lazy("Due")
    OVERDUE = "overdue", gettext_lazy("Overdue")
    SILENT = "silent", gettext_lazy("Silent")
    LAPSED = "lapsed", gettext_lazy("Lapsed")
    LAPSED_LATELY = "lapsed_this_month", gettext_lazy("Lapsed this month")
    PAUSED = "paused", gettext_lazy("Paused")
    WAITING = "waiting", gettext_lazy("Answered, waiting for your decision")
    ASKED = "asked", gettext_lazy("Changes asked for")
    OVER = "over", gettext_lazy("Decided or closed")


def silent_after():
    """The days after which a partner that was asked, reminded and warned has had our last e-mail."""
    return settings.REVIEW_STEPS[-1][1]


def with_standing(reviews, today=None):
    """Reviews with `owed_since`, the earliest date that the partner has left unanswered, `is_paused` and `is_newest`.

    Of several rounds that a partner missed, the first is what its page counts from.
    """
    owed = Review.objects.owed().filter(partner=OuterRef("partner")).order_by("due_on")
    later = Review.objects.filter(partner=OuterRef("partner"), round_on__gt=OuterRef("round_on"))
    pauses = Pause.objects.current(today or timezone.localdate()).filter(partner=OuterRef("partner"))
    return reviews.annotate(
        owed_since=Subquery(owed.values("due_on")[:1]),
        is_newest=~Exists(later),
        is_paused=Exists(pauses),
        paused_until=Subquery(pauses.values("until")[:1]),
    )


_OPEN = Q(closed_at=None, state__in=(State.DRAFT, State.SUBMITTED, State.CHANGES_ASKED), partner__withdrawn_at=None)
_AWAITED = Q(closed_at=None, answered_at=None, state=State.DRAFT, partner__withdrawn_at=None)


def condition(where, today=None):
    """The condition on `with_standing` for where a review stands. Those that are silent are overdue as well."""
    today = today or timezone.localdate()
    asked = _AWAITED & Q(is_paused=False, partner__lapsed_on=None)
    overdue = asked & Q(owed_since__lt=today - datetime.timedelta(days=settings.REVIEW_OVERDUE_DAYS))
    lapsed = Q(partner__lapsed_on__isnull=False, partner__withdrawn_at=None, is_newest=True)
    return {
        Where.DUE: asked & Q(owed_since__gte=today - datetime.timedelta(days=settings.REVIEW_OVERDUE_DAYS)),
        Where.OVERDUE: overdue,
        Where.SILENT: overdue & Q(owed_since__lte=today - datetime.timedelta(days=silent_after())),
        Where.LAPSED: lapsed,
        Where.LAPSED_LATELY: lapsed & Q(partner__lapsed_on__gte=today.replace(day=1)),
        Where.PAUSED: _OPEN & Q(is_paused=True),
        Where.WAITING: _OPEN & Q(state=State.SUBMITTED),
        Where.ASKED: _OPEN & Q(state=State.CHANGES_ASKED),
        Where.OVER: ~_OPEN,
    }[where]


def open_condition():
    return _OPEN


def figures(today=None):
    """How many reviews of organisations stand where, in one query; each as the list of it counts them."""
    reviews = with_standing(Review.objects.exclude(partner__kind=Kind.RESIDENT).filter(_recent(today)), today)
    counted = (Where.DUE, Where.OVERDUE, Where.SILENT, Where.LAPSED_LATELY, Where.LAPSED, Where.PAUSED, Where.WAITING)
    return reviews.aggregate(**{where.value: Count("pk", filter=condition(where, today)) for where in counted})


def _recent(today):
    # What is decided or closed matters to none of the figures, but where its partner has lapsed.
    return _OPEN | Q(partner__lapsed_on__isnull=False)


def where_it_stands(review, today=None):
    """The tone and the words of a tag that says where one of `with_standing` stands."""
    today = today or timezone.localdate()
    if review.partner.withdrawn_at:
        return "grey", _("the partner withdrew")
    if review.closed_at:
        return "grey", _("closed: %(why)s") % {"why": review.get_closing_display()}
    if review.state == State.APPROVED:
        return "green", _("approved")
    if review.state == State.DECLINED:
        return "grey", _("declined")
    if review.state == State.SUBMITTED:
        return "amber", _("answered, waits for you")
    if review.state == State.CHANGES_ASKED:
        return "blue", _("changes asked for")
    if review.is_paused:
        return "grey", _("paused until %(date)s") % {"date": _date(review.paused_until)}
    if review.partner.lapsed_on:
        return "red", _("lapsed on %(date)s") % {"date": _date(review.partner.lapsed_on)}
    days = (today - review.owed_since).days
    if review.partner.is_resident:
        return ("blue", _("due")) if days <= 0 else ("grey", _("not answered"))
    if days >= silent_after():
        return "red", _("silent: overdue, and no answer to our last e-mail")
    if standing.overdue_from(review.owed_since) <= today:
        return "red", _("overdue since %(date)s") % {"date": _date(standing.overdue_from(review.owed_since))}
    return "amber", _("due")


def _date(day):
    return day.strftime("%-d %B %Y")


# What moving everybody's dates does ------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """How many dates of how many partners would move, and how many of these partners are overdue now and after."""

    dates: int
    partners: int
    overdue: int
    overdue_after: int


def effect_of_moving(days, today=None):
    today = today or timezone.localdate()
    awaited = with_standing(Review.objects.filter(_AWAITED), today)
    organisations = awaited.exclude(partner__kind=Kind.RESIDENT).filter(is_paused=False)
    limit = today - datetime.timedelta(days=settings.REVIEW_OVERDUE_DAYS)
    return Move(
        dates=Review.objects.owed().filter(partner__in=awaited.values("partner")).count(),
        partners=awaited.count(),
        overdue=organisations.filter(owed_since__lt=limit).count(),
        overdue_after=organisations.filter(owed_since__lt=limit - datetime.timedelta(days=days)).count(),
    )
