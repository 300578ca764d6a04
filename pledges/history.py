"""The facts about a partner that its standing follows from."""

from django.utils import timezone

from oiep.moderation import State
from partners.models import Pause
from pledges import standing
from pledges.models import Review


def _day(moment):
    return timezone.localdate(moment) if moment else None


def histories_of(partners):
    """The histories of partners, by their key, in three queries."""
    partners = list(partners)
    keys = [partner.pk for partner in partners]
    rounds, pauses = {}, {}
    for review in Review.objects.filter(partner__in=keys).prefetch_related("due_dates").order_by("round_on"):
        rounds.setdefault(review.partner_id, []).append(review)
    for pause in Pause.objects.filter(partner__in=keys):
        pauses.setdefault(pause.partner_id, []).append(standing.Pause(pause.starts_on, pause.until))
    return {
        partner.pk: standing.History(
            signed_on=_day(partner.approved_at),
            withdrawn_on=_day(partner.withdrawn_at),
            pauses=tuple(pauses.get(partner.pk, ())),
            rounds=tuple(_round(review) for review in rounds.get(partner.pk, ())),
            next_round_on=partner.next_round_on,
        )
        for partner in partners
    }


def history_of(partner):
    return histories_of([partner])[partner.pk]


def _round(review):
    return standing.Round(
        due=tuple((date.known_from, date.due_on) for date in review.due_dates.all()),
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
