from django.conf import settings
from django.utils.cache import patch_cache_control


def isolation_headers(get_response):
    """Keeps other sites from embedding our answers or sharing a process with them."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def private_answers(get_response):
    """Keeps what is for one visitor, known by a cookie in the request or in the answer, out of shared caches."""

    def middleware(request):
        response = get_response(request)
        own = {settings.SESSION_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME} & set(request.COOKIES)
        is_known = own or response.cookies
        if is_known and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response

    return middleware
