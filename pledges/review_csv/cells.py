"""What people and their spreadsheets write in a cell, read with care and answered in plain words."""

import datetime
import re
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

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
    value = _decimal(text, sheet.decimal_comma)
    if value is None:
        raise Wrong(
            "figure", _("“%(text)s” is no number that we can read. Write it as 1200 or 12.5.") % {"text": text[:40]}
        )
    try:
        return _FIGURE.clean(value.normalize() + Decimal(0), None)
    except (ValidationError, InvalidOperation):
        words = _("Write a number with at most %(digits)s digits after the point, and not that large.")
        raise Wrong("figure", words % {"digits": _FIGURE.decimal_places}) from None


def _decimal(text, decimal_comma):
    """A number as people in this country or on the Continent write it; None when it is none, or could be two."""
    if not re.fullmatch(r"[+-]?\d[\d.,]*", text, re.ASCII):
        return None
    point, group = (",", ".") if text.rfind(",") > text.rfind(".") else (".", ",")
    if re.fullmatch(r"[+-]?\d{1,3}([.,])\d{3}", text, re.ASCII):
        # 1,200 or 1.200: what it means depends on the spreadsheet, and on the Continent's it could be either.
        if decimal_comma:
            return None
        point, group = ".", ","
    elif group not in text and text.count(point) > 1:
        point, group = group, point  # 1,200,000
    whole, _point, rest = text.partition(point)
    if group in whole and not re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(group)}\d{{3}})+", whole, re.ASCII):
        return None
    if not re.fullmatch(r"\d*", rest, re.ASCII):
        return None
    return Decimal(f"{whole.replace(group, '')}.{rest or 0}")


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


_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%d %B %Y", "%d-%b-%y", "%d-%b-%Y",
          "%d %b %Y", "%B %d %Y")  # fmt: skip


def date_of(text):
    """A date as spreadsheets write it, 2027-05-04, 04/05/2027 or Tuesday, 4 May 2027; None when it is none."""
    text = " ".join(re.sub(r"^[^\W\d]+day,?\s|,|\s0?0:00(?::00)?$", " ", text).split())
    for shape in _DATES:
        try:
            return datetime.datetime.strptime(text, shape).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    return None


def letters_of(text):
    # Only what every encoding keeps.
    return re.sub(r"[^a-z0-9]", "", text.lower())
