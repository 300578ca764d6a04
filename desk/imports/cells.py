"""What stands in a cell, as people write it, and what we make of it. Each raises Wrong with words for a user."""

import datetime
import re

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep.sheets import date_of, decimal_of
from oiep.text import clean_line, clean_text, fold, normalise_email

# A spreadsheet's own words for something that it could not work out.
_SHEET_ERROR = re.compile(r"#(?:n/?a|name\?|value!|ref!|div/0!|num!|null!|spill!|calc!|#+)", re.IGNORECASE)
_FIRST_YEAR = 1990
# Day 0 of the numbers under which spreadsheets keep dates, and those that can be meant by one.
_DAY_0, _DAYS = datetime.date(1899, 12, 30), range(32874, 73051)


class Wrong(Exception):
    """Something in a cell, with words for a user."""


def _plain(text):
    if _SHEET_ERROR.fullmatch(text):
        raise Wrong(_("“%(text)s” is an error of the spreadsheet. Write what should stand there.") % {"text": text})
    return text


def line(most):
    """One line of text. Line breaks within a cell become spaces."""

    def read(text, known):
        text = " ".join(_plain(text).split())
        _check_length(text, most)
        return _checked(clean_line, text)

    return read


def text(most):
    def read(text, known):
        text = "\n".join(part.rstrip() for part in _plain(text).splitlines()).strip()
        _check_length(text, most)
        return _checked(clean_text, text)

    return read


def _check_length(text, most):
    if len(text) > most:
        raise Wrong(_("Write at most %(most)s characters. These are %(n)s.") % {"most": most, "n": len(text)})


def _checked(validate, value):
    try:
        validate(value)
    except ValidationError as refusal:
        raise Wrong(" ".join(refusal.messages)) from None
    return value


def email(text, known):
    text = _plain(text).strip().removeprefix("mailto:").strip("<>; ,")
    try:
        return normalise_email(text)
    except ValidationError:
        raise Wrong(_("“%(text)s” is no e-mail address in the form name@example.org.") % {"text": text[:60]}) from None


def website(text, known):
    text = _plain(text).strip()
    address = text if re.match(r"[a-z][a-z0-9+.-]*:", text, re.IGNORECASE) else f"https://{text}"
    try:
        URLValidator(schemes=["http", "https"])(address)
    except ValidationError:
        raise Wrong(_("“%(text)s” is no web address in the form www.example.org.") % {"text": text[:60]}) from None
    _check_length(address, 200)
    return address


def one_of(choices, **also):
    """A choice, by its value, its words, or other words for it (value=("word", …)). choices: (value, words), or a
    function that is called with what is known."""

    def read(text, known):
        pairs = choices(known) if callable(choices) else choices
        by_words = {}
        for value, words in pairs:
            for said in (value, words, *also.get(str(value), ())):
                by_words[_key(str(said))] = value
        if _key(_plain(text)) not in by_words:
            listed = ", ".join(str(words) for _value, words in pairs)
            raise Wrong(_("“%(text)s” is none of: %(choices)s.") % {"text": text[:60], "choices": listed})
        return by_words[_key(text)]

    read.choices = choices
    return read


def several_of(choices, **also):
    """As `one_of`, for several with commas, semicolons, slashes, line breaks or “and” between them; as a list."""
    one = one_of(choices, **also)

    def read(text, known):
        try:
            return [one(text, known)]  # one whose own words hold a comma
        except Wrong:
            parts = [part for part in re.split(r"[,;/\n]|\s+(?:and|&)\s+", text) if part.strip()]
            return list(dict.fromkeys(one(part, known) for part in parts))

    read.choices = choices
    return read


def _key(text):
    return " ".join(re.sub(r"[^\w]+", " ", fold(text)).split())


def date(text, known):
    """A day, also where the spreadsheet keeps it as text, or as the number of the day."""
    text = re.sub(r"[ T]\d{1,2}:\d\d(:\d\d(\.\d+)?)?$", "", _plain(text).strip())
    text = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text, flags=re.IGNORECASE)
    day = date_of(text)
    if day is None and text.isdecimal() and int(text) in _DAYS:
        day = _DAY_0 + datetime.timedelta(days=int(text))
    if day is None:
        words = _("“%(text)s” is no date that we can read. Write the day first, as 04/05/2022 or 4 May 2022.")
        raise Wrong(words % {"text": text[:40]})
    if not _FIRST_YEAR <= day.year <= timezone.localdate().year + 30:
        raise Wrong(_("%(date)s cannot be right. Look at the year.") % {"date": day.strftime("%-d %B %Y")})
    return day


def past_date(text, known):
    day = date(text, known)
    if day > timezone.localdate():
        raise Wrong(_("%(date)s is still to come.") % {"date": day.strftime("%-d %B %Y")})
    return day


def clock(text, known):
    """A time of day: 18:30, 18.30, 6.30pm, 6 pm."""
    said = _plain(text).strip().lower().replace(".", ":")
    match = re.fullmatch(r"(\d{1,2})(?::(\d\d))?(?::\d\d)?\s*(am|pm)?", said, re.ASCII)
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if match and match[3]:
        hour = (hour % 12 + (12 if match[3] == "pm" else 0)) if 1 <= hour <= 12 else 99
    if hour > 23 or minute > 59:
        raise Wrong(_("“%(text)s” is no time. Write it as 18:30.") % {"text": text[:40]})
    return datetime.time(hour, minute)


def number(text, known):
    said = re.sub(r"[\s']", "", _plain(text)).removeprefix("£").removesuffix("%").removesuffix("£").replace("−", "-")
    value = decimal_of(said, known.decimal_comma)
    if value is None:
        raise Wrong(_("“%(text)s” is no number that we can read. Write it as 1200 or 12.5.") % {"text": text[:40]})
    return value


def yes_or_no(text, known):
    said = _key(_plain(text))
    if said in ("yes", "y", "true", "1", "x"):
        return True
    if said in ("no", "n", "false", "0"):
        return False
    raise Wrong(_("“%(text)s” is neither yes nor no.") % {"text": text[:40]})
