"""What partners say in their reviews, and what approving a review makes of it: product.md, *Reviews and reminders*.

A review is saved page by page and sent in once. The partner's row is locked first, then the review's, in every action,
so that of two windows the second decides on what the first has left. A pledge that is changed or taken up in a review
waits in its answer: nothing of it is public, and no row of it is there, until the review as a whole is approved.
"""

import datetime
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.moderation import Move, NotPossible, State, answer_due, move
from partners.actions import Conflict
from partners.actions import version_of as mark_of
from pledges.actions.pledges import FIELDS as PLEDGE_FIELDS
from pledges.actions.pledges import refresh_active_areas
from pledges.actions.reminders import end_reminders, lock_review
from pledges.actions.reviews import refresh_lapse
from pledges.models import Answer, Evidence, Pledge, PledgeIdea, Review

FIELDS = ("progress", "figure", "words", "evidence_url", "next", "reason", "new_values")
# What a review says as a whole.
REVIEW_FIELDS = ("recruitment", "retention", "diversity", "help_wanted")

# What there is to answer -----------------------------------------------------------------------


def pledges_to_answer(review):
    """The partner's live pledges, each with what this review says of it so far, or None."""
    answers = {answer.pledge_id: answer for answer in review.answers.prefetch_related("evidence")}
    for answer in answers.values():
        answer.review = review
    live = review.partner.pledges.approved().filter(ended_at=None).select_related("area")
    return [(pledge, answers.get(pledge.pk)) for pledge in live]


def missing(review):
    """The live pledges of which something has still to be said before the review can be sent in."""
    return [pledge for pledge, answer in pledges_to_answer(review) if not (answer and answer.is_complete)]


def last_answers(review):
    """What the partner said in earlier reviews: the newest answer on each pledge, also on what it replaced.

    By the key of the pledge. Only what was sent in counts, and nothing that was declined.
    """
    return last_answers_of([review])[review.pk]


def last_answers_of(reviews):
    """`last_answers` of several reviews, by the key of the review, in two queries."""
    partners = {review.partner_id for review in reviews}
    said, came_after = {partner: [] for partner in partners}, {partner: {} for partner in partners}
    earlier = (
        Answer.objects.filter(review__partner__in=partners, review__answered_at__isnull=False)
        .exclude(review__state=State.DECLINED)
        .select_related("review")
        .order_by("review__round_on")
    )
    for answer in earlier:
        said[answer.review.partner_id].append(answer)
    replacing = Pledge.objects.filter(partner__in=partners).exclude(replaces=None)
    for partner, pk, replaces in replacing.values_list("partner", "pk", "replaces"):
        came_after[partner][pk] = replaces
    return {
        review.pk: _newest(
            [answer for answer in said[review.partner_id] if answer.review_id != review.pk],
            came_after[review.partner_id],
        )
        for review in reviews
    }


def _newest(answers, came_after):
    newest = {key: answer for answer in answers for key in (answer.pledge_id, answer.new_pledge_id) if key}
    for pk in came_after:
        before = pk
        while before not in newest and before in came_after:
            before = came_after[before]
        if before in newest:
            newest[pk] = newest[before]
    return newest


def version_of(obj):
    """A short mark of what a form was opened on: an answer (None: there was none yet), or a review's own words."""
    if obj is None:
        return "new"
    fields = REVIEW_FIELDS if isinstance(obj, Review) else FIELDS
    return mark_of({field: _plain(getattr(obj, field)) for field in fields})


def _plain(value):
    return None if value is None else str(value.normalize()) if isinstance(value, Decimal) else value


# Pledges that wait in an answer -----------------------------------------------------------------


def pledge_to_json(values):
    """What a pledge says, as an answer keeps it. values: field → value, as the pledge form has them."""

    def plain(value):
        if isinstance(value, models.Model):
            return value.pk
        return str(value) if isinstance(value, Decimal | datetime.date) else value

    return {field: plain(values[field]) for field in PLEDGE_FIELDS if field in values}


