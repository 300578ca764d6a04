"""A new version of the Charter: who signed an earlier one is asked to sign it, and does.

`charter/<version>/<partner>/<step>` is the key of each message, so that it goes once whatever is run twice or late.
"""

import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from partners.models import Membership, Partner
from pledges.models import CharterVersion, Signature

ASKED, REMINDED = "asked", "reminded"


def _current(today):
    """The version in force, while it asks people to sign again; else None."""
    version = CharterVersion.objects.published(today).order_by("number").last()
    return version if version and version.takes_signing_again(today) else None


def _step(version, today):
    """The step that is due: of several that were missed, the latest."""
    reminded_on = version.again_until - datetime.timedelta(days=settings.CHARTER_REMINDER_DAYS)
    if max(reminded_on, version.published_on + datetime.timedelta(days=1)) > today:
        return ASKED
    # Each last day has a reminder of its own.
    return f"{REMINDED}-{version.again_until}" if version.again_was_until else REMINDED


def to_ask_today(today=None):
    """The partners that are asked or reminded today, and have not been yet."""
    today = today or timezone.localdate()
    version = _current(today)
    if version is None:
        return Partner.objects.none()
    step = Value(f"/{_step(version, today)}")
    key = Concat(Value(f"charter/{version.number}/"), Cast(OuterRef("pk"), CharField()), step)
    led = Membership.objects.filter(partner=OuterRef("pk"), role=Membership.Role.LEAD, ended_at=None)
    partners = version.partners_to_ask().filter(Exists(led), ~Exists(OutgoingEmail.objects.filter(key=key)))
    return partners.order_by("pk")


@transaction.atomic
def put_off_signing_again(*, version, until, actor):
    """Gives those who are asked to sign a published version more time; all who have not are reminded of the new day.

    Raises NotPossible where nobody is asked, or a newer version is in force; ValidationError for a day that is not
    later than today and than the one that stands.
    """
    version = CharterVersion.objects.select_for_update().get(pk=version.pk)
    today = timezone.localdate()
    newest = CharterVersion.objects.published(today).order_by("number").last()
    if version.again == version.Again.NOBODY or newest is None or newest.pk != version.pk:
        raise NotPossible(_("Nobody is asked to sign this version now."))
    if until <= max(version.again_until, today):
        raise ValidationError(_("Choose a day to come, later than the one that stands."))
    before, version.again_was_until, version.again_until = version.again_until, version.again_until, until
    version.save(update_fields=["again_until", "again_was_until"])
    audit.record(verb="charterversion.put_off", subject=version, actor=actor, before=str(before), after=str(until))
    return version


@transaction.atomic
def ask_to_sign_again(*, partner, today=None):
    """Asks a partner's lead to sign the version in force, or reminds them. Returns whether a message was written."""
    today = today or timezone.localdate()
    partner = Partner.objects.select_for_update().prefetch_related("signatures", "memberships__user").get(pk=partner.pk)
    version = _current(today)
    if version is None or not version.asks(partner, today) or partner.lead is None:
        return False
    step = _step(version, today)
    written = mail.queue(
        to=partner.lead.user.email,
        template="charter_again",
        context={"partner": partner, "version": version, "is_reminder": step != ASKED},
        key=f"charter/{version.number}/{partner.pk}/{step}",
        about=partner,
        hurry=False,
    )
    return written is not None


@transaction.atomic
def sign_again(*, partner, actor, name, job_title="", version):
    """Signs a version of the Charter for a partner that signed an earlier one. Returns the signature.

    version: the one that was read. Raises NotPossible when it is not, or no more, asked to sign it, or another version
    came meanwhile.
    """
    partner = Partner.objects.select_for_update().prefetch_related("signatures", "memberships__user").get(pk=partner.pk)
    if partner.lead is None or partner.lead.user_id != actor.pk:
        raise NotPossible(_("Only the lead of a partner signs for it."))
    current = _current(timezone.localdate())
    if current is None or current.pk != version.pk or not current.asks(partner):
        raise NotPossible(_("There is no version of the Charter that waits for your signature."))
    now = timezone.now()
    try:
        with transaction.atomic():
            signature = Signature.objects.create(
                partner=partner,
                charter=current,
                signer=actor,
                signer_name=name,
                signer_job_title=job_title,
                declared_at=now,
                confirmed_at=now,
            )
    except IntegrityError:  # the database takes each version once
        raise NotPossible(_("There is no version of the Charter that waits for your signature.")) from None
    waiting = OutgoingEmail.objects.filter(key__startswith=f"charter/{current.number}/{partner.pk}/")
    mail.withhold(waiting, reason=_("The partner has signed it."))
    audit.record(verb="partner.signed_again", subject=partner, actor=actor, charter=current.number)
    return signature
