"""Putting a partner forward, changing what was written, and taking it back."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.actions.awards.locking import lock_nomination, lock_round
from events.eligibility import obstacles
from events.models import Nomination
from oiep import audit
from oiep.moderation import Move, NotPossible, State, move
from partners.actions.standing import locked
from partners.models import Partner
from working_groups.times import moment


class Closed(NotPossible):
    """Nominations are not open. The message may be shown to a user."""


@transaction.atomic
def nominate(*, category, partner, why, actor, pledge=None, review=None, story=None):
    """Sends a nomination in; it waits for the manager. Returns it.

    Raises Closed outside the round's times, with AWARD_GRACE_MINUTES for who was writing; NotPossible, with the
    reasons, when the partner cannot be nominated there; ValidationError for what the model does not take.
    """
    award_round = lock_round(category.round)
    _require_open(award_round)
    partner = locked(partner)
    nomination = Nomination(category=category, partner=partner, nominated_by=actor)
    _fill(nomination, why=why, pledge=pledge, review=review, story=story)
    _require_eligible(nomination)
    nomination.full_clean()
    nomination.save()
    move(nomination, Move.SUBMIT, actor=actor, partner=partner.pk, category=category.pk)
    return nomination


@transaction.atomic
def change_nomination(*, nomination, why, actor, pledge=None, review=None, story=None):
    """Changes a nomination that we have not approved yet, and sends it in again if changes were asked for.

    Changes that we asked for may come until the judges are done. Raises as `nominate` does.
    """
    nomination = lock_nomination(nomination)
    if nomination.withdrawn_at or nomination.state not in (State.SUBMITTED, State.CHANGES_ASKED):
        raise NotPossible(_("We have decided on this meanwhile. Look at it again."))
    if nomination.state == State.SUBMITTED:
        _require_open(nomination.category.round)
    elif timezone.now() >= nomination.category.round.judged_until:
        raise Closed(_("The judges are done, so this cannot be changed any more."))
    _fill(nomination, why=why, pledge=pledge, review=review, story=story)
    _require_eligible(nomination)
    nomination.full_clean()
    nomination.save(update_fields=["why", "pledge", "review", "story"])
    if nomination.state == State.CHANGES_ASKED:
        move(nomination, Move.SUBMIT, actor=actor)
    else:
        audit.record(verb="nomination.changed", subject=nomination, actor=actor)
    return nomination


@transaction.atomic
def withdraw_nomination(*, nomination, actor):
    """Takes a nomination back: who nominated may until it is on a public shortlist, the nominee until the winners are
    announced. A name that was on the shortlist stays there, with the word that it withdrew.

    Raises NotPossible when it is too late, or not theirs. Doing it twice does it once. Returns the nomination.
    """
    nomination = lock_nomination(nomination)
    if nomination.withdrawn_at:
        return nomination
    if obstacle := why_not_withdraw(nomination, actor):
        raise NotPossible(obstacle)
    nomination.withdrawn_at = timezone.now()
    nomination.place = None
    nomination.save(update_fields=["withdrawn_at", "place"])
    by_nominee = acts_for_nominee(nomination, actor)
    audit.record(verb="nomination.withdrawn", subject=nomination, actor=actor, by_nominee=by_nominee)
    return nomination


def why_not_withdraw(nomination, user):
    """Why a person cannot take a nomination back now; empty when they can."""
    award_round = nomination.category.round
    if nomination.state == State.DECLINED:
        return _("We have declined this nomination, so there is nothing to take back.")
    if award_round.is_announced():
        return _("The winners are announced, so a nomination cannot be taken back any more.")
    if acts_for_nominee(nomination, user):
        return ""
    if nomination.nominated_by_id != user.pk:
        return _("This nomination is not yours.")
    if nomination.is_shortlisted and award_round.shortlisted_at:
        return _("It is on the shortlist now. Only the nominee can still take it back.")
    return ""


def acts_for_nominee(nomination, user):
    return Partner.objects.visible_to(user).filter(pk=nomination.partner_id).exists()


def _require_open(award_round):
    if award_round.still_takes_what_was_begun():
        return
    if award_round.published_at and timezone.now() >= award_round.closes_at:
        raise Closed(
            _("Nominations closed on %(when)s. What you wrote is below: keep a copy for next year.")
            % {"when": moment(award_round.closes_at)}
        )
    raise Closed(_("Nominations are not open yet."))


def _fill(nomination, *, why, pledge, review, story):
    partner, category = nomination.partner_id, nomination.category
    if any(evidence and evidence.partner_id != partner for evidence in (pledge, review, story)):
        raise ValidationError(_("Choose a pledge, a review or a story of the partner that you nominate."))
    if pledge and category.area_id and pledge.area_id != category.area_id:
        sentence = _("This category is for pledges on “%(area)s”. Choose one of those, or none.")
        raise ValidationError({"pledge": sentence % {"area": category.area.short_name}})
    nomination.why, nomination.pledge, nomination.review, nomination.story = why, pledge, review, story


def _require_eligible(nomination):
    if reasons := obstacles(nomination.category, nomination.partner, besides=nomination):
        raise NotPossible(" ".join(reasons))
