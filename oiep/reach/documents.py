"""Certificates, posters and share images: what stands in each, and their keeping once they are drawn."""

import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from events.qr import drawn
from oiep import languages, pdf
from oiep.reach.answers import address_of

_HERE = Path(__file__).parent
CERTIFICATE, POSTER, SHARE = ((_HERE / f"{name}.typ").read_text("utf-8") for name in ("certificate", "poster", "share"))
_MARK = (settings.BASE_DIR / "static" / "img" / "mark.svg").read_text("utf-8")
KEPT_SECONDS = 7 * 24 * 3600


def certificate_of(partner, signature, today=None):
    """The PDF that a partner can print: what it signed and when, which stays true, and where to see how it stands."""
    today = today or timezone.localdate()
    data = {
        **_common(),
        "title": _("Oxfordshire Inclusive Economy Charter"),
        "mark": _MARK.replace("#fff", "#0f3d2a"),
        "certifies": _("This certifies that"),
        "name": str(partner.public_name),
        "size": 30 if len(partner.name) <= 40 else 22 if len(partner.name) <= 80 else 16,
        "signed": _("signed the Charter, version %(number)s, on %(date)s.")
        % {"number": signature.charter.number, "date": date_format(timezone.localdate(signature.declared_at))},
        "awaits": (
            _("Waits for its own approval, by: %(who)s.") % {"who": signature.awaits_approval_of}
            if signature.still_awaits_approval
            else ""
        ),
        "active_in": _("It has pledged to act on:"),
        "areas": [area.short_name for area in partner.areas.all()],
        "today": _("How it stands today, and all that it pledged, is on its page:"),
        "made": _("Made on %(date)s.") % {"date": date_format(today)},
        **_code(partner.get_absolute_url()),
    }
    return _kept("certificate", CERTIFICATE, data, pdf.pdf_of)


def poster_of(place):
    """A poster for a noticeboard, in the language that is spoken. place: a district, or None for the county."""
    where = place.name if place else "Oxfordshire"
    data = {
        **_common(),
        "charter": _("Oxfordshire Inclusive Economy Charter"),
        "mark": _MARK,
        "title": _("Let everybody in %(place)s share in its success") % {"place": where},
        "lead": _("Businesses, organisations and residents sign the Charter, and say what they will do."),
        "points": [
            _("See who has signed near you."),
            _("Say what you will do. It takes a few minutes."),
            _("Everybody can see what came of it."),
        ],
        "scan": _("Point your telephone’s camera here, or go to:"),
        **_code(place.get_absolute_url() if place else reverse("home")),
    }
    return _kept("poster", POSTER, data, pdf.pdf_of)


def poster_languages():
    """Those in which every word of a poster has been translated."""
    return [code for code in languages.CODES if code == languages.ENGLISH or _is_translated(code)]


def _is_translated(code):
    words = (
        "Let everybody in %(place)s share in its success",
        "Businesses, organisations and residents sign the Charter, and say what they will do.",
        "See who has signed near you.",
        "Say what you will do. It takes a few minutes.",
        "Everybody can see what came of it.",
        "Point your telephone’s camera here, or go to:",
    )
    with translation.override(code):
        return all(translation.gettext(text) != text for text in words)


def share_image(title, lines, keep=True):
    """The picture that shows when somebody shares a page: 1200 × 630 pixels. keep: not of what can be withdrawn."""
    data = {
        "mark": _MARK,
        "charter": "Oxfordshire Inclusive Economy Charter",
        "title": title,
        "size": 76 if len(title) <= 30 else 58 if len(title) <= 60 else 42,
        "lines": lines,
    }

    def draw(template, data):
        return pdf.png_of(template, data, f"{title} {' '.join(lines)}")

    return _kept("share", SHARE, data, draw) if keep else draw(SHARE, data)


def _common():
    language, _hyphen, region = languages.current().partition("-")
    return {
        "language": language,
        "region": region or None,
        "rtl": translation.get_language_bidi(),
        "author": _("Oxfordshire Inclusive Economy Partnership"),
    }


def _code(path):
    """A code for cameras, with the address that it holds."""
    address = address_of(path)
    code = drawn(address)
    size = code["size"]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{code["path"]}"/></svg>'
    )
    return {"qr": svg, "qr_alt": _("A code that leads to %(address)s") % {"address": address}, "address": address}


def _kept(kind, template, data, make):
    """Draws a document, or takes the one that was drawn of the very same data."""
    mark = hashlib.sha256(json.dumps([template, data], sort_keys=True).encode()).hexdigest()
    key = f"reach/{kind}/{mark}"
    if (made := cache.get(key)) is None:
        made = make(template, data)
        cache.set(key, made, KEPT_SECONDS)
    return made
