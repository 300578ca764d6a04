"""Answers that other sites may show, that caches may keep for a short while, and that follow their address alone."""

import functools
import hashlib

from csp.decorators import csp_replace
from django.conf import settings
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from oiep import languages

# A standing that changed is seen everywhere within these.
FRESH_SECONDS = 600


class Refused(Exception):
    """A parameter that an address may not have. `str` says why, for who wrote the address."""


def asked_of(query, *names):
    """The parameters of an address, each at most once: {name: value}. Raises Refused for any other."""
    for name in query:
        if name not in names:
            raise Refused(
                _("This address has a parameter “%(name)s”, which we do not know. It may have: %(names)s.")
                % {"name": name[:40], "names": ", ".join(names)}
            )
        if len(query.getlist(name)) > 1:
            raise Refused(_("This address has the parameter “%(name)s” more than once.") % {"name": name})
    return {name: value for name, value in query.items() if value}


def language_in(asked):
    """The language that an address names, English if none. Raises Refused for one that we do not have."""
    language = asked.get("language", languages.ENGLISH)
    if language not in languages.CODES:
        raise Refused(
            _("We do not have the language that this address asks for. It may be one of: %(codes)s.")
            % {"codes": ", ".join(languages.CODES)}
        )
    return language


def shown_elsewhere(view):
    """A picture that any site may show. It is kept for a short while, and asked for again by its ETag."""

    @require_safe
    @functools.wraps(view)
    def wrapper(request, *args, **kwargs):
        response = _kept(request, view(request, *args, **kwargs))
        # On an answer “not modified” as well: browsers take its headers over.
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return wrapper


def framed_elsewhere(view):
    """A page that any site may put in a frame; the only ones (docs/decisions/0050).

    It is drawn in the language that its address names, and what its address may not hold is refused in words.
    """

    @csp_replace({"frame-ancestors": ["*"]})
    @xframe_options_exempt
    @shown_elsewhere
    @functools.wraps(view)
    def wrapper(request, *args, **kwargs):
        try:
            language = language_in({"language": request.GET["language"]} if request.GET.get("language") else {})
            with translation.override(language):
                return view(request, *args, **kwargs)
        except Refused as refusal:
            with translation.override(languages.ENGLISH):
                return render(request, "embed/refused.html", {"words": str(refusal)}, status=400)

    return wrapper


def _kept(request, response):
    if response.status_code != 200:
        patch_cache_control(response, no_store=True)
        return response
    etag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
    response["ETag"] = etag
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
    return get_conditional_response(request, etag=etag, response=response)


def address_of(path):
    return settings.SITE_URL + path
