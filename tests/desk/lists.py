"""Lists as managers have them, to bring in."""

import io

from openpyxl import Workbook

HEADINGS = ("Organisation", "Kind", "Where it works", "Contact name", "Contact e-mail", "Job title", "Signed on")
_WORDS = ("Apple", "Birch", "Cedar", "Damson", "Elder", "Fennel", "Gorse", "Hazel", "Ivy", "Juniper", "Kale", "Larch")
_TRADES = (
    "Bakers",
    "Printers",
    "Carpenters",
    "Growers",
    "Weavers",
    "Brewers",
    "Builders",
    "Potters",
    "Cyclists",
    "Cooks",
)


def partners(number=120):
    """Rows that are right, no two alike: (organisation, kind, places, contact, e-mail, job title, signed on)."""
    for n in range(number):
        name = f"{_WORDS[n % 12]} {_TRADES[n // 12 % 10]}{f' {n}' if n >= 120 else ''}"
        mailbox = name.lower().replace(" ", ".")
        yield [name, "Business", "Oxford", f"Person {n}", f"{mailbox}@gmail.com", "Owner", "4 May 2022"]


def workbook(rows, headings=HEADINGS, *, before=(), merged=()):
    """The bytes of an XLSX file. before: rows above the headings. merged: ranges of cells to merge."""
    book = Workbook()
    for row in (*before, headings, *rows):
        book.active.append(list(row))
    for cells in merged:
        book.active.merge_cells(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv(rows, headings=HEADINGS, *, encoding="utf-8", delimiter=","):
    return "\r\n".join(delimiter.join(map(str, row)) for row in (headings, *rows)).encode(encoding)
