"""Who may sign in, and how allauth does it for us.

An account is made by confirming a signature, so its address is confirmed from its first day: there is no sign-up and
no second confirmation (ACCOUNT_EMAIL_VERIFICATION is "none"). People sign in by a code sent to that address.
"""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from oiep import email as mail
from oiep.text import normalise_email


def user_for(email, name=""):
    """The user of an e-mail address that its owner has just confirmed; made when there is none yet.

    A name that is there already is kept. Raises ValidationError when it is not an e-mail address.
    """
    users = get_user_model().objects
    email = normalise_email(email)
    if user := users.filter(email=email).first():
        if name and not user.name:
            user.name = name
            user.save(update_fields=["name"])
        return user
    try:
        with transaction.atomic():
            return users.create_user(email, name=name)
    except IntegrityError:  # somebody confirmed the same address at the same moment
        return users.get(email=email)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in mail goes through the queue like all other mail, and what is wrong is said in our words."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "The e-mail address or the password is not right. You can ask for a code instead."
        ),
        "incorrect_code": _("That is not the code. Look for our newest e-mail and enter the code from it."),
        "too_many_login_attempts": _("That was too many tries. Wait a few minutes, then ask for a new code."),
    }

    def is_open_for_signup(self, request):
        return False

    def send_mail(self, template_prefix, email, context):
        # An address without an account has the same small allowance as any address that nobody has confirmed.
        known = get_user_model().objects.filter(email=email).exists()
        minutes = settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60
        mail.queue(to=email, template=template_prefix, context={"minutes": minutes, **context}, unproven=not known)

    def add_message(self, request, level, message_template=None, *args, message=None, **kwargs):
        """Passes allauth's refusals on. What went well, our pages show, all but the end."""
        if message_template == "account/messages/logged_out.txt":
            message = _("You have signed out.")
        if message:
            super().add_message(request, level, message=message)
