"""A year's round: made from the last one, published, its shortlist and its winners."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.actions.awards import letters
from events.actions.awards.locking import lock_round
from events.eligibility import obstacles
from events.models import AwardRound, Nomination
from oiep import audit
from oiep import email as mail
from oiep.moderation import NotPossible
from oiep.rounds import add_months

TIMES = ("opens_at", "closes_at", "judged_until", "announced_at")


@transaction.atomic
def copy_round(*, award_round, actor):
    """Makes next year's round like this one, a year later, with its categories and criteria; not public. Returns it.

    Raises NotPossible when that year has one.
    """
    award_round = lock_round(award_round)
    year = award_round.year + 1
    if AwardRound.objects.filter(year=year).exists():
        raise NotPossible(_("There are awards of %(year)d already.") % {"year": year})
    times = {name: _a_year_later(getattr(award_round, name)) for name in TIMES}
    copy = AwardRound.objects.create(year=year, title=award_round.title, about=award_round.about, **times)
    for part in (award_round.categories, award_round.criteria):
        for row in part.all():
            row.pk, row._state.adding, row.round = None, True, copy
            row.save()
    audit.record(verb="awardround.added", subject=copy, actor=actor, copied=award_round.pk)
    return copy


def _a_year_later(moment):
    """The same time of the day in Oxfordshire, whatever the clocks do."""
    local = timezone.localtime(moment)
    day = add_months(local.date(), 12)
    return local.replace(year=day.year, month=day.month, day=day.day, tzinfo=None, fold=0).replace(tzinfo=local.tzinfo)


@transaction.atomic
def publish_round(*, award_round, actor):
    """Shows a year's awards to the public. Raises NotPossible when they are public, or without a category."""
    award_round = lock_round(award_round)
    if award_round.published_at:
        raise NotPossible(_("These awards are public already."))
    if not award_round.categories.exists() or not award_round.criteria.exists():
        raise NotPossible(_("Add at least one category and one criterion first: they are published with the awards."))
    award_round.published_at = timezone.now()
    award_round.save(update_fields=["published_at"])
    audit.record(verb="awardround.published", subject=award_round, actor=actor)
    return award_round


@transaction.atomic
def save_round(*, award_round, fields, actor):
    """Writes changed fields of a round, which `award_round` holds already. Returns it as it is now.

    Raises NotPossible when times would change of a round whose winners are announced.
    """
    now = lock_round(award_round)
    fields = {name for name in fields if getattr(now, name) != getattr(award_round, name)}
    if now.is_announced() and fields & {"year", *TIMES}:
        raise NotPossible(_("The winners are announced, so the times stay as they were."))
    for name in fields:
        setattr(now, name, getattr(award_round, name))
    if fields:
        now.save(update_fields=fields)
        audit.record(verb="awardround.changed", subject=now, actor=actor, fields=sorted(fields))
    return now


# Shortlist ------------------------------------------------------------------------------------


@transaction.atomic
def set_shortlist(*, award_round, nominations, actor):
    """Makes these nominations the shortlist, which nobody else sees until it is published.

    nominations: of this round, approved. Raises NotPossible, with the reasons by partner, when one cannot be on it.
    """
    award_round = lock_round(award_round)
    if award_round.shortlisted_at:
        raise NotPossible(_("The shortlist is public, so it stays as it is. A nominee can still withdraw."))
    chosen = {nomination.pk for nomination in nominations}
    rows = list(_of(award_round).standing().select_for_update(of=("self",)))
    if missing := chosen - {row.pk for row in rows}:
        raise NotPossible(
            _("Something changed meanwhile: %(n)d of these nominations cannot be chosen any more. Look at them again.")
            % {"n": len(missing)}
        )
    refused = [error for row in rows if row.pk in chosen for error in _why_not_shortlist(row)]
    if refused:
        raise NotPossible(refused)
    changed = [row for row in rows if row.is_shortlisted != (row.pk in chosen)]
    for row in changed:
        row.is_shortlisted = not row.is_shortlisted
        row.place = row.place if row.is_shortlisted else None
        row.save(update_fields=["is_shortlisted", "place"])
    if changed:
        audit.record(verb="awardround.shortlist", subject=award_round, actor=actor, nominations=sorted(chosen))


def _why_not_shortlist(nomination):
    reasons = obstacles(nomination.category, nomination.partner, besides=nomination)
    return [f"{nomination.partner.name}: {reason}" for reason in reasons]


@transaction.atomic
def publish_shortlist(*, award_round, actor):
    """Shows the shortlist to the public, for good, and tells the nominees on it.

    Raises NotPossible before nominations have closed, when it is public, or when it is empty.
    """
    award_round = lock_round(award_round)
    if award_round.shortlisted_at:
        raise NotPossible(_("The shortlist is public already."))
    if not award_round.published_at or award_round.still_takes_what_was_begun():
        raise NotPossible(_("Nominations must have closed first."))
    chosen = list(_of(award_round).standing().filter(is_shortlisted=True))
    if not chosen:
        raise NotPossible(_("Nobody is on the shortlist yet."))
    award_round.shortlisted_at = timezone.now()
    award_round.save(update_fields=["shortlisted_at"])
    audit.record(verb="awardround.shortlisted", subject=award_round, actor=actor)
    for nomination in chosen:
        letters.shortlisted(nomination)
    mail.nudge()
    return award_round


# Winners --------------------------------------------------------------------------------------


@transaction.atomic
def set_places(*, award_round, places, actor, why=""):
    """Says who won and who is highly commended. places: nomination's key → WINNER, COMMENDED or None; others stay.

    The clock alone announces it. After that it changes only with a reason, which the audit trail keeps.

    Raises NotPossible when the shortlist is not public, or a nomination is not on it or was withdrawn.
    """
    award_round = lock_round(award_round)
    if not award_round.shortlisted_at:
        raise NotPossible(_("Publish the shortlist first: winners come from it."))
    why = why.strip()
    rows = {row.pk: row for row in _of(award_round).shortlisted().select_for_update(of=("self",))}
    if not places.keys() <= rows.keys():
        raise NotPossible(_("Somebody withdrew from the shortlist meanwhile. Look at it again."))
    changed = {pk: place for pk, place in places.items() if rows[pk].place != place}
    if changed and award_round.is_announced() and not why:
        raise ValidationError({"why": _("The winners are announced. Say why you correct them.")})
    for pk, place in changed.items():
        before, rows[pk].place = rows[pk].place, place
        rows[pk].full_clean(exclude=["partner", "category", "pledge", "review"])
        rows[pk].save(update_fields=["place"])
        audit.record(
            verb="nomination.placed", subject=rows[pk], actor=actor, note=why, before=before or 0, after=place or 0
        )
    return list(changed)


def _of(award_round):
    rows = Nomination.objects.filter(category__round=award_round)
    return rows.select_related("category__round", "category__area", "partner").order_by("category", "pk")
