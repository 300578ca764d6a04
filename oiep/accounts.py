"""Who may sign in, and how allauth does it for us.

An account is made by confirming a signature, so its address is confirmed from its first day: there is no sign-up and
no second confirmation (ACCOUNT_EMAIL_VERIFICATION is "none"). People sign in by a code sent to that address.
"""

import base64
import hashlib
import logging

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from oiep import email as mail
from oiep import languages
from oiep.text import normalise_email


def user_for(email, name="", language=""):
    """The user of an e-mail address that its owner has just confirmed; made when there is none yet.

    A name and a language that are there already are kept. Raises ValidationError when it is not an e-mail address.
    """
    users = get_user_model().objects
    email = normalise_email(email)
    if user := users.filter(email=email).first():
        missing = {"name": name and not user.name, "language": language and not user.language}
        if fields := [field for field, is_missing in missing.items() if is_missing]:
            user.name, user.language = user.name or name, user.language or language
            user.save(update_fields=fields)
        return user
    try:
        with transaction.atomic():
            return users.create_user(email, name=name, language=language)
    except IntegrityError:  # somebody confirmed the same address at the same moment
        return users.get(email=email)


security = logging.getLogger("oiep.security")


def _note(event, **details):
    """A line of the log about signing in: the account's number, never a name or an address."""
    security.info(event, extra={"of": {"event": event, **details}})


class _Noting:
    """Notes each refusal, by what was wrong."""

    def validation_error(self, code, *args):
        _note("sign-in refused", why=code)
        return super().validation_error(code, *args)


class AccountAdapter(_Noting, DefaultAccountAdapter):
    """Sign-in mail goes through the queue like all other mail, and what is wrong is said in our words."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "The e-mail address or the password is not right. You can ask for a code instead."
        ),
        "incorrect_code": _("That is not the code. Look for our newest e-mail and enter the code from it."),
        "incorrect_password": _("That is not your password. You can use another way instead."),
        "too_many_login_attempts": _("That was too many tries. Wait a few minutes, then ask for a new code."),
    }

    def is_open_for_signup(self, request):
        return False

    def get_login_stages(self):
        return ["allauth.account.stages.LoginByCodeStage", "oiep.sign_in.second_factor.SecondStep"]

    def post_login(self, request, user, **kwargs):
        response = super().post_login(request, user, **kwargs)
        by = [record["method"] for record in get_authentication_records(request, user)]
        _note("signed in", user=user.pk, by=by)
        languages.after_sign_in(request, user, response)
        return response

    def logout(self, request):
        _note("signed out", user=request.user.pk)
        super().logout(request)

    def send_mail(self, template_prefix, email, context):
        # An address without an account has the same small allowance as any address that nobody has confirmed.
        known = get_user_model().objects.filter(email=email).exists()
        minutes = settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60
        mail.queue(
            to=email,
            template=template_prefix,
            context={"minutes": minutes, **context},
            unproven=not known,
            language=languages.current(),
        )

    def add_message(self, request, level, message_template=None, *args, message=None, **kwargs):
        """Passes allauth's refusals on. What went well, our pages show, all but the end."""
        if message_template == "account/messages/logged_out.txt":
            message = _("You have signed out.")
        if message:
            super().add_message(request, level, message=message)


class SecondFactorAdapter(_Noting, DefaultMFAAdapter):
    """Passkeys carry our name, and what an app or recovery codes are made from is not in the database as it is."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That is not the code. Wait for the next one in your app, then try again."),
    }

    def _get_site_name(self):
        return settings.MFA_TOTP_ISSUER

    def encrypt(self, text):
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        """What `encrypt` was given; made-up characters, which no code fits, when SECRET_KEY was lost since."""
        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return base64.b32encode(Fernet.generate_key()[:20]).decode()


def _cipher():
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"second factors {key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
