"""Who may sign in, and how allauth does it for us.

An account is made by confirming a signature, so its address is confirmed from its first day: there is no sign-up and
no second confirmation (ACCOUNT_EMAIL_VERIFICATION is "none"). People sign in by a code sent to that address.
"""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

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
    """Accounts are made by confirming a signature, and sign-in mail goes through the queue like all other mail."""

    def is_open_for_signup(self, request):
        return False

    def send_mail(self, template_prefix, email, context_data):
        known = get_user_model().objects.filter(email=email).exists()
        mail.queue(
            to=email,
            template=template_prefix,
            context={"request": context.request, "email": email, **context_data},
            unproven=not known,
        )