def pledge_from_json(values, **others):
    """The pledge that an answer keeps, not saved."""
    pledge = Pledge(**others)
    for name in PLEDGE_FIELDS:
        field = Pledge._meta.get_field(name)
        if values.get(name) is not None:
            setattr(pledge, field.attname, field.to_python(values[name]))
    return pledge


# Answering --------------------------------------------------------------------------------------


def _lock_editable(review):
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
            % {"date": timezone.localdate(review.submitted_at).strftime("%-d %B %Y")}
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
    return [name for name in FIELDS if name in values and _plain(values[name]) != _plain(getattr(answer, name))]


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
    if any(row.name == file.original_name and row.size == file.content.size for row in rows):  # a double click
        return
    if len(rows) >= settings.REVIEW_FILES_AT_MOST:
        raise ValidationError(
            {"file": _("There are %(n)s files already. Remove one first.") % {"n": settings.REVIEW_FILES_AT_MOST}}
        )
    row = Evidence(answer=answer, name=file.original_name, size=file.content.size)
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
    review = _lock_editable(review)
    for row in Evidence.objects.filter(answer__review=review, pk=evidence.pk):
        row.delete()


@transaction.atomic
def save_words(*, review, values, seen=None):
    """Keeps what a review says as a whole: fields of REVIEW_FIELDS. Raises as `save_answer` does."""
    review = _lock_editable(review)
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
    review = _lock_editable(review)
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
    review = _lock_editable(review)
    review.answers.filter(pledge=None, pk=answer.pk).delete()


# Right of reply ---------------------------------------------------------------------------------


@transaction.atomic
def explain(*, review, explanation, actor=None):
    """Keeps the partner's explanation, which stands beside “Review overdue” from the day on which that does.

    It is public without a decision: a reply that waits is none. The manager can take it out. Raises NotPossible when
    the review is not awaited any more, ValidationError for words that cannot be shown.
    """
    review = lock_review(review)
    if not review.is_awaited or review.partner.withdrawn_at or review.partner.is_resident:
        raise NotPossible(_("This review is not waited for any more, so there is nothing to explain."))
    if explanation == review.explanation:
        return review
    review.explanation = explanation
    review.full_clean()
    review.save(update_fields=["explanation"])
    audit.record(verb="review.explained", subject=review, actor=actor, given=bool(explanation))
    return review


@transaction.atomic
def take_out_explanation(*, review, actor, reason):
    """The manager takes an explanation out that cannot stay in public, and says why to the partner's lead."""
    if not reason.strip():
        raise ValidationError(_("Write why it cannot stay: we tell the partner."))
    review = lock_review(review)
    if not review.explanation:
        raise NotPossible(_("There is no explanation any more."))
    words, review.explanation = review.explanation, ""
    review.save(update_fields=["explanation"])
    audit.record(verb="review.explanation_taken_out", subject=review, actor=actor, note=reason.strip())
    if lead := review.partner.lead:
        mail.queue(
            to=lead.user.email,
            template="review_explanation_out",
            context={"review": review, "partner": review.partner, "words": words, "reason": reason.strip()},
            about=review,
        )
    return review


# Sending in -------------------------------------------------------------------------------------


class NotComplete(ValidationError):
    """Something has still to be said. `pledges` says about which."""

    def __init__(self, pledges):
        super().__init__(_("Say how each of your pledges goes, then send the review in."))
        self.pledges = pledges


