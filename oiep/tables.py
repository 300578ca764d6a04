"""A table that somebody sends us, as CSV or as an Excel workbook, read as rows of text with bounded memory.

What the file looks like is not trusted: a workbook that would unpack to far more than it seems is refused before it is
unpacked, and reading stops at the first row too many.
"""

import datetime
import io
import re
import warnings
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries

from oiep.sheets import plain_cell, read_lines
from oiep.uploads import KINDS, check_office

COLUMNS_AT_MOST = 100
TOO_MANY_ROWS = "too_many_rows"
UNPACKED_AT_MOST = 40 * 1024 * 1024
_EMPTY_ROWS_AT_MOST = 20_000  # some workbooks are formatted down to their last row
_HEADINGS_WITHIN = 15  # rows
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*\bref=\"([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})\"")
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Table:
    """rows: (number as the spreadsheet shows it, its cells as text). notes: what we made of the file, for its owner.

    decimal_comma: whether it comes from a spreadsheet that writes 12,5.
    """

    rows: list
    notes: list = field(default_factory=list)
    decimal_comma: bool = False


def read_table(content, *, knows, rows_at_most):
    """The table in the bytes of a file. knows: folded headings, by which its sheet and delimiter are found.

    Raises ValidationError, with words for a user.
    """
    if content.startswith(_OLD_WORKBOOK):
        raise ValidationError(
            _("This is an old workbook (XLS), or one with a password. Save it as XLSX without a password, or as CSV.")
        )
    if content.startswith(b"PK\x03\x04"):
        return _read_workbook(content, knows, rows_at_most)
    most = rows_at_most + _HEADINGS_WITHIN
    lines, decimal_comma, is_lossy = read_lines(content, knows=knows, at_most=most)
    if len(lines) > most:
        raise too_many_rows(rows_at_most)
    notes = []
    if is_lossy:
        notes.append(
            _("The file is not in UTF-8. We read it as Windows-1252: look whether letters with accents are right.")
        )
    rows = [(number, [cell.strip() for cell in cells]) for number, cells in lines]
    return Table([row for row in rows if any(row[1])], notes, decimal_comma)


def too_many_rows(most):
    return ValidationError(
        _("This file has more than %(most)s rows. Cut it into smaller files, and bring them in one after the other.")
        % {"most": f"{most:,}"},
        code=TOO_MANY_ROWS,
    )


# Workbooks ------------------------------------------------------------------------------------


def _read_workbook(content, knows, rows_at_most):
    try:
        check_office(content, KINDS["xlsx"])
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(entry.file_size for entry in parts.infolist()) > UNPACKED_AT_MOST:
                raise ValidationError("too large")
    except ValidationError:
        raise ValidationError(
            _(
                "We cannot take this workbook: it is damaged, holds macros, or unpacks to far more than a list needs. "
                "Copy the list into a new workbook and save that as XLSX, or save it as CSV."
            )
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl leaves out: drop-down lists, pictures
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            sheet = _sheet_of(book, knows)
            rows, notes = _rows_of(sheet, rows_at_most), []
            merged = _merged_ranges(content, sheet)
            others = len([other for other in book.worksheets if other.sheet_state == "visible"]) - 1
            title = sheet.title
            book.close()
    except ValidationError:
        raise
    except Exception:  # openpyxl raises of all kinds for a file that is damaged
        raise ValidationError(
            _("We cannot read this workbook. Open it in a spreadsheet, save it as XLSX or CSV, and choose that.")
        ) from None
    if others:
        notes.append(_("The workbook has several sheets. We read “%(sheet)s”.") % {"sheet": title})
    if filled := _fill(rows, merged):
        cells = ", ".join(filled[:10]) + (" …" if len(filled) > 10 else "")
        notes.append(
            _("Some cells are merged. We took each row of them to say the same: %(cells)s.") % {"cells": cells}
        )
    return Table([row for row in rows if any(row[1])], notes)


def _sheet_of(book, knows):
    """The sheet whose first rows have most of the headings that we know."""
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not sheets:
        raise ValidationError(_("This workbook has no sheet with a table."))

    def known(sheet):
        sheet.reset_dimensions()
        best = 0
        for cells in sheet.iter_rows(max_row=_HEADINGS_WITHIN, max_col=COLUMNS_AT_MOST, values_only=True):
            best = max(best, len(knows & {heading_key(text_of(cell)) for cell in cells}))
        return best

    return max(sheets, key=known)


def _rows_of(sheet, rows_at_most):
    rows, empty = [], 0
    sheet.reset_dimensions()  # what a file says of its own size can be wrong
    for number, cells in enumerate(sheet.iter_rows(max_col=COLUMNS_AT_MOST, values_only=True), start=1):
        texts = [text_of(cell).strip() for cell in cells]
        if not any(texts):
            empty += 1
            if empty > _EMPTY_ROWS_AT_MOST:
                break
            rows.append((number, texts))  # it may be within merged cells
            continue
        if number - empty > rows_at_most + _HEADINGS_WITHIN:
            raise too_many_rows(rows_at_most)
        rows.append((number, texts))
    return rows


def _merged_ranges(content, sheet):
    """(first row, last row, column) of cells that are merged over several rows."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts, parts.open(sheet._worksheet_path) as part:
        found = _MERGED.findall(part.read(UNPACKED_AT_MOST))
    for reference in found[:5000]:
        left, top, _right, bottom = range_boundaries(reference.decode())
        if bottom > top and left <= COLUMNS_AT_MOST:
            yield top, bottom, left - 1


def _fill(rows, merged):
    """Writes what merged cells say into each of their rows. Returns the words of those that were filled."""
    by_number, filled = dict(rows), []
    for top, bottom, column in merged:
        cells = by_number.get(top, [])
        said = cells[column] if column < len(cells) else ""
        below = [number for number in range(top + 1, min(bottom, top + 2000) + 1) if any(by_number.get(number, []))]
        for number in below if said else ():
            cells = by_number[number]
            cells += [""] * (column + 1 - len(cells))
            cells[column] = said
        if said and below:
            filled.append(f"“{said[:40]}”")
    return filled


def text_of(value):
    """A cell's value as people write it: a date as 2022-05-04, a number without what the spreadsheet adds to it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d") if value.time() == datetime.time() else value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return plain_cell(str(value))


def heading_key(text):
    """The same for the usual ways in which one heading is written: case, spaces, a colon or an asterisk."""
    return " ".join(re.sub(r"[^\w/&]+", " ", text.lower()).split())
