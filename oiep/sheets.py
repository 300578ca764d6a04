"""Tables that go out to spreadsheets and come back from them, as CSV; workbooks that go out.

Nothing that a person typed runs when a spreadsheet opens it: a cell that it would take for a formula, and what would
become one if it cut the cell at a semicolon, a tab or a line break, gets an apostrophe before it. Reading takes exactly
that apostrophe out again.
"""

import codecs
import csv
import datetime
import io
import itertools
import re
import tempfile
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

ROWS_AT_MOST = 50_000

# Signs with which a formula begins, also in other forms of them that spreadsheets read alike.
_SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−"
_START, _WITHIN = rf"('*)(?=[\t\r\n]|\s*[{_SIGNS}])", rf"('*)(?=[{_SIGNS}])"
_AFTER_A_CUT = r"([;\t\r\n]\s*)"


def safe_cell(value):
    """A value as a cell in which nothing runs."""
    text = re.sub(_AFTER_A_CUT + _WITHIN, r"\1'\2", "" if value is None else str(value))
    return re.sub("^" + _START, r"'\1", text)


def plain_cell(text):
    """What `safe_cell` was given."""
    if "'" not in text:
        return text
    text = re.sub("^'" + _START, r"\1", text)
    return re.sub(_AFTER_A_CUT + "'" + _WITHIN, r"\1\2", text)


class _Echo:
    def write(self, text):
        return text


def csv_lines(header, rows):
    """The lines of a CSV file that Excel reads as UTF-8, one at a time."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


def workbook_of(header, rows):
    """An XLSX file, open for reading, with one sheet. Each row goes to the disk as it comes. Text is written as text,
    and as it would be in a CSV file, as which somebody may save it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("List"))
    sheet.freeze_panes = "A2"

    def cell(value):
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        written = WriteOnlyCell(sheet, value if is_number else _within_a_cell(safe_cell(value)))
        if not is_number:
            written.data_type = "s"  # never a formula
        return written

    head = [cell(heading) for heading in header]
    for written in head:
        written.font = Font(bold=True)
    sheet.append(head)
    for row in rows:
        sheet.append([cell(value) for value in row])
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    book.save(file)
    file.seek(0)
    return file


def _within_a_cell(text):
    """What a workbook can hold: no more than 32,767 characters, and no control characters."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)[:32_767]


@dataclass(frozen=True)
class Sheet:
    """A table that somebody sent us. rows: (number as the spreadsheet shows it, column → text).

    decimal_comma: whether it comes from a spreadsheet that writes 12,5. is_lossy: whether letters that Windows-1252
    does not have may have become question marks.
    """

    rows: list
    columns: list
    decimal_comma: bool = False
    is_lossy: bool = False


def read_sheet(content, *, needs, knows=()):
    """The table in the bytes of a CSV file: with or without a byte order mark, in UTF-8, UTF-16 or Windows-1252, with
    commas, semicolons or tabs.

    needs: the columns that must be there; knows: others. Raises ValidationError, with words for a user.
    """
    text, is_lossy = _decode(content)
    text, delimiter = _declared_delimiter(text)
    delimiter = delimiter or _likely_delimiter(text, {*needs, *knows})
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [_name(cell) for cell in next(reader, [])]
        _check_header(header, needs)
        rows = []
        for number, cells in enumerate(reader, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == ROWS_AT_MOST:
                raise ValidationError(
                    _("This file has more than %(most)s rows. Cut it into smaller files.")
                    % {"most": f"{ROWS_AT_MOST:,}"}
                )
            if any(cell.strip() for cell in cells[len(header) :]):
                raise ValidationError(
                    _("Row %(row)s has more cells than there are headings. Perhaps a quotation mark is missing.")
                    % {"row": number}
                )
            cells += [""] * (len(header) - len(cells))
            rows.append((number, {name: plain_cell(cell) for name, cell in zip(header, cells, strict=False) if name}))
    except csv.Error:
        raise ValidationError(
            _("We cannot read line %(line)s: a quotation mark is not closed, or a cell is too long.")
            % {"line": reader.line_num}
        ) from None
    return Sheet(rows, header, decimal_comma=delimiter == ";", is_lossy=is_lossy)


def read_lines(content, *, knows, at_most):
    """The lines of a CSV file that say something, as (number, cells), with no heading asked of it.

    knows: headings by which its delimiter is found. at_most: after one more than that, reading stops. Returns them,
    whether it writes 12,5, and whether letters may have been lost. Raises ValidationError, with words for a user.
    """
    text, is_lossy = _decode(content)
    text, delimiter = _declared_delimiter(text)
    delimiter = delimiter or _commonest_delimiter(text, knows)
    reader, lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), []
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                lines.append((number, [plain_cell(cell) for cell in cells]))
            if len(lines) > at_most:
                break
    except csv.Error:
        raise ValidationError(
            _("We cannot read line %(line)s: a quotation mark is not closed, or a cell is too long.")
            % {"line": reader.line_num}
        ) from None
    return lines, delimiter == ";", is_lossy


def _commonest_delimiter(text, knows):
    """That with which the first lines have most known headings, or else simply most cells."""

    def fits(delimiter):
        try:
            lines = list(itertools.islice(csv.reader(io.StringIO(text[:20_000], newline=""), delimiter=delimiter), 15))
        except csv.Error:
            return 0, 0
        return max((len(knows & {_name(cell) for cell in line}), len(line)) for line in lines) if lines else (0, 0)

    return max(",;\t", key=fits)


def date_of(text):
    """A date as spreadsheets write it, 2027-05-04, 04/05/2027 or Tuesday, 4 May 2027; None when it is none."""
    text = " ".join(re.sub(r"^[^\W\d]+day,?\s|,|\s0?0:00(?::00)?$", " ", text).split())
    for shape in _DATES:
        try:
            return datetime.datetime.strptime(text, shape).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    return None


_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%d %B %Y", "%d-%b-%y", "%d-%b-%Y",
          "%d %b %Y", "%B %d %Y")  # fmt: skip


def decimal_of(text, decimal_comma=False):
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


def _decode(content):
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ValidationError(_("This is a workbook, not a CSV file. In Excel, choose “Save as” and “CSV UTF-8”."))
    encodings = ["utf-8-sig", "cp1252"]
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding == "cp1252"
    raise ValidationError(_("We cannot read the letters of this file. In Excel, save it as “CSV UTF-8”."))


def _declared_delimiter(text):
    """Excel may write its delimiter in a line of its own before all others."""
    match = re.match(r'"?sep=([,;\t])"?\r?\n', text, re.IGNORECASE)
    return (text[match.end() :], match[1]) if match else (text, "")


def _likely_delimiter(text, names):
    def known(delimiter):
        try:
            header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error:
            return 0
        return len(names & {_name(cell) for cell in header})

    return max(",;\t", key=known)


def _name(cell):
    return " ".join(cell.replace("\ufeff", "").split()).lower()


def _check_header(header, needs):
    if missing := [name for name in needs if name not in header]:
        raise ValidationError(
            _("The first row has no column “%(name)s”. Begin with a file that you exported.") % {"name": missing[0]}
        )
    named = [name for name in header if name]
    if twice := [name for name in named if named.count(name) > 1]:
        raise ValidationError(_("There are two columns “%(name)s”. Take one out.") % {"name": twice[0]})