@transaction.atomic
def send_in(*, review, actor=None, by_telephone=False):
    """Sends a review in for the manager's decision. Reminders about it end at once. Sending twice sends once.

    actor: who did it, where that is known; a link from an e-mail needs no sign-in. by_telephone: the actor, a manager,
    wrote it down for the partner. Raises NotComplete, NotPossible when it was closed or decided since.
    """
    review = lock_review(review)
    if review.state == State.SUBMITTED and not review.closed_at:
        return review
    review = _lock_editable(review)
    if lacking := missing(review):
        raise NotComplete(lacking)
    for answer in review.answers.exclude(pledge=None):
        _tidy(answer)
    if not review.answered_at:
        review.answered_at = timezone.now()
    if by_telephone:
        review.recorded_by = actor
    review.save(update_fields=["answered_at", "recorded_by"])
    end_reminders(review, reason=_("The review was sent in."))
    move(review, Move.SUBMIT, actor=actor, by_telephone=by_telephone)
    _tell_lead(review)
    return review


def _tidy(answer):
    # What was written and then left behind by another choice is not sent in.
    keeps_reason = answer.progress == Answer.Progress.STOPPED or answer.next == Answer.Next.CHANGE
    reason = answer.reason if keeps_reason else ""
    new_values = answer.new_values if answer.next == Answer.Next.CHANGE else {}
    if (reason, new_values) != (answer.reason, answer.new_values):
        answer.reason, answer.new_values = reason, new_values
        answer.save(update_fields=["reason", "new_values", "changed_at"])


def _tell_lead(review):
    if lead := review.partner.lead:
        mail.queue(
            to=lead.user.email,
            template="review_received",
            context={
                "review": review,
                "partner": review.partner,
                "answer_by": answer_due(review.submitted_at),
                "by_telephone": bool(review.recorded_by_id),
            },
            key=f"review/{review.pk}/received/{review.submitted_at.isoformat()}",
            about=review,
        )


# What approving a review does ------------------------------------------------------------------


@transaction.atomic
def apply_review(*, review):
    """Makes what an approved review says of its pledges true. Call it after the move, in the same transaction.

    Achieved pledges that are done end; stopped ones end with their reason; changed ones are replaced; those that go on
    run another year; those that were taken up begin. Raises NotPossible, with words that say which, where a pledge was
    changed since in another way.
    """
    for answer in _answers_of(review):
        _APPLY.get(answer.next, _stop)(answer, review) if answer.pledge_id else _begin(answer, review)
    refresh_active_areas(partner=review.partner)
    refresh_lapse(partner=review.partner)


def _answers_of(review):
    """The review's answers, with their pledges locked."""
    answers = list(review.answers.order_by("pk"))
    keys = {key for answer in answers for key in (answer.pledge_id, answer.new_pledge_id) if key}
    pledges = Pledge.objects.select_for_update(of=("self",)).order_by("pk").in_bulk(keys)
    for answer in answers:
        answer.review, answer.pledge = review, pledges.get(answer.pledge_id)
        answer.new_pledge = pledges.get(answer.new_pledge_id)
        for pledge in filter(None, (answer.pledge, answer.new_pledge)):
            pledge.partner = review.partner
    return answers


def _renew(answer, review):
    pledge = answer.pledge
    if pledge.ended_at:
        return
    answer.effect = {"renewed_on": pledge.renewed_on and str(pledge.renewed_on)}
    pledge.renewed_on = max(timezone.localdate(review.answered_at), pledge.started_on)
    pledge.save(update_fields=["renewed_on"])
    answer.save(update_fields=["effect"])


def _close(answer, review):
    _end(answer, Pledge.Ending.ACHIEVED, review)


def _stop(answer, review):
    if answer.progress == Answer.Progress.STOPPED:
        _end(answer, Pledge.Ending.STOPPED, review, answer.reason)


def _end(answer, ending, review, reason=""):
    pledge = answer.pledge
    if pledge.ended_at:
        return
    if pledge.replacement:
        raise NotPossible(_changed_meanwhile(pledge))
    _write_ending(pledge, ending, review.decided_by, reason)
    answer.effect = {"ended": True}
    answer.save(update_fields=["effect"])


