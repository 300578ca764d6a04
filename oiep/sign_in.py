"""The sign-in pages: by a code sent by e-mail, or by a password for those who have one.

Only those of allauth's pages are served that the scheme needs. No page tells whether an address has an account: for an
unknown one all is the same, and its mailbox gets a message that says so.
"""

from allauth.account import forms as allauth_forms
from allauth.account import views as allauth_views
from django import forms
from django.contrib import messages
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from oiep.forms import PlainForm
from oiep.text import normalise_email


class AddressField(forms.CharField):
    """An e-mail address, in the one spelling under which we know it."""

    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})

    def clean(self, value):
        value = super().clean(value)
        return normalise_email(value) if value else value


def _address():
    return AddressField(
        label=_("E-mail address"), max_length=254, error_messages={"required": _("Enter your e-mail address.")}
    )


class RequestCodeForm(PlainForm, allauth_forms.RequestLoginCodeForm):
    email = _address()


class CodeForm(PlainForm, allauth_forms.ConfirmLoginCodeForm):
    code = forms.CharField(
        label=_("Code"),
        help_text=_("Eight letters and numbers from our e-mail. You can paste it."),
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false", "class": "input-short"}),
        error_messages={"required": _("Enter the code from our e-mail.")},
    )


class PasswordForm(PlainForm, allauth_forms.LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"] = _address()
        self.fields["password"] = forms.CharField(
            label=_("Password"),
            strip=False,
            max_length=1000,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            error_messages={"required": _("Enter your password.")},
        )
        self.order_fields(["login", "password"])


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


urlpatterns = [
    path("login/", RequestCodeView.as_view(), name="account_login"),
    path("login/code/", RedirectView.as_view(pattern_name="account_login"), name="account_request_login_code"),
    path("login/code/confirm/", CodeView.as_view(), name="account_confirm_login_code"),
    path("login/password/", PasswordView.as_view(), name="account_login_password"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    # Signing the Charter is how one gets an account.
    path("signup/", RedirectView.as_view(pattern_name="sign"), name="account_signup"),
]
