"""Who judges: invited by e-mail or appointed, until they stand down."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.actions.locking import lock_round
from events.models import Judge
from oiep import audit
from oiep.invitations import actions as invitations
from oiep.moderation import NotPossible

TEMPLATE = "award_judge_invited"


@transaction.atomic
def invite_judge(*, round, email, categories, actor):
    """Asks an address to judge some categories. Returns the invitation. email: in our one spelling.

    Raises NotPossible when the person judges already or is invited, when there are too many invitations, and once
    judging has ended.
    """
    round = lock_round(round)
    _require_before_end(round)
    if round.judges.active().filter(user__email=email).exists():
        raise NotPossible(_("This person is a judge already. Change their categories instead."))
    invitation = invitations.invite(
        invitations=round.judge_invitations, email=email, actor=actor, template=TEMPLATE, context={"round": round}
    )
    invitation.categories.set(_judged(round, categories))
    return invitation


def _require_before_end(round):
    if round.judged_until <= timezone.now():
        raise NotPossible(_("Judging has ended."))


def _judged(round, categories):
    """Those of the categories that judges decide, of this round."""
    return [row for row in categories if row.round_id == round.pk and not row.is_peoples_choice]


@transaction.atomic
def send_judge_invitation_again(*, invitation, actor):
    """Sends an invitation once more. Raises NotPossible. Returns it."""
    round = lock_round(invitation.round)
    _require_before_end(round)
    return invitations.send_again(
        invitations=round.judge_invitations,
        invitation=invitation,
        actor=actor,
        template=TEMPLATE,
        context={"round": round},
    )


@transaction.atomic
def take_back_judge_invitation(*, invitation, actor):
    """Takes an invitation back. Raises NotPossible when it was answered. Returns it."""
    lock_round(invitation.round)
    return invitations.take_back(invitation=invitation, actor=actor)


@transaction.atomic
def accept_judge_invitation(*, invitation, user):
    """Makes the invited person a judge of those categories, beside what they judge by then. Returns the judge.

    Raises NotPossible when the invitation is over, went to another address, or judging has ended.
    """
    round = lock_round(invitation.round)
    _require_before_end(round)
    invitation = invitations.accept(invitation=invitation, user=user)
    return _appoint(round, user, invitation.categories.all(), actor=user)


@transaction.atomic
def appoint_judge(*, round, user, categories, actor):
    """Makes somebody with an account a judge, also one who stood down. Returns the judge. Raises NotPossible."""
    round = lock_round(round)
    _require_before_end(round)
    return _appoint(round, user, categories, actor)


def _appoint(round, user, categories, actor):
    judge, _new = Judge.objects.select_for_update(of=("self",)).get_or_create(round=round, user=user)
    if judge.stood_down_at:
        judge.stood_down_at = None
        judge.save(update_fields=["stood_down_at"])
    judge.categories.add(*_judged(round, categories))
    audit.record(verb="judge.appointed", subject=judge, actor=actor, round=round.pk)
    return judge


@transaction.atomic
def stand_down(*, judge, actor):
    """Ends somebody's judging. Their scores count no more, and count again if they are appointed anew.

    A second time changes nothing. Returns the judge.
    """
    lock_round(judge.round)
    judge = Judge.objects.select_for_update(of=("self",)).get(pk=judge.pk)
    if judge.stood_down_at is None:
        judge.stood_down_at = timezone.now()
        judge.save(update_fields=["stood_down_at"])
        audit.record(verb="judge.stood_down", subject=judge, actor=actor)
    return judge
