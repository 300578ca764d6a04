"""Bringing a file in: planned again under locks, and written whole or not at all."""

from collections import Counter
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import NotPossible
from partners.models import Partner
from pledges.actions.answers import missing, send_in
from pledges.models import Answer, Review
from pledges.review_csv.columns import ANSWERS
from pledges.review_csv.planning import Plan, plan

SEND_AT_MOST = 500  # reviews sent in with one file: some seconds' work


@dataclass(frozen=True)
class Done:
    """What was brought in. sent: the reviews that were sent in. left: those that are not complete and wait."""

    plan: Plan
    sent: list
    left: list


class Impossible(ValidationError):
    """Nothing was brought in. `plan` says what is wrong now, or what is different from what was shown."""

    def __init__(self, message, plan):
        super().__init__(message)
        self.plan = plan


@transaction.atomic
def bring_in(*, sheet, actor=None, seen=None, sending=False):
    """Saves the figures of a file as answers, all or none; each review's trail says who brought them in.

    seen: the fingerprint of the plan that the manager looked at. sending: send the reviews in that are complete then,
    on the partners' behalf, as taken by the actor.

    Raises Impossible when a row is wrong, or the file would do something else by now; NotPossible when there is more to
    send in than SEND_AT_MOST.
    """
    _lock(sheet)
    found = plan(sheet)
    if found.problems:
        raise Impossible(_("Nothing was brought in: some rows are wrong."), found)
    if seen is not None and seen != found.fingerprint:
        raise Impossible(_("Something changed after you looked. Here is what the file would do now."), found)
    reviews = found.reviews
    if sending and len(reviews) > SEND_AT_MOST:
        raise NotPossible(
            _("These are %(n)s reviews. Send in at most %(most)s with one file.")
            % {"n": len(reviews), "most": SEND_AT_MOST}
        )
    _write(found.changes)
    rows = Counter(change.review.pk for change in found.changes)
    for review in reviews:
        audit.record(verb="review.figures_brought_in", subject=review, actor=actor, rows=rows[review.pk])
    sent, left = [], []
    for review in reviews if sending else ():
        if missing(review):
            left.append(review)
        else:
            sent.append(send_in(review=review, actor=actor, by_telephone=True))
    return Done(found, sent, left)


def _lock(sheet):
    """Locks the partners and then the reviews that a file names, as everything does that decides on a review."""
    keys = {int(text) for _row, cells in sheet.rows if (text := cells["review"].strip()).isdecimal() and len(text) < 16}
    partners = Partner.objects.select_for_update(of=("self",)).filter(reviews__in=keys).order_by("pk")
    list(partners.values_list("pk", flat=True))
    list(Review.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk").values_list("pk", flat=True))


def _write(changes):
    now, new, known = timezone.now(), [], []
    for change in changes:
        answer = change.answer or Answer(review=change.review, pledge=change.pledge)
        for name, value in change.values.items():
            setattr(answer, name, value)
        answer.changed_at = now
        (known if answer.pk else new).append(answer)
    Answer.objects.bulk_create(new, batch_size=1000)
    Answer.objects.bulk_update(known, [*ANSWERS, "next", "changed_at"], batch_size=1000)
