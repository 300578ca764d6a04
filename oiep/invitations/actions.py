"""Inviting somebody, sending it again, taking it back, and the answers.

Each is called in the transaction of the app that invites, once that holds the lock on what one is invited to.
"""

import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oiep import audit
from oiep import email as mail
from oiep.invitations.models import Invitation
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible

State = Invitation.State


def invite(*, invitations, email, actor, template, context=None, **values):
    """Invites an address and writes to it. Returns the invitation.

    invitations: all those of one partner or group, `partner.invitations`. email: in our one spelling. template,
    context: the message; its template gets the invitation as well. values: further fields of the row. Raises
    NotPossible when the address is invited already, or when there are too many.

    It does not tell whether the address is known to us: to one that has had its few messages for today nothing goes,
    and the invitation stands all the same.
    """
    same = invitations.select_for_update().filter(email=email, state=State.OPEN).first()
    if same and same.is_open:
        raise NotPossible(_("This address is invited already. You can send the invitation again."))
    if invitations.open().count() >= settings.INVITATIONS_AT_MOST:
        raise NotPossible(
            ngettext(
                "%(n)d invitation waits for an answer, and there can be no more. Take one back first.",
                "%(n)d invitations wait for an answer, and there can be no more. Take one back first.",
                settings.INVITATIONS_AT_MOST,
            )
            % {"n": settings.INVITATIONS_AT_MOST}
        )
    values |= {"invited_by": actor, "invited_at": timezone.now()}
    if same:  # it ran out
        invitation = same
        _set(invitation, **values)
    else:
        invitation = invitations.create(email=email, **values)
    audit.record(verb=f"{_name(invitation)}.invited", subject=invitation, actor=actor)
    _send(invitation, invitations, template, context)
    return invitation


def send_again(*, invitations, invitation, actor, template, context=None):
    """Sends an invitation once more, which makes it last INVITATION_DAYS from now. Returns it.

    Raises NotPossible when it was answered or taken back, or when it was sent too often.
    """
    invitation = _locked(invitation)
    if invitation.state != State.OPEN:
        raise NotPossible(invitation.why_over)
    _set(invitation, invited_at=timezone.now())
    audit.record(verb=f"{_name(invitation)}.sent_again", subject=invitation, actor=actor)
    _send(invitation, invitations, template, context)
    return invitation


def take_back(*, invitation, actor):
    """Ends an invitation that nobody has answered. Raises NotPossible when somebody has. Returns it."""
    invitation = _locked(invitation)
    if invitation.state != State.OPEN:  # one that ran out can be taken off the list as well
        raise NotPossible(invitation.why_over)
    return _close(invitation, State.TAKEN_BACK, actor)


def accept(*, invitation, user):
    """Notes that the invited person accepts, in the transaction that gives them what they were invited to. Returns it.

    Raises NotPossible when it is over, or when the person has another address than the one that was invited.
    """
    return _answer(invitation, State.ACCEPTED, user)


@transaction.atomic
def decline(*, invitation, user):
    """Notes that the invited person does not want it. Raises as `accept` does. Returns the invitation."""
    return _answer(invitation, State.DECLINED, user)


def _answer(invitation, state, user):
    invitation = _locked(invitation)
    if not invitation.is_for(user):
        raise NotPossible(_("This invitation went to another address than the one that you signed in with."))
    if not invitation.is_open:
        raise NotPossible(invitation.why_over)
    return _close(invitation, state, user)


def _locked(invitation):
    return type(invitation).objects.select_for_update(of=("self",)).get(pk=invitation.pk)


def _close(invitation, state, actor):
    _set(invitation, state=state, answered_at=timezone.now())
    audit.record(verb=f"{_name(invitation)}.{state}", subject=invitation, actor=actor)
    mail.withhold(OutgoingEmail.objects.about(invitation), reason=_("The invitation is over."))
    return invitation


def _set(invitation, **values):
    for name, value in values.items():
        setattr(invitation, name, value)
    invitation.save(update_fields=list(values))


def _name(invitation):
    return invitation._meta.model_name


def _send(invitation, invitations, template, context):
    _hold_to_limits(invitation, invitations)
    mail.queue(
        to=invitation.email,
        template=template,
        context={"invitation": invitation, **(context or {})},
        about=invitation,
        unproven=not get_user_model().objects.filter(email=invitation.email, last_login__isnull=False).exists(),
    )


def _hold_to_limits(invitation, invitations):
    sent = OutgoingEmail.objects.filter(
        subject_type=ContentType.objects.get_for_model(invitation),
        subject_id__in=invitations.annotate(key=Cast("pk", CharField())).values("key"),
        created_at__gt=timezone.now() - datetime.timedelta(days=1),
    )
    to_one = sent.filter(to=invitation.email).count() >= settings.UNPROVEN_ADDRESS_MAILS_A_DAY
    if to_one or sent.count() >= settings.INVITATION_MAILS_A_DAY:
        raise NotPossible(_("We have sent many invitations for you today. Send this one tomorrow."))
