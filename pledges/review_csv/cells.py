"""What people and their spreadsheets write in a cell, read with care and answered in plain words."""

import re
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from oiep.sheets import decimal_of
from oiep.text import clean_text
from pledges.models import Answer

Progress = Answer.Progress
_WORDS_LENGTH = Answer._meta.get_field("words").max_length
_FIGURE = Answer._meta.get_field("figure")

WORDS = {value: str(label) for value, label in Progress.choices}
_BY_WORDS = {value: value for value in WORDS} | {words.lower(): value for value, words in WORDS.items()}
# A spreadsheet's own words for something that it could not work out.
_SHEET_ERROR = re.compile(r"#(?:n/?a|name\?|value!|ref!|div/0!|num!|null!|spill!|calc!|#+)", re.IGNORECASE)


class Wrong(Exception):
    """Something in a row's column, with words for a user."""

    def __init__(self, column, words):
        self.column, self.words = column, words


def plain(value):
    return "" if value is None else f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def number_of(cells, column):
    text = cells[column].strip()
    if re.fullmatch(r"\d{1,15}(?:[.,]0+)?", text, re.ASCII):
        return int(re.split("[.,]", text)[0])
    raise Wrong(
        column, _("“%(text)s” is no number that we exported. Leave this column as it was.") % {"text": text[:40]}
    )


def progress_of(text, answer):
    text = " ".join(text.replace("_", " ").split()).lower()
    value = _BY_WORDS.get(text) or _BY_WORDS.get(text.replace(" ", "_"))
    if not text:
        raise Wrong("progress", _("Say how it goes: %(choices)s.") % {"choices": _choices()})
    if value is None:
        words = _("“%(text)s” is none of: %(choices)s.")
        raise Wrong("progress", words % {"text": text[:40], "choices": _choices()})
    if value in (Progress.STOPPED, Progress.CHANGED) and not (answer and answer.progress == value):
        raise Wrong("progress", _("What stopped or changed needs a reason. Write it in the review itself."))
    return value


def _choices():
    return ", ".join(words for value, words in WORDS.items() if value not in ("stopped", "changed"))


def figure_of(text, sheet):
    text = re.sub(r"[\s']", "", text).removeprefix("£").removesuffix("%").removesuffix("£").replace("−", "-")
    if not text:
        return None
    if _SHEET_ERROR.match(text):
        raise Wrong("figure", _("“%(text)s” is an error of the spreadsheet. Enter the number.") % {"text": text[:20]})
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?e[+-]?\d+", text, re.IGNORECASE | re.ASCII):
        raise Wrong("figure", _("The spreadsheet shortened this number. Format the column as a number, then save."))
    value = decimal_of(text, sheet.decimal_comma)
    if value is None:
        raise Wrong(
            "figure", _("“%(text)s” is no number that we can read. Write it as 1200 or 12.5.") % {"text": text[:40]}
        )
    try:
        return _FIGURE.clean(value.normalize() + Decimal(0), None)
    except (ValidationError, InvalidOperation):
        words = _("Write a number with at most %(digits)s digits after the point, and not that large.")
        raise Wrong("figure", words % {"digits": _FIGURE.decimal_places}) from None


def words_of(text, answer, sheet):
    """What happened. Line ends, and letters that the file's encoding lost, are no change."""
    text = _lines(text)
    if answer and _lines(answer.words) == text:
        return answer.words
    if answer and sheet.is_lossy and _questioned(_lines(answer.words)) == re.sub(r"\?+", "?", text):
        return answer.words
    if len(text) > _WORDS_LENGTH:
        words = _("Write at most %(most)s characters. These are %(n)s.")
        raise Wrong("words", words % {"most": _WORDS_LENGTH, "n": len(text)})
    if _SHEET_ERROR.fullmatch(text):
        raise Wrong("words", _("“%(text)s” is an error of the spreadsheet. Write what happened.") % {"text": text})
    try:
        clean_text(text)
    except ValidationError as refusal:
        raise Wrong("words", refusal.message) from None
    return text


def _lines(text):
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _questioned(text):
    return re.sub(r"\?+", "?", text.encode("cp1252", "replace").decode("cp1252"))


def letters_of(text):
    # Only what every encoding keeps.
    return re.sub(r"[^a-z0-9]", "", text.lower())
