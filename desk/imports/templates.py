"""A workbook to fill in: the headings, what stands below each, and lists to choose from."""

import io

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from oiep.sheets import csv_lines

_ROWS = 1000
_WIDEST = 60


def workbook(kind, known):
    """The bytes of the XLSX file for a kind of list."""
    book = Workbook()
    sheet, words, lists = book.active, book.create_sheet(_("How to")), book.create_sheet(_("Choices"))
    sheet.title = _("List")
    words.append([_("Column"), _("Needed?"), _("What to write"), _("Example")])
    for place, column in enumerate(kind.columns, start=1):
        letter = get_column_letter(place)
        sheet[f"{letter}1"] = str(column.heading)
        sheet[f"{letter}1"].font = Font(bold=True)
        sheet.column_dimensions[letter].width = max(16, len(str(column.heading)) + 4)
        choices = _choices(column, known)
        said = str(column.help)
        if choices:
            said = f"{said} {_('One of')}: {', '.join(choices)}.".strip()
            _offer(sheet, lists, letter, place, choices)
        words.append([str(column.heading), _("Yes") if column.needed else _("No"), said, str(column.example)])
    for cell in words[1]:
        cell.font = Font(bold=True)
    for letter, width in zip("ABCD", (26, 10, _WIDEST, 40), strict=True):
        words.column_dimensions[letter].width = width
    lists.sheet_state = "hidden"
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _choices(column, known):
    if not column.choices:
        return []
    return [str(words) for _value, words in (column.choices(known) if callable(column.choices) else column.choices)]


def _offer(sheet, lists, letter, place, choices):
    """A list to choose from, that does not forbid other words: several can be meant."""
    for number, choice in enumerate(choices, start=1):
        lists[f"{get_column_letter(place)}{number}"] = choice
    source = f"'{lists.title}'!${get_column_letter(place)}$1:${get_column_letter(place)}${len(choices)}"
    rule = DataValidation(type="list", formula1=f"={source}", allow_blank=True, showErrorMessage=False)
    sheet.add_data_validation(rule)
    rule.add(f"{letter}2:{letter}{_ROWS}")


def lines(kind):
    """The lines of the CSV file: the headings alone."""
    return csv_lines([str(column.heading) for column in kind.columns], [])
