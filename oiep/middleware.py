from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from oiep.limits import Window, source_of


def isolation_headers(get_response):
    """Keeps other sites from embedding our answers or sharing a process with them."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def private_answers(get_response):
    """Keeps what is for one visitor, known by a cookie in the request or in the answer, out of shared caches.

    What is for somebody who has signed in, their own browser does not keep either: the next person at it may go back.
    """

    def middleware(request):
        response = get_response(request)
        own = {settings.SESSION_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME} & set(request.COOKIES)
        is_known = own or response.cookies
        if is_known and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, **{"no_store" if _is_signed_in(request) else "no_cache": True})
        return response

    return middleware


def _is_signed_in(request):
    """Without asking the database for what the page did not ask for."""
    session = getattr(request, "session", None)
    return bool(session is not None and session.accessed and SESSION_KEY in session)


def limit_searches(get_response):
    """Answers a source that searches too often with when to come back. Searching is what a page costs most by.

    The API does that itself, as programs read it (`oiep.api.answers`).
    """
    window = Window()

    def middleware(request):
        if request.GET.get("q") and not request.path.startswith("/api/"):
            wait = window.seconds_to_wait(source_of(request), at_most=settings.SEARCHES_A_MINUTE, seconds=60)
            if wait:
                answer = render(request, "429.html", status=429)
                answer["Retry-After"] = str(wait)
                return answer
        return get_response(request)

    return middleware
