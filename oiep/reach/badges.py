"""The live badge: whose it is, and the standing today, in the very words of the partner's page. Our own drawing."""

import unicodedata

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

WIDTH, HEIGHT = 360, 96
_TEXT_FROM, _TEXT_TO = 96, 348
# As `static/css/tokens.css` has them in the light scheme: (ink, ground). A badge stands on sites of any colour, so it
# brings a ground of its own.
_COLOURS = {
    "green": ("#14563a", "#e0f0e4"),
    "amber": ("#6b4300", "#fdeecb"),
    "red": ("#8d1c17", "#fbe3e0"),
    "blue": ("#17498f", "#e3edfb"),
    "grey": ("#454d48", "#eae6dd"),
}
_NAME_LENGTH = 29


def badge(partner, standing, language):
    """The SVG. What it says to who cannot see it holds the whole name."""
    with translation.override(language):
        name, charter, label = str(partner.public_name), _("Oxfordshire Inclusive Economy Charter"), str(standing.label)
        ink, ground = _COLOURS[standing.tone]
        context = {
            "alt": alt_of(name, label),
            "language": language,
            "lines": [
                _line(charter, 24, 13, 400),
                _line(name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1].rstrip()}…", 48, 17, 700),
                _line(label, 81, 15, 700),
            ],
            "ink": ink,
            "ground": ground,
            "width": WIDTH,
            "height": HEIGHT,
        }
        return render_to_string("reach/badge.svg", context)


def alt_of(name, label):
    return _("%(name)s, Oxfordshire Inclusive Economy Charter: %(standing)s") % {"name": name, "standing": label}


def _line(words, y, size, weight):
    """One line, squeezed where it would be too wide in most fonts, from the right where its script runs that way."""
    is_rtl = next((d in ("R", "AL") for d in map(unicodedata.bidirectional, words) if d in ("L", "R", "AL")), False)
    room = _TEXT_TO - _TEXT_FROM
    return {
        "words": words,
        "y": y,
        "size": size,
        "weight": weight,
        "x": _TEXT_TO if is_rtl else _TEXT_FROM,
        "direction": "rtl" if is_rtl else "ltr",
        "squeezed": room if len(words) * size * (0.6 if weight == 700 else 0.54) > room else None,
    }
