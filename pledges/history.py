"""The facts about a partner that its standing follows from."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.utils import timezone

from oiep.moderation import State
from partners.models import Pause
from pledges import standing
from pledges.models import DueDate, Review


def _day(moment):
    return timezone.localdate(moment) if moment else None


def with_due_dates(reviews):
    """Reviews, oldest first, with the due dates that each has had, `dues`, and the days from which, `known_from`."""
    dates = DueDate.objects.filter(review=OuterRef("pk")).order_by("known_from", "pk")
    return reviews.annotate(
        known_from=ArraySubquery(dates.values("known_from")), dues=ArraySubquery(dates.values("due_on"))
    ).order_by("round_on")


def history_from(partner, reviews, pauses):
    """A partner's history from its rows. reviews: as `with_due_dates` gives them."""
    return standing.History(
        signed_on=_day(partner.approved_at),
        withdrawn_on=_day(partner.withdrawn_at),
        pauses=tuple(standing.Pause(pause.starts_on, pause.until) for pause in pauses),
        rounds=tuple(_round(review) for review in reviews),
        next_round_on=partner.next_round_on,
    )


def histories_of(partners):
    """The histories of partners, by their key, in two queries."""
    partners = list(partners)
    keys = [partner.pk for partner in partners]
    rounds, pauses = {}, {}
    for review in with_due_dates(Review.objects.filter(partner__in=keys)):
        rounds.setdefault(review.partner_id, []).append(review)
    for pause in Pause.objects.filter(partner__in=keys):
        pauses.setdefault(pause.partner_id, []).append(pause)
    return {
        partner.pk: history_from(partner, rounds.get(partner.pk, ()), pauses.get(partner.pk, ()))
        for partner in partners
    }


def history_of(partner):
    return histories_of([partner])[partner.pk]


def explanation_of(reviews):
    """What the partner wrote to stand beside “Review overdue”: in its newest review, while that waits for an answer."""
    return reviews[-1].explanation if reviews and reviews[-1].is_awaited else ""


def _round(review):
    return standing.Round(
        due=tuple(zip(review.known_from, review.dues, strict=True)),
        answered_on=_day(review.answered_at),
        declined_on=_day(review.decided_at) if review.state == State.DECLINED else None,
        approved_on=_day(review.decided_at) if review.state == State.APPROVED else None,
    )


def standing_of(partner, on=None):
    """A partner's public standing on a day, past or future; today when none is named."""
    today = timezone.localdate()
    on = on or today
    history = history_of(partner)
    return standing.standing(standing.expected(history, today) if on > today else history, on)


def standing_from(partner, reviews, pauses):
    """An organisation's standing today, from its rows; None for a resident, who has no public one."""
    if partner.is_resident:
        return None
    return standing.standing(history_from(partner, reviews, pauses), timezone.localdate())


def show_standings(partners):
    """Gives each partner of a page its standing today, as `partner.standing`, in two queries; residents have none."""
    partners = list(partners)
    today = timezone.localdate()
    histories = histories_of(partner for partner in partners if not partner.is_resident)
    for partner in partners:
        history = histories.get(partner.pk)
        partner.standing = history and standing.standing(history, today)
    return partners
