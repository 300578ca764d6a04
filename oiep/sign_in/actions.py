"""What people change about how they sign in. Each change is on record, and told to them by e-mail."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep import audit
from oiep import email as mail
from oiep.limits import seconds_to_wait
from oiep.models import AddressChange, OutgoingEmail
from oiep.moderation import NotPossible

Type = Authenticator.Type

# What was done, as the subject of the message about it.
CHANGES = {
    "passkey_added": gettext_lazy("A passkey was added to your account"),
    "passkey_removed": gettext_lazy("A passkey was removed from your account"),
    "app_added": gettext_lazy("An authenticator app was added to your account"),
    "app_removed": gettext_lazy("The authenticator app was removed from your account"),
    "recovery_codes_made": gettext_lazy("New recovery codes were made for your account"),
    "recovery_code_used": gettext_lazy("A recovery code was used to sign in to your account"),
    "second_factor_forgotten": gettext_lazy("We removed the passkeys and the app from your account"),
    "password_set": gettext_lazy("A password was set for your account"),
    "password_removed": gettext_lazy("The password was removed from your account"),
    "address_changed": gettext_lazy("The e-mail address of your account was changed"),
    "device_signed_out": gettext_lazy("A device was signed out of your account"),
    "devices_signed_out": gettext_lazy("Your other devices were signed out"),
}


@transaction.atomic
def tell(*, user, change, actor, to=None):
    """Records a change, one of CHANGES, and tells the person by e-mail.

    actor: who did it, or None for an operator. to: another address than the person's.
    """
    audit.record(verb=f"user.{change}", subject=user, actor=actor)
    context = {"subject": CHANGES[change], "change": change, "at": timezone.now()}
    mail.queue(to=to or user.email, template="sign_in_changed", context=context, about=user)


def _locked(user):
    return get_user_model().objects.select_for_update().get(pk=user.pk)


def _end_sessions(user):
    """Ends all sessions of a user; who is to stay signed in gets a new one (`oiep.sign_in.sessions.keep`)."""
    user.session_round += 1
    user.save(update_fields=["session_round"])


# Passkeys, app, recovery codes ----------------------------------------------------------------


@transaction.atomic
def add_passkey(*, user, name, credential):
    """Returns the passkey's row. The first of any second factor brings recovery codes with it."""
    user = _locked(user)
    passkey = WebAuthn.add(user, name, credential).instance
    RecoveryCodes.activate(user)
    tell(user=user, change="passkey_added", actor=user)
    return passkey


@transaction.atomic
def remove_passkey(*, user, pk):
    """Does nothing when it is gone already."""
    _remove(user, Authenticator.objects.filter(user=user, type=Type.WEBAUTHN, pk=pk), "passkey_removed")


@transaction.atomic
def add_app(*, user, secret):
    """Returns the app's row, the one that is there if a second request was quicker."""
    user = _locked(user)
    if app := Authenticator.objects.filter(user=user, type=Type.TOTP).first():
        return app
    app = TOTP.activate(user, secret).instance
    RecoveryCodes.activate(user)
    tell(user=user, change="app_added", actor=user)
    return app


@transaction.atomic
def remove_app(*, user):
    _remove(user, Authenticator.objects.filter(user=user, type=Type.TOTP), "app_removed")


def _remove(user, rows, change):
    user = _locked(user)
    if rows.delete()[0]:
        own = Authenticator.objects.filter(user=user)
        if not own.exclude(type=Type.RECOVERY_CODES).exists():
            own.delete()  # recovery codes stand in for something that is no longer there
        tell(user=user, change=change, actor=user)


@transaction.atomic
def make_recovery_codes(*, user):
    """New ones; the old ones no longer work. Only who has something to recover has any."""
    user = _locked(user)
    own = Authenticator.objects.filter(user=user)
    if own.exclude(type=Type.RECOVERY_CODES).exists():
        own.filter(type=Type.RECOVERY_CODES).delete()
        RecoveryCodes.activate(user)
        tell(user=user, change="recovery_codes_made", actor=user)


