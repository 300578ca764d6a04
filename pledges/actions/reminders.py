"""The e-mails that ask for a review, each of which goes once: product.md, *Reviews and reminders*.

The ledger is the outgoing mail: `review/<review>/<due date>/<step>` is the key of a step's row, and the database takes
each key once. What is due is asked of the database, by window and never by equality of dates, so that a day run twice
changes nothing and a day missed is made up for.
"""

import datetime

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.rounds import add_months
from partners.models import Kind, Membership, Pause
from pledges import standing
from pledges.models import Review

DAY = datetime.timedelta(days=1)
# A resident gets one e-mail a year: (step, days after the due date).
RESIDENT_STEPS = (("yearly", 0),)


def steps_of(partner):
    """The e-mails of a partner's rounds, in their order: (step, days after the due date)."""
    return RESIDENT_STEPS if partner.is_resident else settings.REVIEW_STEPS


def key_of(review, step):
    """What names a step's message: the review, the due date that it is about, and the step."""
    return f"review/{review.pk}/{review.due_on}/{step}"


def _day_of(review, offset):
    return review.due_on + datetime.timedelta(days=offset)


def _latest_step(steps, today):
    return [
        When(due_on__lte=today - datetime.timedelta(days=offset), then=Value(step)) for step, offset in reversed(steps)
    ]


def reviews_to_remind(today):
    """Awaited reviews whose latest step that is due is not in the ledger yet, oldest due date first."""
    of_residents = Case(*_latest_step(RESIDENT_STEPS, today), output_field=CharField())
    step = Case(When(partner__kind=Kind.RESIDENT, then=of_residents), *_latest_step(settings.REVIEW_STEPS, today))
    key = Concat(Value("review/"), Cast("pk", CharField()), Value("/"), Cast("due_on", CharField()), Value("/"), "step")
    return (
        Review.objects.awaited()
        .filter(partner__withdrawn_at=None)
        .exclude(partner__in=Pause.objects.current(today).values("partner"))
        .annotate(step=step)
        .exclude(step=None)
        .annotate(key=key)
        .filter(~Exists(OutgoingEmail.objects.filter(key=OuterRef("key"))))
        .order_by("due_on", "pk")
    )


def lock_review(review):
    """The review's row, locked after its partner's: everything that decides on a review takes them in this order."""
    # PostgreSQL locks the rows in the order in which `of` names their tables.
    return Review.objects.select_related("partner").select_for_update(of=("partner", "self")).get(pk=review.pk)


@transaction.atomic
def remind(*, review, today=None):
    """Records the latest step of a review that is due, with its message to the lead and to a second contact.

    Steps before it that the ledger does not hold were missed: they are recorded as not sent. A review that was
    answered, closed or paused meanwhile gets nothing. A worker is not told: the caller nudges when it is done.

    Returns the step, or None when there was nothing to record.
    """
    today = today or timezone.localdate()
    review = lock_review(review)
    if not review.is_awaited or review.partner.withdrawn_at or review.partner.is_paused(today):
        return None
    keys = {step: key_of(review, step) for step, offset in steps_of(review.partner) if _day_of(review, offset) <= today}
    recorded = set(OutgoingEmail.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    if not keys or list(keys.values())[-1] in recorded:
        return None
    step, key = keys.popitem()
    missed = {key: f"review_{earlier}" for earlier, key in keys.items() if key not in recorded}
    mail.skip(
        templates=missed,
        about=review,
        reason=_("Its day had passed by the time we looked, so the next message went instead."),
    )
    _write(review, step, key, today)
    return step


def _write(review, step, key, today):
    template = f"review_{step}"
    people = list(review.partner.memberships.current().values_list("role", "pk", "user__email"))
    recipients = [(key, address) for role, _pk, address in people if role == Membership.Role.LEAD]
    if not recipients:
        mail.skip(templates={key: template}, about=review, reason=_("This partner has no lead to write to."))
    if step == "final":
        recipients += [(f"{key}/second/{pk}", to) for role, pk, to in people if role == Membership.Role.SECOND]
    # What waited while the scheduler slept is written as of the day on which it is written.
    context = context_of(review, step, max(today, timezone.localdate()))
    for own_key, to in recipients:
        mail.queue(to=to, template=template, context=context, key=own_key, about=review, hurry=False)


def context_of(review, step, today):
    """What the message of a step says, written on a day."""
    due = review.due_on
    overdue = standing.Standing(standing.Status.REVIEW_OVERDUE)
    return {
        "review": review,
        "partner": review.partner,
        "due_on": due,
        "is_past": due < today,
        "overdue_from": standing.overdue_from(due),
        "overdue_words": standing.words(overdue),
        "overdue_page": standing.statement(overdue, review.explanation),
        "is_overdue": standing.overdue_from(due) <= today,
        "lapses_on": standing.lapses_on(due),
        "lapsed_words": standing.words(standing.Standing(standing.Status.LAPSED, since=standing.lapses_on(due))),
        "has_lapsed": standing.lapses_on(due) <= today,
        "explanation_length": settings.REVIEW_EXPLANATION_LENGTH,
        "page_url": settings.SITE_URL + review.partner.get_absolute_url(),
        "account_url": settings.SITE_URL + reverse("account-partner", args=[review.partner.slug]),
        "forgotten_on": _forgotten_on(review, today) if step == "yearly" else None,
    }


# Residents who do not answer ------------------------------------------------------------------


def asked_in_vain(since):
    """Residents' reviews without an answer of which we wrote on a day or before it; a mailbox that refused counts."""
    wrote = OutgoingEmail.objects.filter(
        template="review_yearly",
        state__in=(OutgoingEmail.State.SENT, OutgoingEmail.State.FAILED),
        subject_type=ContentType.objects.get_for_model(Review),
        subject_id=Cast(OuterRef("pk"), CharField()),
    )
    return (
        Review.objects.owed()
        .filter(partner__kind=Kind.RESIDENT)
        .annotate(asked_at=Subquery(wrote.order_by("created_at").values("created_at")[:1]))
        .filter(asked_at__lt=timezone.make_aware(datetime.datetime.combine(since + DAY, datetime.time())))
    )


def _forgotten_on(review, today):
    """The day on which a resident is forgotten who does not answer; None while we ask again before."""
    asked = asked_in_vain(today).filter(partner=review.partner).order_by("asked_at").values_list("asked_at", flat=True)
    days = [*map(timezone.localdate, asked), today]
    if len(days) < settings.RESIDENT_FORGOTTEN_AFTER_YEARS:
        return None
    return add_months(days[settings.RESIDENT_FORGOTTEN_AFTER_YEARS - 1], 12)


# Steps that a review does not need any more ---------------------------------------------------


def end_reminders(review, *, reason):
    """Keeps what waits to be sent about a review from being sent. One that was handed over already may still arrive."""
    mail.withhold(OutgoingEmail.objects.about(review), reason=reason)


def skip_passed_steps(review, today):
    """After its due date has moved: steps whose day is past under the new date are not made up for."""
    passed = [step for step, offset in steps_of(review.partner) if _day_of(review, offset) <= today]
    mail.skip(
        templates={key_of(review, step): f"review_{step}" for step in passed},
        about=review,
        reason=_("Its day had passed when the due date was moved."),
    )
