"""The declaration, and the message that asks to confirm it."""

import datetime

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from oiep import audit
from oiep import email as mail
from oiep.limits import seconds_to_wait
from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from pledges.actions.signing.drafts import TooSoon, start
from pledges.models import CharterVersion, PledgeIdea, Signing

_CONFIRMATION_MAILS = ("sign_confirm", "sign_already", "sign_listed")


class NotReady(Exception):
    """Something is still to be answered, or a pledge is in an area that was retired."""


@transaction.atomic
def declare(*, signing, source, browser, show_name=False, news=False):
    """Ends the journey: the signer declares, and gets a link to confirm the address. A second time changes nothing.

    Raises NotReady, and TooSoon when that many were declared from one source or browser.
    """
    signing = Signing.objects.select_for_update().get(pk=signing.pk)
    if signing.declared_at:
        return signing
    if signing.first_unfinished != "check" or signing.stranded_pledges():
        raise NotReady
    if not signing.assisted:
        _hold_to_limits(source, browser)
    signing.answers["publicity"] = {"show_name": show_name}
    signing.answers["news"] = news
    _let_go_of_retired_ideas(signing)
    signing.source, signing.browser = source, browser
    signing.charter = CharterVersion.objects.current()
    signing.declared_at = signing.changed_at = timezone.now()
    signing.save()
    audit.record(verb="signing.declared", subject=signing, actor=signing.assisted_by, assisted=signing.assisted)
    lock_on(f"signing by {signing.email}")
    if earlier := signing.answers.get("instead_of"):
        Signing.objects.unconfirmed().filter(pk=earlier).delete()
    _send_confirmation(signing)
    return signing


def _hold_to_limits(source, browser):
    declared = Signing.objects.filter(assisted="", declared_at__isnull=False)
    lock_on(f"signing from {source}")
    wait = seconds_to_wait(declared.filter(source=source), "declared_at", *settings.SIGNING_LIMITS_BY_SOURCE)
    if browser:
        own = declared.filter(browser=browser)
        wait = max(wait, seconds_to_wait(own, "declared_at", settings.SIGNING_LIMIT_BY_BROWSER))
    if wait:
        raise TooSoon(wait)


def _let_go_of_retired_ideas(signing):
    """What was made of an idea that is retired now stays, as its signer's own words."""
    on_offer = set(PledgeIdea.objects.current().values_list("pk", flat=True))
    for pledge in signing.pledges:
        if pledge["idea_id"] not in on_offer:
            pledge["idea_id"] = None


def _send_confirmation(signing):
    """Sends the link, or tells the mailbox's owner that they have signed; the caller holds the address's lock.

    It counts as sent whatever happens, so that the page is the same for everybody. The same person signing the same
    again within CONFIRMATION_RESEND_MINUTES gets no second message.
    """
    if not _was_mailed_lately(signing):
        mail.queue(
            to=signing.email,
            template=_template_for(signing),
            context={"signing": signing},
            about=signing,
            language=signing.language,
            unproven=True,
        )
    _count_mail(signing)


def _template_for(signing):
    if signing.signed_before():
        return "sign_already"
    return "sign_listed" if signing.is_from_list else "sign_confirm"


def _count_mail(signing):
    signing.mails += 1
    signing.last_mailed_at = timezone.now()
    signing.save(update_fields=["mails", "last_mailed_at"])


def _was_mailed_lately(signing):
    alike = [
        str(other.pk)
        for other in Signing.objects.filter(email=signing.email, declared_at__isnull=False)
        if other.key == signing.key
    ]
    since = timezone.now() - datetime.timedelta(minutes=settings.CONFIRMATION_RESEND_MINUTES)
    return OutgoingEmail.objects.filter(
        to=signing.email,
        template__in=_CONFIRMATION_MAILS,
        created_at__gt=since,
        subject_type=ContentType.objects.get_for_model(Signing),
        subject_id__in=alike,
    ).exists()


@transaction.atomic
def send_again(*, signing):
    """Sends the link to confirm again: once an hour, and five times in all with the first. Returns whether it may be.

    For a signing that was confirmed since the answer is the same, and nothing is sent.
    """
    lock_on(f"signing by {signing.email}")
    signing = Signing.objects.select_for_update().get(pk=signing.pk)
    if not signing.may_be_sent_again():
        return False
    if signing.confirmed_at:
        _count_mail(signing)
    else:
        _send_confirmation(signing)
    return True


@transaction.atomic
def start_again(*, signing, source, browser):
    """Begins another signing with the answers of one that was declared, to correct them. Returns the new one.

    The earlier one goes when the new one is declared.
    """
    answers = {key: value for key, value in signing.answers.items() if key != "instead_of"}
    again = start(
        kind=signing.kind,
        source=source,
        browser=browser,
        assisted=signing.assisted,
        assisted_by=signing.assisted_by,
    )
    again.answers = answers | {"instead_of": str(signing.pk)}
    again.email = signing.email
    again.save(update_fields=["answers", "email"])
    return again
