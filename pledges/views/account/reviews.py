"""A partner's progress reviews, past and due, and what we wrote about each."""

from django.shortcuts import render
from django.utils import timezone

from oiep.moderation import State
from pledges.history import explanation_of, history_from, standing_from, with_due_dates
from pledges.ledger import ledgers_of
from pledges.next_steps import status_of
from pledges.standing import due_of, opens_on
from pledges.views.account.page import of_partner


@of_partner(open_only=False)
def reviews(request, partner):
    """The newest first, with the partner's public standing and when the next review comes."""
    rows = list(with_due_dates(partner.reviews).select_related("partner"))
    pauses, ledgers = partner.pauses.all(), ledgers_of(rows)
    context = {
        "partner": partner,
        "reviews": [
            {"review": row, "status": status_of(row), "ledger": [entry for entry in ledgers[row.pk] if entry.row]}
            for row in reversed(rows)
        ],
        "standing": standing_from(partner, rows, pauses) if partner.state == State.APPROVED else None,
        "explanation": explanation_of(rows),
        **next_review_of(partner, rows, pauses),
    }
    return render(request, "pledges/account/reviews.html", context)


def next_review_of(partner, reviews, pauses):
    """When the review that is not open yet will be due, and when it will open; nothing where none comes."""
    if not partner.next_round_on or partner.withdrawn_at:
        return {}
    known_pauses = history_from(partner, reviews, pauses).pauses
    next_due = due_of(partner.next_round_on, known_pauses, timezone.localdate())
    return {"next_due": next_due, "next_opens": opens_on(next_due)}
