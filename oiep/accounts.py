from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib.auth import get_user_model

from oiep import email as mail


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
