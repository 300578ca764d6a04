from allauth.account import views as allauth_views
from django.urls import path
from django.views.generic import RedirectView

from oiep.sign_in import confirming, details, entrance, security

# `account_…` and `mfa_…` are the names by which allauth looks for its pages.
urlpatterns = [
    path("accounts/login/", entrance.RequestCodeView.as_view(), name="account_login"),
    path("accounts/login/code/", RedirectView.as_view(pattern_name="account_login"), name="account_request_login_code"),
    path("accounts/login/code/confirm/", entrance.CodeView.as_view(), name="account_confirm_login_code"),
    path("accounts/login/password/", entrance.PasswordView.as_view(), name="account_login_password"),
    path("accounts/login/passkey/", entrance.PasskeyView.as_view(), name="mfa_login_webauthn"),
    path("accounts/login/second-step/", entrance.SecondStepView.as_view(), name="mfa_authenticate"),
    path("accounts/confirm/", confirming.confirm, name="account_reauthenticate"),
    path("accounts/logout/", allauth_views.logout, name="account_logout"),
    path("accounts/inactive/", allauth_views.account_inactive, name="account_inactive"),
    # Signing the Charter is how one gets an account.
    path("accounts/signup/", RedirectView.as_view(pattern_name="sign"), name="account_signup"),
    path("account/security/", security.security, name="account-security"),
    path("account/security/passkeys/add/", security.add_passkey, name="account-passkey-add"),
    path("account/security/passkeys/<int:pk>/remove/", security.remove_passkey, name="account-passkey-remove"),
    path("account/security/app/add/", security.add_app, name="account-app-add"),
    path("account/security/app/remove/", security.remove_app, name="account-app-remove"),
    path("account/security/recovery-codes/", security.recovery_codes, name="account-recovery-codes"),
    path("account/security/password/", security.password, name="account-password"),
    path("account/security/password/remove/", security.remove_password, name="account-password-remove"),
    path("account/security/devices/", security.devices, name="account-devices"),
    path("account/name/", details.name, name="account-name"),
    path("account/address/", details.address, name="account-address"),
    path("account/address/<str:token>/", details.confirm_address, name="account-address-confirm"),
]
