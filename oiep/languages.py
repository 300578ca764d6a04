"""In which language somebody reads us: chosen on any page, kept in a cookie and, signed in, with the account.

Addresses are the same in every language. What nobody has translated yet is shown in English.
"""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpResponseForbidden, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from oiep import audit
from oiep.models import Translation

ENGLISH = settings.LANGUAGE_CODE
CODES = [code for code, _name in settings.LANGUAGES]
# Each by its own name.
NAMES = {"en-gb": "English", "pl": "Polski", "pt": "Português", "ar": "العربية"}
# Here so that locale/ can say how a language writes them within a sentence; Django's own translations begin them large.
DAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
MONTHS = (
    _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"), _("August"), _("September"),
    _("October"), _("November"), _("December"),
)  # fmt: skip
# As Open Graph wants it.
LOCALES = {"en-gb": "en_GB", "pl": "pl_PL", "pt": "pt_PT", "ar": "ar_AR"}


def current():
    """The language that is spoken now, as one of ours."""
    code = translation.get_language()
    return code if code in CODES else ENGLISH


def choices():
    """What to offer on a page: each language by its own name."""
    return [{"code": code, "name": NAMES[code], "is_current": code == current()} for code in CODES]


def unchecked():
    """The language that is spoken now, if nobody who speaks it has told us that its words are right; else None."""
    code = current()
    if code == ENGLISH or Translation.objects.checked().filter(language=code).exists():
        return None
    return dict(settings.LANGUAGES)[code]


@transaction.atomic
def mark(translations, *, checked, actor):
    """Says of translations that a speaker has checked them, or that none has. Returns how many were not so before."""
    rows = list(translations.select_for_update().filter(checked_at__isnull=checked))
    for row in rows:
        row.checked_at, row.checked_by = (timezone.now(), actor) if checked else (None, None)
        row.save(update_fields=["checked_at", "checked_by"])
        audit.record(verb=f"translation.{'checked' if checked else 'unchecked'}", subject=row, actor=actor)
    return len(rows)


def of_address(email):
    """The language that the owner of an e-mail address chose; none where there is no such account, or no choice."""
    return get_user_model().objects.filter(email=email).values_list("language", flat=True).first() or ""


def speak(get_response):
    """Says to caches that pages differ by the language that a cookie names, and speaks English in admin.

    Admin is the manager's tool, and shows the words that translations are made from.
    """

    def middleware(request):
        if request.path.startswith(reverse("desk")):
            translation.activate(ENGLISH)
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):  # what machines read is the same for everyone
            patch_vary_headers(response, ["Cookie"])
        return response

    return middleware


# A token would set a cookie on every page; `_is_from_elsewhere` keeps other sites from pressing the button instead.
@csrf_exempt
@require_POST
def choose(request):
    """Keeps the language that was chosen, and goes back to the page where it was."""
    if _is_from_elsewhere(request):
        return HttpResponseForbidden()
    back = request.POST.get("next", "")
    # A path of our own: an address with a host is no page that this form was on.
    if not (back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)):
        back = reverse("home")
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("language")
    if chosen in CODES:
        _keep_in_browser(response, chosen)
        if request.user.is_authenticated:
            _keep_with(request.user, chosen)
    return response


def after_sign_in(request, user, response):
    """A browser learns the choice of the account, and an account without one that of the browser."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
    if chosen not in CODES and user.language:
        _keep_in_browser(response, user.language)
    elif chosen in CODES and not user.language:
        _keep_with(user, chosen)


def _keep_in_browser(response, language):
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )


def _keep_with(user, language):
    get_user_model().objects.filter(pk=user.pk).update(language=language)


def _is_from_elsewhere(request):
    """Whether another site sent this form: every browser says so of a form that changes something."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    return bool(origin) and origin != f"{request.scheme}://{request.get_host()}"
