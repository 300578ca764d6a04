"""Confirming that it is you, before you change how you sign in or take away or erase your data.

Nobody can do that on a device that was left open.

Having signed in within ACCOUNT_REAUTHENTICATION_TIMEOUT is enough. Later, people are asked again: for their second
factor where they have one that they are asked for, and otherwise for a code, a passkey or a password.
"""

import time
from functools import wraps

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from oiep.sign_in.forms import CodeForm, ConfirmAppCodeForm, ConfirmPasskeyForm, ConfirmPasswordForm
from oiep.sign_in.second_factor import Type, is_asked_for_second_step, types_of

_CODE = "code to confirm"  # in the session
FORMS = {"passkey": ConfirmPasskeyForm, "app": ConfirmAppCodeForm, "code": CodeForm, "password": ConfirmPasswordForm}


def own_page(view):
    """A page about the person who is signed in."""
    return login_required(never_cache(require_http_methods(["GET", "HEAD", "POST"])(view)))


def confirmed(view):
    """A page for who has confirmed lately that it is them. Others are asked, and come back to it."""

    @own_page
    @wraps(view)
    def asked_first(request, *args, **kwargs):
        if not has_confirmed_lately(request):
            return to_confirm(request.path)
        return view(request, *args, **kwargs)

    return asked_first


def to_confirm(path):
    return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': path})}")


def has_confirmed_lately(request):
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    records = [record for record in get_authentication_records(request, request.user) if record["at"] > since]
    if is_asked_for_second_step(request.user):
        own = Authenticator.objects.filter(user=request.user)
        return own.filter(pk__in=[record["id"] for record in records if record["method"] == "mfa"]).exists()
    return bool(records)


def ways_of(user):
    """How this person may confirm, the first being offered first."""
    types, is_asked = types_of(user), is_asked_for_second_step(user)
    ways = {
        "passkey": Type.WEBAUTHN in types,
        "app": is_asked,  # or a recovery code
        "code": not is_asked,
        "password": not is_asked and user.has_usable_password(),
    }
    return [way for way, is_there in ways.items() if is_there]


@sensitive_post_parameters("password")
@own_page
def confirm(request):
    ways = ways_of(request.user)
    way = request.POST.get("way")
    if request.method == "POST":
        if refusal := ratelimit.consume_or_429(request, action="reauthenticate", user=request.user):
            return refusal
        if way == "send" and "code" in ways:
            return _send_code(request)
    forms = {name: _form(request, name, bound=name == way) for name in ways}
    bound = forms.get(way)
    if bound and _is_right(request, way, bound):
        return redirect(_next(request))
    code = request.session.get(_CODE)
    context = {"forms": forms, "bound": bound, "is_sent": bool(code), "next": _next(request)}
    context["has_app"] = Type.TOTP in types_of(request.user)
    if "passkey" in ways:
        context["passkey_options"] = {"request_options": begin_authentication(request.user)}
    return render(request, "account/confirm.html", context)


def _next(request):
    return get_next_redirect_url(request) or reverse("account-security")


def _form(request, way, *, bound):
    data = request.POST if bound else None
    rest = {"code": _code_of(request)} if way == "code" else {"user": request.user}
    return FORMS[way](data, auto_id=f"id_{way}_%s", **rest)


def _is_right(request, way, form):
    if not form.is_valid():
        if way == "code":
            _note_wrong_code(request)
        return False
    if way in ("passkey", "app"):
        form.save()
    else:
        record_authentication(request, request.user, way, reauthenticated=True)
    request.session.pop(_CODE, None)
    return True


# The code -------------------------------------------------------------------------------------


def _send_code(request):
    adapter = get_adapter(request)
    if ratelimit.consume(request, action="request_login_code", key=request.user.email):
        code = adapter.generate_login_code()
        request.session[_CODE] = {"code": code, "at": time.time(), "wrong": 0}
        adapter.send_mail("account/email/confirm_code", request.user.email, {"code": code})
    else:
        messages.error(request, adapter.error_messages["too_many_login_attempts"])
    return to_confirm(_next(request))


def _code_of(request):
    """The code that was sent, or "" for none, to which nothing is equal."""
    sent = request.session.get(_CODE)
    if sent and time.time() - sent["at"] <= app_settings.LOGIN_BY_CODE_TIMEOUT:
        return sent["code"]
    request.session.pop(_CODE, None)
    return ""


def _note_wrong_code(request):
    if sent := request.session.get(_CODE):
        sent["wrong"] += 1
        request.session[_CODE] = sent
        if sent["wrong"] >= app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS:
            del request.session[_CODE]
            messages.error(request, _("That was too many tries. Ask for a new code."))
