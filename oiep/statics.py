"""Headers of static files. Imported by the settings, so nothing of Django is imported here."""

import re

_EMBEDDED = re.compile(r"/css/(tokens|embed)(\.\w+)?\.css$")


def open_embedded_styles(headers, path, url):
    """Lets the pages that other sites embed have their styles: in a sandboxed frame nothing is of the same origin."""
    if _EMBEDDED.search(url):
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
