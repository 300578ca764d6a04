"""What a person may type, and how two spellings are found to be the same."""

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

# Bidirectional overrides and isolates can make a page show something other than what was typed.
_DIRECTION_CONTROLS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_BREAKS = {"Zl", "Zp"}
_COMBINING_AT_MOST = 4


def _check_characters(value, *, allowed_controls):
    run = 0
    for character in value:
        category = unicodedata.category(character)
        if (category == "Cc" and character not in allowed_controls) or category == "Cs":
            raise ValidationError(_("Take out the characters that cannot be shown, then try again."), code="control")
        if category in _LINE_BREAKS and "\n" not in allowed_controls:
            raise ValidationError(_("Write this on one line."), code="line")
        if character in _DIRECTION_CONTROLS:
            raise ValidationError(
                _("Take out the hidden marks that change the direction of text, then try again."), code="direction"
            )
        run = run + 1 if category == "Mn" else 0
        if run > _COMBINING_AT_MOST:
            raise ValidationError(_("Take out the extra accents: there are too many on one letter."), code="accents")
    if value and not any(unicodedata.category(character)[0] in "LNSP" for character in value):
        raise ValidationError(_("Write something that can be read: this has only blank characters."), code="blank")


def clean_line(value):
    """Validates one line of text: no control, line-break or direction-changing character, and not only blanks.

    Such characters would reach e-mail headers, where Django lets some of them (U+000B, U+001C) start a new line.
    """
    _check_characters(value, allowed_controls="")


def clean_text(value):
    """Validates text of several lines: as `clean_line`, with line breaks and tabs allowed."""
    _check_characters(value, allowed_controls="\n\r\t")


def is_clean_line(value):
    try:
        clean_line(value)
    except ValidationError:
        return False
    return True


def normalise_email(address):
    """One form for all spellings of an e-mail address that reach the same mailbox in practice.

    Case, surrounding space, and Unicode presentation forms do not matter; the domain becomes lower-case ASCII (IDNA).
    Raises ValidationError when it is not an e-mail address.
    """
    address = unicodedata.normalize("NFKC", address).strip()
    local_part, at, domain = address.rpartition("@")
    try:
        domain = domain.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        raise ValidationError(_("Enter an e-mail address in the form name@example.org."), code="invalid") from None
    address = f"{local_part}{at}{domain}".lower()
    clean_line(address)
    validate_email(address)
    return address


def fold(value):
    """Text without case, accents and compatibility forms, for search and comparison."""
    decomposed = unicodedata.normalize("NFKD", value).casefold()
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


_SEARCH_WORDS_AT_MOST = 10


def prefix_query(words):
    """A full-text query for the beginnings of words in folded text; None when there is no word to look for."""
    terms = re.findall(r"\w+", fold(words))[:_SEARCH_WORDS_AT_MOST]
    if not terms:
        return None
    return SearchQuery(" & ".join(f"{term}:*" for term in terms), config="simple", search_type="raw")


_LEGAL_FORMS = {"ltd", "limited", "llp", "plc", "cic", "cio", "inc", "the", "and"}


def name_key(name):
    """The same key for the usual spellings of one organisation's name: case, accents, punctuation, "Ltd", "the", "&".

    A name made of nothing but such words keeps them, so that the key is never empty.
    """
    words = re.findall(r"\w+", fold(name).replace("&", " and ").replace("'", "").replace("’", ""))
    return "".join(word for word in words if word not in _LEGAL_FORMS) or "".join(words) or fold(name)
