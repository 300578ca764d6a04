"""Messages from visitors, passed on."""

import math

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oiep import email as mail
from oiep.limits import seconds_to_wait
from oiep.locks import lock_on
from oiep.moderation import NotPossible
from partners.actions.standing import TooMany, locked
from partners.models import ContactMessage


@transaction.atomic
def pass_on_message(*, partner, name, email, message, source, purpose=""):
    """Passes a visitor's message on by e-mail: to the partner's lead, or with None as partner to the partnership.

    purpose: one of those that the partner takes; none for the partnership. source: `oiep.limits.source_of` the request.
    Returns the ContactMessage. Raises TooMany when one source, sender or partner has reached its limit, NotPossible
    when the partner takes no such messages any more.
    """
    _check_message_limits(partner, source, email)
    to, template = settings.CONTACT_EMAIL, "contact_partnership"
    if partner:
        partner = locked(partner)
        if not (partner.takes_messages and partner.lead and purpose in partner.contact_purposes):
            raise NotPossible(_("This partner does not take such messages any more, so yours was not sent."))
        to, template = partner.lead.user.email, "contact_message"
    letter = ContactMessage(partner=partner, purpose=purpose, name=name, email=email, message=message, source=source)
    letter.full_clean()
    letter.save()
    mail.queue(to=to, template=template, context={"letter": letter}, about=partner, reply_to=email)
    return letter


def _check_message_limits(partner, source, email):
    # Each is locked, always in this order, so that simultaneous messages cannot all see room for one more.
    limits = [("source", source, settings.CONTACT_LIMIT_BY_SOURCE), ("email", email, settings.CONTACT_LIMIT_BY_SENDER)]
    if partner:
        limits.append(("partner", partner.pk, settings.CONTACT_LIMIT_BY_PARTNER))
    for field, value, limit in limits:
        lock_on(f"contact by {field} {value}")
        if seconds := seconds_to_wait(ContactMessage.objects.filter(**{field: value}), "sent_at", limit):
            minutes = math.ceil(seconds / 60)
            raise TooMany(
                ngettext(
                    "There have been many messages in a short time, so yours was not sent. "
                    "Keep what you wrote and send it again in %(minutes)d minute.",
                    "There have been many messages in a short time, so yours was not sent. "
                    "Keep what you wrote and send it again in %(minutes)d minutes.",
                    minutes,
                )
                % {"minutes": minutes}
            )
