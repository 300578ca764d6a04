"""Messages from visitors, passed on, and what is done about those that are abuse."""

import math

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oiep import audit
from oiep import email as mail
from oiep.limits import seconds_to_wait
from oiep.locks import lock_on
from oiep.moderation import NotPossible
from partners.actions.standing import TooMany, locked
from partners.models import BlockedSender, ContactMessage
from partners.models.messages import key_of_sender


@transaction.atomic
def pass_on_message(*, partner, name, email, message, source, purpose=""):
    """Passes a visitor's message on by e-mail: to the partner's lead, or with None as partner to the partnership.

    purpose: one of those that the partner takes; none for the partnership. source: `oiep.limits.source_of` the request.
    Returns the ContactMessage. Raises TooMany when one source, sender or partner has reached its limit, NotPossible
    when the partner takes no such messages any more or the sender is blocked. A blocked sender can still write to the
    partnership.
    """
    if partner and BlockedSender.objects.of(email).exists():
        raise NotPossible(
            _(
                "We do not pass on messages from this address any more, so yours was not sent. If you think that this "
                "is wrong, write to the partnership: use “Contact us” at the foot of this page."
            )
        )
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


@transaction.atomic
def report_message(*, message, report, actor):
    """Tells the manager that a message that we passed on is abuse. To report it twice is to report it once.

    report: what is wrong with it, in a sentence. Returns the message. Raises ValidationError for a sentence that cannot
    be kept.
    """
    message = _locked_message(message)
    if message.reported_at:
        return message
    message.reported_at, message.reported_by, message.report = timezone.now(), actor, report
    message.full_clean()
    message.save(update_fields=["reported_at", "reported_by", "report"])
    audit.record(verb="contactmessage.reported", subject=message, actor=actor, partner=message.partner_id)
    mail.queue(
        to=settings.CONTACT_EMAIL,
        template="contact_reported",
        context={"message": message},
        key=f"contactmessage/{message.pk}/reported",
        about=message.partner,
    )
    return message


@transaction.atomic
def block_sender(*, message, actor):
    """Passes on no more messages from the address that a message came from, and settles what was reported of it.

    Returns the BlockedSender.
    """
    blocked, is_new = BlockedSender.objects.get_or_create(
        key=key_of_sender(message.email), defaults={"blocked_by": actor}
    )
    if is_new:
        audit.record(verb="blockedsender.blocked", subject=blocked, actor=actor, message=message.pk)
    for row in ContactMessage.objects.to_settle().select_for_update().filter(email=message.email).order_by("pk"):
        _settle(row, ContactMessage.Settlement.BLOCKED, actor)
    return blocked


@transaction.atomic
def unblock_sender(*, blocked, actor):
    """Passes messages of a blocked sender on again."""
    if BlockedSender.objects.filter(pk=blocked.pk).delete()[0]:
        audit.record(verb="blockedsender.unblocked", subject=blocked, actor=actor)


@transaction.atomic
def dismiss_report(*, message, actor):
    """Settles a report of a message with which nothing is wrong. Returns whether there was one to settle."""
    message = _locked_message(message)
    if not message.reported_at or message.settled_at:
        return False
    _settle(message, ContactMessage.Settlement.DISMISSED, actor)
    return True


def _locked_message(message):
    return ContactMessage.objects.select_for_update(of=("self",)).select_related("partner").get(pk=message.pk)


def _settle(message, settlement, actor):
    message.settlement, message.settled_at, message.settled_by = settlement, timezone.now(), actor
    message.save(update_fields=["settlement", "settled_at", "settled_by"])
    audit.record(verb=f"contactmessage.{settlement}", subject=message, actor=actor, partner=message.partner_id)