def _write_ending(pledge, ending, actor, reason=""):
    pledge.ended_at, pledge.ending, pledge.ending_reason = timezone.now(), ending, reason
    pledge.save(update_fields=["ended_at", "ending", "ending_reason"])
    audit.record(verb=f"pledge.{ending}", subject=pledge, actor=actor, note=reason, partner=pledge.partner_id)


def _change(answer, review):
    pledge = answer.pledge
    if pledge.ended_at or pledge.replacement:
        raise NotPossible(_changed_meanwhile(pledge))
    answer.new_pledge = _approved_pledge(answer, review, replaces=pledge)
    _write_ending(pledge, Pledge.Ending.REPLACED, review.decided_by)
    answer.effect = {"ended": True}
    answer.save(update_fields=["new_pledge", "effect"])


def _changed_meanwhile(pledge):
    return _(
        "The pledge “%(words)s” was changed or ended in another way since this was written. Decide on that first, or "
        "ask the partner to look at it again."
    ) % {"words": pledge.statement[:60]}


def _begin(answer, review):
    answer.new_pledge = _approved_pledge(answer, review)
    if answer.next == Answer.Next.CLOSE:
        _write_ending(answer.new_pledge, Pledge.Ending.ACHIEVED, review.decided_by)
    answer.save(update_fields=["new_pledge"])


def _approved_pledge(answer, review, replaces=None):
    pledge = pledge_from_json(
        answer.new_values,
        partner=review.partner,
        replaces=replaces,
        state=State.SUBMITTED,
        submitted_at=review.submitted_at,
        started_on=timezone.localdate(),
    )
    if pledge.idea_id and not PledgeIdea.objects.filter(pk=pledge.idea_id).exists():
        pledge.idea_id = None
    pledge.full_clean()
    pledge.save()
    return move(pledge, Move.APPROVE, actor=review.decided_by, review=review.pk, replaces=replaces and replaces.pk)


_APPLY = {Answer.Next.RENEW: _renew, Answer.Next.CLOSE: _close, Answer.Next.CHANGE: _change}


@transaction.atomic
def revert_review(*, review, actor=None):
    """The exact reverse of `apply_review`, for when its approval is undone. Call it after the move.

    Raises NotPossible, with words that say why, when something has been built on what the review brought about.
    """
    if obstacle := obstacle_to_reverting(review):
        raise NotPossible(obstacle)
    for answer in reversed(_answers_of(review)):
        pledge, new = answer.pledge, answer.new_pledge
        if new:
            answer.new_pledge = None
            answer.save(update_fields=["new_pledge"])
            audit.record(verb="pledge.unmade", subject=new, actor=actor, review=review.pk)
            new.delete()
        if answer.effect.get("ended"):
            pledge.ended_at, pledge.ending, pledge.ending_reason = None, "", ""
            pledge.save(update_fields=["ended_at", "ending", "ending_reason"])
            audit.record(verb="pledge.ending_undone", subject=pledge, actor=actor, review=review.pk)
        if "renewed_on" in answer.effect:
            before = answer.effect["renewed_on"]
            pledge.renewed_on = before and datetime.date.fromisoformat(before)
            pledge.save(update_fields=["renewed_on"])
        answer.effect = {}
        answer.save(update_fields=["effect"])
    refresh_active_areas(partner=review.partner)
    refresh_lapse(partner=review.partner)


def obstacle_to_reverting(review):
    """What has been built on what approving a review brought about, in words for a user; empty when nothing has."""
    if review.partner.reviews.approved().filter(round_on__gt=review.round_on).exists():
        return _("A later review has been approved since. Undo that decision first.")
    made = Pledge.objects.filter(came_with__review=review)
    ended_since = Q(ended_at__isnull=False) & ~Q(came_with__next=Answer.Next.CLOSE)
    if used := made.filter(ended_since | Q(replacements__isnull=False) | Q(answers__isnull=False)).first():
        return _(
            "The pledge “%(words)s”, which came with this review, has been changed, ended or reported on since."
        ) % {"words": used.statement[:60]}
    return ""
