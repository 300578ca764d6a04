"""Writing in a review, page by page, until it is sent in."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep.moderation import Move, NotPossible
from oiep.uploads import is_kept_as
from partners.actions import Conflict
from pledges.actions.answers.proposed import pledge_from_json, pledge_to_json
from pledges.actions.answers.reading import FIELDS, REVIEW_FIELDS, plain, version_of
from pledges.actions.reminders import lock_review
from pledges.models import Answer, Evidence


def lock_editable(review):
    """The review, locked after its partner. Raises NotPossible when nobody can write in it any more."""
    review = lock_review(review)
    _check_editable(review)
    return review


def _check_editable(review):
    if review.partner.withdrawn_at or review.closed_at:
        raise NotPossible(review.why_not(Move.SUBMIT))
    if not review.is_editable:
        raise NotPossible(
            _("This review was sent in on %(date)s, so it cannot be changed now. Keep a copy of what you wrote here.")
            % {"date": date_format(timezone.localdate(review.submitted_at))}
        )


@transaction.atomic
def save_answer(*, review, pledge, values, actor=None, seen=None, file=None):
    """Keeps what a review says about one live pledge. Saving the same again changes nothing.

    values: field → value, for fields of FIELDS; those that are left out stay as they are. seen: `version_of` the answer
    when the form was opened. file: a `SafeFile` to add to its evidence.

    Returns the answer. Raises Conflict when it is not as it was seen, NotPossible when the review was sent in or closed
    or the pledge ended, ValidationError for values that the model does not take.
    """
    if values.get("progress") == Answer.Progress.CHANGED:
        values = values | {"next": Answer.Next.CHANGE}
    if values.get("progress") == Answer.Progress.STOPPED:
        values = values | {"next": ""}
    review = lock_review(review)
    answer = review.answers.filter(pledge=pledge).first()
    if answer and not file and not _differences(answer, values):  # a double click, also on what was sent in meanwhile
        return answer
    _check_editable(review)
    pledge = review.partner.pledges.approved().filter(ended_at=None, pk=pledge.pk).first()
    if pledge is None:
        raise NotPossible(_("This pledge has ended since, so there is nothing more to say about it here."))
    answer = answer or Answer(review=review, pledge=pledge)
    answer.review = review
    return _save(answer, values, seen, file)


def _differences(answer, values):
    return [name for name in FIELDS if name in values and plain(values[name]) != plain(getattr(answer, name))]


def _save(answer, values, seen, file=None):
    changed = _differences(answer, values)
    if changed and seen is not None and seen != version_of(answer if answer.pk else None):
        raise Conflict(_("Somebody else saved this page while you were writing."))
    for field in changed:
        setattr(answer, field, values[field])
    if changed or not answer.pk:
        answer.full_clean()
        answer.save()
    if file:
        _add_evidence(answer, file)
    return answer


def _add_evidence(answer, file):
    rows = answer.evidence.all()
    values = {"name": file.original_name, "size": file.content.size}
    if any(is_kept_as(file, row) for row in rows.filter(**values)):  # a double click
        return
    if len(rows) >= settings.REVIEW_FILES_AT_MOST:
        raise ValidationError(
            {"file": _("There are %(n)s files already. Remove one first.") % {"n": settings.REVIEW_FILES_AT_MOST}}
        )
    row = Evidence(answer=answer, **values)
    row.file.save(file.content.name, file.content, save=False)
    try:
        with transaction.atomic():
            row.full_clean()
            row.save()
    except BaseException:
        row.file.delete(save=False)
        raise


@transaction.atomic
def remove_evidence(*, review, evidence):
    """Takes a file out of a review that can still be edited; it leaves the disk. Doing it twice does it once."""
    review = lock_editable(review)
    for row in Evidence.objects.filter(answer__review=review, pk=evidence.pk):
        row.delete()


@transaction.atomic
def save_words(*, review, values, seen=None):
    """Keeps what a review says as a whole: fields of REVIEW_FIELDS. Raises as `save_answer` does."""
    review = lock_editable(review)
    changed = [field for field in REVIEW_FIELDS if field in values and values[field] != getattr(review, field)]
    if changed and seen is not None and seen != version_of(review):
        raise Conflict(_("Somebody else saved this page while you were writing."))
    for field in changed:
        setattr(review, field, values[field])
    if changed:
        review.full_clean()
        review.save(update_fields=changed)
    return review


@transaction.atomic
def adopt(*, review, pledge_values, values, answer=None, seen=None):
    """Takes up a pledge in a review: what the partner did without having promised it, or does from now on.

    It is sent in and decided with the review. pledge_values: as `add_pledge` takes them. values: what is said of it, as
    `save_answer` takes it. answer: one taken up before, to be changed. To take the same up twice is to do it once.

    Returns the answer. Raises NotPossible when there are PLEDGES_AT_MOST pledges, and as `save_answer` does.
    """
    review = lock_editable(review)
    kept = pledge_to_json(pledge_values)
    pledge_from_json(kept, partner=review.partner).full_clean()
    taken_up = list(review.answers.filter(pledge=None).select_for_update(of=("self",)))
    if answer is not None:
        row = next((row for row in taken_up if row.pk == answer.pk), None)
        if row is None:
            raise NotPossible(_("This pledge was taken out of the review in another window. Add it again to keep it."))
    else:
        same = ("area", "capacity", "statement")
        row = next((row for row in taken_up if all(row.new_values[name] == kept[name] for name in same)), None)
        row = row or Answer(review=review)
    if not row.pk:
        standing = review.partner.pledges.open().filter(replaces=None).count()
        if standing + len(taken_up) >= settings.PLEDGES_AT_MOST:
            raise NotPossible(
                _("You have %(number)s pledges, the most there can be.") % {"number": settings.PLEDGES_AT_MOST}
            )
    row.review = review
    return _save(row, values | {"new_values": kept}, seen)


@transaction.atomic
def drop_adoption(*, review, answer):
    """Takes a pledge that was taken up in a review out again. Doing it twice does it once."""
    review = lock_editable(review)
    review.answers.filter(pledge=None, pk=answer.pk).delete()
