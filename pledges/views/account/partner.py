"""A partner's own place: what it comes to, at a glance."""

from django.shortcuts import render

from oiep.moderation import State
from pledges.history import explanation_of, standing_from, with_due_dates
from pledges.next_steps import in_brief, leads, next_steps, status_of
from pledges.views.account.page import of_partner
from pledges.views.account.reviews import next_review_of


@of_partner(open_only=False)
def partner(request, partner):
    reviews, pauses = list(with_due_dates(partner.reviews)), partner.pauses.all()
    awaited = next((review for review in reviews if review.is_awaited), None)
    context = {
        "partner": partner,
        "status": status_of(partner),
        "brief": in_brief(partner),
        "standing": standing_from(partner, reviews, pauses) if partner.is_published else None,
        "explanation": explanation_of(reviews),
        "is_open": not partner.withdrawn_at and partner.state != State.DECLINED,
        "is_lead": leads(request.user, partner),
        "steps": next_steps(request.user, partner),
        "live": sum(pledge.is_live for pledge in partner.pledges.all()),
        "awaited": awaited,
        "recognitions": [
            {"recognition": row, "status": status_of(row)}
            for row in partner.recognitions.all()
            if row.is_open or row.stands
        ],
        "members": [member for member in partner.memberships.all() if not member.ended_at],
        "messages_count": partner.contact_messages.count(),
        "signatures": partner.signatures.all(),
        "purposes": [label for value, label in partner.Purpose.choices if value in partner.contact_purposes],
        **next_review_of(partner, reviews, pauses),
    }
    return render(request, "pledges/account/partner.html", context)
