"""The second step of signing in, and who needs one.

A passkey is a way to sign in by itself: it is something one has, opened by a fingerprint or a PIN. So having one asks
nothing more of somebody who signs in with a code from an e-mail, until they are staff. An authenticator app is a second
step for everybody who sets it up (docs/decisions/0011).

Staff need one of the two where STAFF_NEED_SECOND_FACTOR says so. Their rights are held back, in admin and wherever else
a right is asked for, until they have used it in this session.
"""

import time
from functools import cache

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.utils.functional import SimpleLazyObject

Type = Authenticator.Type


def types_of(user):
    return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def has_second_factor(user):
    return bool(types_of(user) & {Type.TOTP, Type.WEBAUTHN})


def is_asked_for_second_step(user):
    types = types_of(user)
    return Type.TOTP in types or ((user.is_staff or user.is_superuser) and Type.WEBAUTHN in types)


def has_shown_second_factor(request, user):
    """Whether this session was signed in with, or has since shown, a passkey, an app or a recovery code that counts."""
    since = time.time() - 3600 * settings.STAFF_SESSION_HOURS
    records = get_authentication_records(request, user)
    shown = [record["id"] for record in records if record["method"] == "mfa" and record["at"] > since]
    return bool(shown) and Authenticator.objects.filter(user=user, pk__in=shown).exists()


class SecondStep(AuthenticateStage):
    """allauth's step, for those who are asked for one."""

    def _should_handle(self, request):
        user = self.login.user
        return bool(user) and is_asked_for_second_step(user) and super()._should_handle(request)


def hold_back_rights(get_response):
    """Gives the user of each request a way to know whether their rights are held back in this session."""

    def middleware(request):
        if settings.STAFF_NEED_SECOND_FACTOR:
            user = request.user  # lazy: nobody is looked up until somebody asks
            request.user = SimpleLazyObject(lambda: _watched(user, request))
        return get_response(request)

    return middleware


def _watched(user, request):
    if user.is_authenticated:
        user.is_held_back = cache(lambda: not has_shown_second_factor(request, user))
    return user
