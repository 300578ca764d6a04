"""Declaring interests and scoring, blind: a judge never learns what others scored, nor what they may not judge."""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from events.actions.locking import lock_round
from events.models import Interest, Judge, Nomination, Score
from events.results import ties
from oiep import audit
from oiep import email as mail
from oiep.moderation import NotPossible


class Changed(NotPossible):
    """The scores were saved from another window since they were shown. The message may be shown to a user."""


def _locked(judge):
    """The judge's row, locked after the round's. Raises NotPossible for who judges no more."""
    round = lock_round(judge.round)
    judge = Judge.objects.select_for_update(of=("self",)).select_related("user").get(pk=judge.pk)
    if judge.stood_down_at:
        raise NotPossible(_("You do not judge these awards any more."))
    judge.round = round
    return judge


# Interests ------------------------------------------------------------------------------------


@transaction.atomic
def declare_interest(*, judge, partner, why=""):
    """Notes a judge's tie to a partner, at any time. Its entries are gone for them at once, and their scores of them.

    A second time changes nothing. Returns the interest.
    """
    judge = _locked(judge)
    interest, is_new = Interest.objects.get_or_create(judge=judge, partner=partner, defaults={"why": why})
    if is_new:
        withdrawn, _rows = judge.scores.filter(nomination__partner=partner).delete()
        audit.record(
            verb="interest.declared", subject=interest, actor=judge.user, partner=partner.pk, scores_withdrawn=withdrawn
        )
    return interest


@transaction.atomic
def finish_declaring(*, judge):
    """Notes that a judge has declared all their interests; having none is an answer too. Returns the judge."""
    judge = _locked(judge)
    if judge.declared_at is None:
        judge.declared_at = timezone.now()
        judge.save(update_fields=["declared_at"])
        audit.record(verb="judge.declared", subject=judge, actor=judge.user, interests=judge.interests.count())
    return judge


# Scores ---------------------------------------------------------------------------------------


def version_of(judge, nomination):
    """What a judge's scores of a nomination are known by, as they stand; empty when there are none."""
    latest = judge.scores.filter(nomination=nomination).aggregate(at=Max("given_at"))["at"]
    return latest.isoformat() if latest else ""


@transaction.atomic
def score(*, judge, nomination, scores, seen):
    """Saves a judge's scores of one nomination, all criteria together. The same again changes nothing.

    scores: criterion's key → (points from 0 to 5, a sentence or ""). seen: `version_of` the scores that the judge was
    shown. Raises Changed when they were saved from elsewhere since; NotPossible before judging and from `judged_until`
    on, when the judge may not judge this (any more), or when the criteria have changed.
    """
    judge = _locked(judge)
    if not judge.round.is_judged():
        raise NotPossible(_("Judging is not open, so this was not saved."))
    entries = Nomination.objects.for_judge(judge).select_for_update(of=("self",))
    nomination = entries.filter(pk=nomination.pk).first()
    if nomination is None:
        raise NotPossible(_("This entry is not yours to judge any more."))
    if set(scores) != set(judge.round.criteria.values_list("pk", flat=True)):
        raise NotPossible(_("The criteria have changed. Look at them again."))
    before = {row.criterion_id: (row.points, row.note) for row in judge.scores.filter(nomination=nomination)}
    if before == scores:
        return
    if version_of(judge, nomination) != seen:
        raise Changed(_("You have saved other scores for this entry from another window since you opened this page."))
    for criterion, (points, note) in scores.items():
        row = Score(judge=judge, nomination=nomination, criterion_id=criterion, points=points, note=note)
        row.full_clean(validate_unique=False, validate_constraints=False)
        Score.objects.update_or_create(
            judge=judge, nomination=nomination, criterion_id=criterion, defaults={"points": points, "note": note}
        )
    audit.record(verb="nomination.scored", subject=nomination, actor=judge.user, judge=judge.pk)


def scored(judge):
    """The keys of the entries that a judge has scored by every criterion of today."""
    wanted = set(judge.round.criteria.values_list("pk", flat=True))
    found = {}
    for nomination, criterion in judge.scores.values_list("nomination", "criterion"):
        found.setdefault(nomination, set()).add(criterion)
    return {nomination for nomination, criteria in found.items() if wanted and wanted <= criteria}


# Reminders ------------------------------------------------------------------------------------


def judges_to_remind(now):
    """Those of rounds that are judged, with no more than AWARD_JUDGE_REMINDER_DAYS to go."""
    until = now + datetime.timedelta(days=settings.AWARD_JUDGE_REMINDER_DAYS)
    return Judge.objects.active().filter(
        round__closes_at__lte=now, round__judged_until__gt=now, round__judged_until__lte=until
    )


@transaction.atomic
def remind_judge(*, judge, now=None):
    """Reminds a judge who has something left to do, once. Returns whether a message was written."""
    now = now or timezone.now()
    judge = Judge.objects.select_for_update(of=("self",)).select_related("round", "user").get(pk=judge.pk)
    if not judges_to_remind(now).filter(pk=judge.pk).exists():
        return False
    left = set(Nomination.objects.for_judge(judge).values_list("pk", flat=True)) - scored(judge)
    if judge.declared_at and not left:
        return False
    email = mail.queue(
        to=judge.user.email,
        template="award_judge_reminder",
        context={"judge": judge, "round": judge.round, "left": len(left)},
        key=f"award/{judge.round_id}/judge/{judge.pk}/reminder",
        about=judge,
    )
    return email is not None


# Ties -----------------------------------------------------------------------------------------


@transaction.atomic
def decide_tie(*, category, order, why, actor):
    """Puts nominations that are level in an order, for a reason that is recorded.

    order: nominations that are level, all of them, the first first. why: at least a few words. Raises NotPossible
    before judging has ended, and when they are not level (any more).
    """
    category.round = lock_round(category.round)
    if timezone.now() < category.round.judged_until:
        raise NotPossible(_("Judging goes on. Decide once it has ended."))
    keys = [nomination.pk for nomination in order]
    level = [{row.nomination.pk for row in group} for group in ties(category)]
    if set(keys) not in level or len(keys) != len(set(keys)):
        raise NotPossible(_("These entries are not level any more. Look at the results again."))
    for number, nomination in enumerate(order, start=1):
        Nomination.objects.filter(pk=nomination.pk).update(tie_order=number)
    audit.record(verb="category.tie_decided", subject=category, actor=actor, note=why, order=keys)
