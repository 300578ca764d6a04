"""A partner's own place: all about it on one page."""

from django.shortcuts import render
from django.utils import timezone

from oiep.moderation import State
from partners import actions as partner_actions
from pledges.forms.account import profile_rows
from pledges.history import explanation_of, history_from, standing_from, with_due_dates
from pledges.ledger import ledgers_of
from pledges.next_steps import leads, next_steps, status_of
from pledges.standing import due_of, opens_on
from pledges.views.account.page import of_partner


@of_partner(open_only=False)
def partner(request, partner):
    waiting = next((change for change in partner.profile_changes.all() if change.is_open and change.values), None)
    standing, past = _pledges_of(partner)
    return render(
        request,
        "pledges/account/partner.html",
        {
            "partner": partner,
            "status": status_of(partner),
            "is_open": not partner.withdrawn_at and partner.state != State.DECLINED,
            "is_lead": leads(request.user, partner),
            "steps": next_steps(request.user, partner),
            "profile": profile_rows(partner, partner_actions.profile_of(partner)),
            "change": {"status": status_of(waiting), "rows": profile_rows(partner, waiting.values)}
            if waiting
            else None,
            "pledges": standing,
            "past": past,
            "recognitions": [
                {"recognition": row, "status": status_of(row)}
                for row in partner.recognitions.all()
                if row.is_open or row.stands
            ],
            **_reviews_of(partner),
            "members": [member for member in partner.memberships.all() if not member.ended_at],
            "signatures": partner.signatures.all(),
            "purposes": [label for value, label in partner.Purpose.choices if value in partner.contact_purposes],
        },
    )


def _reviews_of(partner):
    """Its reviews, the newest first, with what we wrote about each; its public standing; when the next review comes."""
    reviews, pauses = list(with_due_dates(partner.reviews).select_related("partner")), partner.pauses.all()
    ledgers = ledgers_of(reviews)
    context = {
        "reviews": [
            {"review": row, "status": status_of(row), "ledger": [entry for entry in ledgers[row.pk] if entry.row]}
            for row in reversed(reviews)
        ],
        "standing": standing_from(partner, reviews, pauses) if partner.state == State.APPROVED else None,
        "explanation": explanation_of(reviews),
    }
    if partner.next_round_on and not partner.withdrawn_at:
        known_pauses = history_from(partner, reviews, pauses).pauses
        next_due = due_of(partner.next_round_on, known_pauses, timezone.localdate())
        context |= {"next_due": next_due, "next_opens": opens_on(next_due)}
    return context


def _pledges_of(partner):
    """Those that stand or wait, each with the change to it that waits, and those that are over."""
    standing, past = [], []
    for pledge in partner.pledges.all():
        if pledge.ended_at or pledge.state == State.DECLINED:
            past.append({"pledge": pledge, "status": status_of(pledge)})
        elif pledge.state == State.APPROVED or not pledge.replaces_id:
            change = pledge.replacement
            row = {"pledge": pledge, "status": status_of(pledge), "change": change}
            standing.append(row | ({"change_status": status_of(change)} if change else {}))
    return standing, past
