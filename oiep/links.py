"""The pages behind e-mailed links."""

import functools

from django.views.decorators.cache import never_cache


def private(view):
    """Keeps a page, and its address, out of caches, search engines and other sites' logs.

    The referrer policy is not `no-referrer`: with it browsers send `Origin: null`, which the CSRF check must refuse.
    """

    @functools.wraps(view)
    def wrapper(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return never_cache(wrapper)
