"""The round's row is locked first, then the partner's, then the nomination's: so of two who act at once the second sees
what the first did."""

from events.models import AwardRound, Nomination
from partners.actions.standing import locked


def lock_round(award_round):
    return AwardRound.objects.select_for_update(of=("self",)).get(pk=award_round.pk)


def lock_nomination(nomination):
    """The nomination, with its round, its partner and itself locked until the transaction ends."""
    lock_round(nomination.category.round)
    locked(nomination.partner)
    rows = Nomination.objects.select_related("category__round", "partner")
    return rows.select_for_update(of=("self",)).get(pk=nomination.pk)
