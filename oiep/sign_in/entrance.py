"""The sign-in pages: by a code sent by e-mail, by a passkey, or by a password for those who have one.

Only those of allauth's pages are served that the scheme needs. No page tells whether an address has an account: for an
unknown one all is the same, and its mailbox gets a message that says so.
"""

from allauth.account import views as allauth_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as webauthn_views
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from oiep.sign_in import actions
from oiep.sign_in.forms import (
    AppCodeForm,
    CodeForm,
    PasskeyLoginForm,
    PasskeySecondStepForm,
    PasswordForm,
    RequestCodeForm,
)


class _StartAgain:
    """Somebody who has asked for a code may come back, to correct the address or to use a password."""

    def _redirect_to_pending_stage(self, request, stage):
        return None


class RequestCodeView(_StartAgain, allauth_views.RequestLoginCodeView):
    form_class = RequestCodeForm


class PasswordView(_StartAgain, allauth_views.LoginView):
    form_class = PasswordForm


class CodeView(allauth_views.ConfirmLoginCodeView):
    form_class = CodeForm

    def dispatch(self, request, *args, **kwargs):
        response = super().dispatch(request, *args, **kwargs)
        if getattr(self, "_process", None) is None and not request.user.is_authenticated:
            messages.info(
                request, _("That code has run out, or you asked for it in another browser. Ask for a new one here.")
            )
        return response

    def form_valid(self, form):
        user = self._process.user
        if user and user.email != self._process.state["email"]:  # it was changed since, and that mailbox is out
            self._process.abort()
            return redirect("account_login")
        return super().form_valid(form)


class PasskeyView(_StartAgain, webauthn_views.LoginWebAuthnView):
    """A script asks it for a challenge and posts what the passkey answered. Every refusal is the same."""

    form_class = PasskeyLoginForm

    def form_invalid(self, form):
        messages.error(self.request, _("That passkey did not work here. Have a code e-mailed to you instead."))
        return redirect("account_login")


class SecondStepView(mfa_views.AuthenticateView):
    """After a code or a password, for those who have a second step (`oiep.sign_in.second_factor`)."""

    form_class = AppCodeForm
    webauthn_form_class = PasskeySecondStepForm

    def form_valid(self, form):
        response = super().form_valid(form)
        if getattr(form, "authenticator", None) and form.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            actions.tell(user=form.user, change="recovery_code_used", actor=form.user)
        return response

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        types = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        bound = next((form for form in (self.auth_form, self.webauthn_form) if form.is_bound), None)
        return {**context, "bound": bound, "has_app": "totp" in types, "has_passkey": "webauthn" in types}
