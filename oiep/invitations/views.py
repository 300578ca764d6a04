"""The page behind the link of an invitation: the same for all that one can be invited to.

GET shows what it is about and changes nothing, as mail scanners follow links. Whoever is not signed in presses a
button, gets a code by e-mail at the invited address, and comes back here with it; only who is signed in with that
address can answer. So a stranger to whom the message was forwarded can do no more than have us send its owner a code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.core import ratelimit
from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from oiep import languages
from oiep.accounts import user_for
from oiep.invitations import actions
from oiep.invitations.forms import AcceptForm
from oiep.invitations.models import Invitation
from oiep.links import private
from oiep.moderation import NotPossible


@dataclass(frozen=True)
class Reception:
    """How an app receives those whom it invites.

    model: of its invitations. template: its page, which extends `invitations/invitation.html` and says in its blocks
    what one is invited to. accept: `accept(invitation=…, user=…, …)`, with what else the form asks for. home: from an
    invitation, the address to go to once it is accepted. obstacle: from an invitation, why nobody can accept it any
    more although it is open, in words; empty when they can. ask: `ask(invitation=…, user=…)`, for somebody who is
    signed in with another address and wants to ask to be let in, or None where that cannot be asked. form: what to ask
    of who accepts.
    """

    model: type[Invitation]
    template: str
    accept: Callable
    home: Callable
    obstacle: Callable = lambda invitation: ""
    ask: Callable | None = None
    form: type[AcceptForm] = AcceptForm

    def view(self):
        """The view of an address that ends in `<str:token>/`."""

        @private
        @require_http_methods(["GET", "HEAD", "POST"])
        def invitation(request, token):
            try:
                found = self.model.objects.with_token(token)
            except self.model.DoesNotExist:
                return render(request, "invitations/unknown.html", status=404)
            return Visit(self, request, found).answer()

        return invitation


class Visit:
    """One request for the page of an invitation."""

    def __init__(self, reception, request, invitation):
        self.reception, self.request, self.invitation = reception, request, invitation
        self.is_invited = invitation.is_for(request.user)

    def answer(self):
        if why_over := self.invitation.why_over or self.reception.obstacle(self.invitation):
            return self._over(why_over)
        deeds = {"code": self._send_code, "accept": self._accept, "decline": self._decline, "ask": self._ask}
        for name, deed in deeds.items():
            if self.request.method == "POST" and name in self.request.POST:
                return deed()
        return self._page()

    def _page(self, *, status=200, **context):
        if self.is_invited:
            context.setdefault("form", self.reception.form(user=self.request.user))
        return self._render(self.reception.template, status, can_ask=self.reception.ask is not None, **context)

    def _over(self, why_over):
        accepted = self.is_invited and self.invitation.state == Invitation.State.ACCEPTED
        home = self.reception.home(self.invitation) if accepted else ""
        return self._render("invitations/over.html", 200 if accepted else 410, why_over=why_over, home=home)

    def _render(self, template, status, **context):
        context |= {"invitation": self.invitation, "is_invited": self.is_invited}
        return render(self.request, template, context, status=status)

    def _again(self):
        """To the page as it is now: it says what has happened meanwhile, and what the reader can do."""
        return redirect(self.request.path)

    def _send_code(self):
        email = self.invitation.email
        if self.request.user.is_authenticated:
            return self._again()
        if not ratelimit.consume(self.request, action="request_login_code", key=email):
            return self._page(status=429, trouble=_("That was too many codes. Wait a few minutes, then try again."))
        with transaction.atomic():
            user = user_for(email, language=languages.current())
            process = LoginCodeVerificationProcess.initiate(
                request=self.request, user=user if user.is_active else None, email=email
            )
        process.state["shown_as"] = self.invitation.shown_email  # the page must not tell a stranger the address
        process.persist()
        return redirect(f"{reverse('account_confirm_login_code')}?{urlencode({'next': self.request.path})}")

    def _accept(self):
        if not self.is_invited:
            return self._again()
        user = self.request.user
        form = self.reception.form(self.request.POST, user=user)
        if not form.is_valid():
            return self._page(form=form)
        answers = dict(form.cleaned_data)
        try:
            with transaction.atomic():
                if name := answers.pop("name", ""):
                    user.name = name
                    user.save(update_fields=["name"])
                self.reception.accept(invitation=self.invitation, user=user, **answers)
        except NotPossible as obstacle:
            messages.warning(self.request, obstacle.message)
            return self._again()
        messages.success(self.request, _("Thank you. You have accepted the invitation."))
        return redirect(self.reception.home(self.invitation))

    def _decline(self):
        if self.is_invited:
            try:
                actions.decline(invitation=self.invitation, user=self.request.user)
            except NotPossible as obstacle:
                messages.warning(self.request, obstacle.message)
        return self._again()

    def _ask(self):
        if self.is_invited or not self.request.user.is_authenticated or self.reception.ask is None:
            return self._again()
        try:
            self.reception.ask(invitation=self.invitation, user=self.request.user)
        except NotPossible as obstacle:
            messages.warning(self.request, obstacle.message)
            return self._again()
        messages.success(self.request, _("We have passed your request on. You get the answer by e-mail."))
        return redirect("account")
