"""Sending in again what a partner was asked to change."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from oiep.moderation import Move, NotPossible, State, move
from pledges.actions import answers
from pledges.actions.moderation.rows import Rows, naming
from pledges.models import Review


@transaction.atomic
def submit_again(*, objects, actor, message=""):
    """Sends things of one partner, for which changes were asked, in again. message: the partner's word to the manager.

    Raises NotPossible, with words that say which and why.
    """
    if not objects:
        raise ValidationError(_("Choose what to send in again."))
    rows = Rows(objects[0])
    again = sorted((rows.of(obj) for obj in objects), key=rows.order)
    for obj in again:
        with naming(obj):
            if obj != rows.partner and rows.partner.state == State.DECLINED:
                raise NotPossible(_("The signature was declined, so this cannot be sent in any more."))
            if isinstance(obj, Review):  # it has to be complete
                answers.send_in(review=obj, actor=actor)
                obj.refresh_from_db()
            else:
                move(obj, Move.SUBMIT, actor=actor, message=message)
    return again
