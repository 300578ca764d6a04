"""The page “Signing in” and what it leads to: passkeys, authenticator app, recovery codes, password, devices."""

import base64

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import clear_totp_secret
from allauth.mfa.webauthn.internal.auth import begin_registration
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from oiep.sign_in import actions, sessions
from oiep.sign_in.confirming import confirmed, own_page, to_confirm
from oiep.sign_in.forms import AddAppForm, AddPasskeyForm, NewPasswordForm
from oiep.sign_in.second_factor import Type, has_second_factor, is_asked_for_second_step

_BACK_TO = "after second factor"  # in the session: the page in admin that somebody was on their way to


@own_page
def security(request):
    own = Authenticator.objects.filter(user=request.user).order_by("created_at")
    by_type = {type_: [row for row in own if row.type == type_] for type_ in Type}
    codes = by_type[Type.RECOVERY_CODES]
    return render(
        request,
        "account/security.html",
        {
            "passkeys": by_type[Type.WEBAUTHN],
            "app": next(iter(by_type[Type.TOTP]), None),
            "has_codes": bool(codes),
            "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else 0,
            "is_asked": is_asked_for_second_step(request.user),
            "must_set_up": request.user.is_staff and request.user.is_held_back(),
        },
    )


def lead_to_second_factor(request):
    """Where staff go who may not use their rights yet: to show their second factor, or to get one."""
    path = get_next_redirect_url(request) or reverse("admin:index")
    if has_second_factor(request.user):
        return to_confirm(path)
    request.session[_BACK_TO] = path
    return redirect("account-security")


# Second factors -------------------------------------------------------------------------------


@confirmed
def add_passkey(request):
    form = AddPasskeyForm(
        request.POST or None,
        user=request.user,
        initial={"name": sessions.device(request.headers.get("User-Agent", ""))},
    )
    if form.is_valid():
        name, credential = form.cleaned_data["name"], form.cleaned_data["credential"]
        passkey = actions.add_passkey(user=request.user, name=name, credential=credential)
        return _added(request, passkey)
    context = {"form": form, "options": {"creation_options": begin_registration(request.user, passwordless=True)}}
    return render(request, "mfa/webauthn/add_form.html", context)


@confirmed
def remove_passkey(request, pk):
    passkey = get_object_or_404(Authenticator, user=request.user, type=Type.WEBAUTHN, pk=pk)
    if request.method == "POST":
        actions.remove_passkey(user=request.user, pk=pk)
        return _done(request)
    return render(request, "mfa/webauthn/authenticator_confirm_delete.html", {"passkey": passkey})


@sensitive_variables("secret")
@confirmed
def add_app(request):
    if Authenticator.objects.filter(user=request.user, type=Type.TOTP).exists():
        return redirect("account-security")
    form = AddAppForm(request.POST or None, user=request.user)
    if form.is_valid():
        app = actions.add_app(user=request.user, secret=form.secret)
        clear_totp_secret(request)
        return _added(request, app)
    adapter, secret = get_adapter(), form.secret
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    context = {
        "form": form,
        "picture": f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}",
        "key": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
    }
    return render(request, "mfa/totp/activate_form.html", context)


@confirmed
def remove_app(request):
    get_object_or_404(Authenticator, user=request.user, type=Type.TOTP)
    if request.method == "POST":
        actions.remove_app(user=request.user)
        return _done(request)
    return render(request, "mfa/totp/deactivate_form.html")


@confirmed
def recovery_codes(request):
    row = get_object_or_404(Authenticator, user=request.user, type=Type.RECOVERY_CODES)
    if request.method == "POST":
        actions.make_recovery_codes(user=request.user)
        return redirect("account-recovery-codes")
    context = {"codes": row.wrap().get_unused_codes(), "back_to": request.session.get(_BACK_TO)}
    return render(request, "mfa/recovery_codes/index.html", context)


def _added(request, authenticator):
    """Setting one up is using it. The codes that come with the first are shown at once."""
    record_authentication(request, request.user, "mfa", id=authenticator.pk, type=authenticator.type)
    if Authenticator.objects.filter(user=request.user).exclude(type=Type.RECOVERY_CODES).count() > 1:
        return _done(request)
    messages.success(request, _("That is set up. One thing is left: keep these codes."))
    return redirect("account-recovery-codes")


def _done(request):
    messages.success(request, _("That is done."))
    return redirect("account-security")


# Password, devices ----------------------------------------------------------------------------


@sensitive_post_parameters("password")
@confirmed
def password(request):
    form = NewPasswordForm(request.POST or None, user=request.user)
    if form.is_valid():
        user = actions.set_password(user=request.user, password=form.cleaned_data["password"])
        sessions.keep(request, user)
        return _done(request)
    return render(request, "account/password_set.html", {"form": form})


@confirmed
def remove_password(request):
    if not request.user.has_usable_password():
        raise Http404
    if request.method == "POST":
        sessions.keep(request, actions.remove_password(user=request.user))
        return _done(request)
    return render(request, "account/password_remove.html")


@own_page
def devices(request):
    """Ending a session needs no confirmation: somebody who has lost a telephone is in a hurry."""
    if request.method == "POST":
        if refusal := ratelimit.consume_or_429(request, action="reauthenticate", user=request.user):
            return refusal
        device = request.POST.get("device", "")
        if device == "others":
            sessions.keep(request, actions.sign_out_everywhere(user=request.user))
        elif device.isdecimal() and len(device) < 19 and not sessions.is_this(request, int(device)):
            actions.sign_out_device(user=request.user, pk=int(device))
        messages.success(request, _("That is done."))
        return redirect("account-devices")
    return render(request, "usersessions/usersession_list.html", {"devices": sessions.devices_of(request)})