@transaction.atomic
def forget_second_factor(*, user):
    """For who has lost them all: takes passkeys, app and recovery codes away, and ends all sessions.

    Returns whether there were any.
    """
    user = _locked(user)
    if not Authenticator.objects.filter(user=user).delete()[0]:
        return False
    _end_sessions(user)
    tell(user=user, change="second_factor_forgotten", actor=None)
    return True


# Password, sessions ---------------------------------------------------------------------------


@transaction.atomic
def set_password(*, user, password):
    """Ends all sessions. Returns the user as it is now."""
    user = _locked(user)
    user.set_password(password)
    user.save(update_fields=["password"])
    _end_sessions(user)
    tell(user=user, change="password_set", actor=user)
    return user


@transaction.atomic
def remove_password(*, user):
    """Ends all sessions. Returns the user as it is now."""
    user = _locked(user)
    if user.has_usable_password():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        _end_sessions(user)
        tell(user=user, change="password_removed", actor=user)
    return user


@transaction.atomic
def sign_out_device(*, user, pk):
    """Ends one session. Does nothing when it is over already."""
    session = UserSession.objects.select_for_update().filter(user=user, pk=pk).first()
    if session:
        session.end()
        tell(user=user, change="device_signed_out", actor=user)


@transaction.atomic
def sign_out_everywhere(*, user):
    """Ends all sessions. Returns the user as it is now."""
    user = _locked(user)
    _end_sessions(user)
    tell(user=user, change="devices_signed_out", actor=user)
    return user


# Name and address -----------------------------------------------------------------------------


@transaction.atomic
def change_name(*, user, name):
    user = _locked(user)
    if user.name != name:
        user.name = name
        user.save(update_fields=["name"])
        audit.record(verb="user.name_changed", subject=user, actor=user)


@transaction.atomic
def ask_for_address(*, user, email):
    """Sends a link to an address that somebody wants to sign in with from now on.

    email: as `oiep.text.normalise_email` gives it. Where the address has an account of its own, its owner is told, and
    all else is the same: who asks must not learn it. Raises NotPossible after ADDRESS_CHANGE_LIMITS.
    """
    user = _locked(user)
    if seconds_to_wait(user.address_changes.all(), "asked_at", *settings.ADDRESS_CHANGE_LIMITS):
        raise NotPossible(_("You have asked for that several times. Wait a day, then try again."))
    change = AddressChange.objects.create(user=user, email=email)
    is_taken = get_user_model().objects.filter(email=email).exists()
    template = "address_taken" if is_taken else "address_confirm"
    # A known address has no more patience for strangers than an unknown one.
    mail.queue(to=email, template=template, context={"change": change}, about=user, unproven=True)
    audit.record(verb="user.address_asked", subject=user, actor=user)
    return change


@transaction.atomic
def change_address(*, change, user):
    """Makes the new address the one that the person signs in with, and ends all sessions.

    Returns the user as it is now. Mail that waits for the old address goes to the new one (docs/decisions/0011). Raises
    NotPossible when the link is over, or somebody else has that address by now.
    """
    user = _locked(user)
    change = AddressChange.objects.open().filter(pk=change.pk, user=user).first()
    if change is None:
        raise NotPossible(_("That link no longer works. Ask for a new one."))
    old, user.email = user.email, change.email
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError:
        raise NotPossible(
            _("That address has an account of its own by now. Sign in with it, or choose another.")
        ) from None
    change.done_at = timezone.now()
    change.save(update_fields=["done_at"])
    # allauth would let in whoever has an address of its own list; we keep none there.
    EmailAddress.objects.filter(user=user).delete()
    _end_sessions(user)
    _readdress(old, user.email)
    tell(user=user, change="address_changed", actor=user, to=old)
    return user


def _readdress(old, new):
    """Messages that have not gone yet follow the person.

    Not those that let somebody in, nor those that warn of a change: who took an account over must not divert them.
    """
    unsent = (OutgoingEmail.State.WAITING, OutgoingEmail.State.FAILED)
    rows = OutgoingEmail.objects.filter(to=old, state__in=unsent, unproven=False)
    rows.exclude(Q(template__startswith="account/") | Q(template="sign_in_changed")).update(to=new)
