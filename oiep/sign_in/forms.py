from allauth.account import forms as allauth_forms
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.contrib.auth import get_user_model, password_validation
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm, CharterModelForm, PlainForm
from oiep.text import clean_line, normalise_email

# An app's code is taken a step before and after its own time, and only once within all three.
APP_CODE_SECONDS = 90

# Fields ---------------------------------------------------------------------------------------


class AddressField(forms.CharField):
    """An e-mail address, in the one spelling under which we know it."""

    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})

    def clean(self, value):
        value = super().clean(value)
        return normalise_email(value) if value else value


def _address(label, required):
    return AddressField(label=label, max_length=254, error_messages={"required": required})


def _own_address():
    return _address(_("E-mail address"), _("Enter your e-mail address."))


def _code(label, help_text, required):
    attributes = {"autocomplete": "one-time-code", "spellcheck": "false", "class": "input-short"}
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=50,
        widget=forms.TextInput(attrs=attributes),
        error_messages={"required": required},
    )


def _mailed_code():
    return _code(
        _("Code"),
        _("Eight letters and numbers from our e-mail. You can paste it."),
        _("Enter the code from our e-mail."),
    )


def _app_code(help_text):
    return _code(_("Code"), help_text, _("Enter the code."))


def _password():
    return forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Enter your password.")},
    )


# Signing in -----------------------------------------------------------------------------------


class RequestCodeForm(PlainForm, allauth_forms.RequestLoginCodeForm):
    email = _own_address()


class CodeForm(PlainForm, allauth_forms.ConfirmLoginCodeForm):
    code = _mailed_code()


class PasswordForm(PlainForm, allauth_forms.LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"] = _own_address()
        self.fields["password"] = _password()
        self.order_fields(["login", "password"])


class _OnceOnly:
    """A code of an app is not taken a second time, however long it would still be valid."""

    def clean_code(self):
        code = super().clean_code()
        used = f"app-code-{self.authenticator.pk}-{normalize_user_code(code)}"
        if self.authenticator.type == Authenticator.Type.TOTP and not cache.add(used, True, APP_CODE_SECONDS):
            raise ValidationError(_("That code has been used. Wait for the next one."), code="used")
        return code


class AppCodeForm(_OnceOnly, PlainForm, mfa_forms.AuthenticateForm):
    code = _app_code(_("Six digits from your authenticator app, or one of your recovery codes."))


class ConfirmAppCodeForm(_OnceOnly, PlainForm, mfa_forms.ReauthenticateForm):
    code = _app_code(_("Six digits from your authenticator app, or one of your recovery codes."))


class ConfirmPasswordForm(PlainForm, allauth_forms.ReauthenticateForm):
    password = _password()


# Passkeys -------------------------------------------------------------------------------------

# What reading something that no browser sent may raise, deep in the library that reads it.
UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError)


def _not_taken():
    return ValidationError(_("That passkey did not work here. Try again, or use another way."), code="passkey")


class _Readable:
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        words = _not_taken().message
        self.fields["credential"].error_messages |= {"required": words, "invalid": words}

    def clean_credential(self):
        try:
            return super().clean_credential()
        except ValidationError as refusal:
            raise refusal if refusal.code == "too_many_login_attempts" else _not_taken() from None
        except UNREADABLE:
            raise _not_taken() from None


class PasskeyLoginForm(_Readable, webauthn_forms.LoginWebAuthnForm):
    pass


class PasskeySecondStepForm(_Readable, PlainForm, webauthn_forms.AuthenticateWebAuthnForm):
    pass


class ConfirmPasskeyForm(_Readable, PlainForm, webauthn_forms.ReauthenticateWebAuthnForm):
    pass


class AddPasskeyForm(PlainForm, webauthn_forms.AddWebAuthnForm):
    """Its name has a default, as the device has made the passkey by the time that the form is sent."""

    name = forms.CharField(
        label=_("A name for it"),
        help_text=_("So that you know it again, for example “My phone”."),
        max_length=60,
        required=False,
        validators=[clean_line],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    passwordless = None  # every passkey of ours can be signed in with

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        words = _not_taken().message
        self.fields["credential"].error_messages |= {"required": words, "invalid": words}

    def clean_name(self):
        return self.cleaned_data["name"] or self.get_initial_for_field(self.fields["name"], "name")

    def clean(self):
        try:
            return super().clean()
        except (ValidationError, *UNREADABLE):
            raise _not_taken() from None


# What people change ---------------------------------------------------------------------------


class AddAppForm(PlainForm, totp_forms.ActivateTOTPForm):
    code = _app_code(_("The six digits that the app shows now."))


class NewPasswordForm(CharterForm):
    password = forms.CharField(
        label=_("New password"),
        help_text=_(
            "At least 12 characters. Three or four words that do not belong together are good, and easy to remember."
        ),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self):
        password = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password


class NameForm(CharterModelForm):
    class Meta:
        model = get_user_model()
        fields = ["name"]
        labels = {"name": _("Your name")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True


class AddressForm(CharterForm):
    email = _address(_("Your new e-mail address"), _("Enter your new e-mail address."))

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self):
        email = self.cleaned_data["email"]
        if email == self.user.email:
            raise ValidationError(_("That is your address already."), code="same")
        return email
