"""A report as a tagged PDF: headings, lists, tables and charts that a screen reader finds its way through.

The words go to Typst as data and are never read as its markup.
"""

import json
from dataclasses import asdict
from pathlib import Path

import typst
from django.conf import settings
from django.utils.translation import gettext as _

from oiep.reports import charts
from oiep.reports.content import facts_of
from oiep.reports.prose import blocks_of

TEMPLATE = Path(__file__).with_name("report.typ").read_text("utf-8")
_BARE = '#set page(width: auto, height: auto, margin: 6pt)\n#image(bytes(sys.inputs.svg), format: "svg", width: 360pt)'


def pdf_of(content, address):
    """The bytes of the PDF. address: the report's page, where it has one.

    It keeps to PDF/UA-1. That asks for a glyph for every letter: where somebody wrote in a script that we have no font
    of, it is a tagged PDF that does not.
    """
    data = {"data": json.dumps(_document(content, address))}
    try:
        return _compile(TEMPLATE, format="pdf", sys_inputs=data, pdf_standards=["ua-1"])
    except typst.TypstError:
        return _compile(TEMPLATE, format="pdf", sys_inputs=data)


def png_of(chart):
    """A chart as a picture, in twice the size in which it is shown."""
    svg = str(charts.svg_of(chart, hidden=False))
    return _compile(_BARE, format="png", ppi=144, sys_inputs={"svg": svg})


def _compile(template, **options):
    # Fonts of the machine would make it look otherwise from one server to the next.
    return typst.compile(template.encode(), ignore_system_fonts=True, **options)


def _document(content, address):
    return {
        "title": content["title"],
        "name": content["name"],
        "author": content["author"],
        "language": settings.LANGUAGE_CODE.partition("-")[0],
        "region": settings.LANGUAGE_CODE.partition("-")[2],
        "facts": [[str(label), words] for label, words in facts_of(content)],
        "footer": _("Oxfordshire Inclusive Economy Partnership"),
        "address": address,
        "parts": [
            {
                "heading": f"{part['number']}. {part['heading']}" if part["number"] else part["heading"],
                "paragraphs": [_paragraph(row) for row in part["paragraphs"]],
                "sections": [
                    {"heading": section["heading"], "paragraphs": [_paragraph(row) for row in section["paragraphs"]]}
                    for section in part["sections"]
                ],
            }
            for part in content["parts"]
        ],
    }


def _paragraph(paragraph):
    chart = paragraph["chart"]
    return {"blocks": [_block(block) for block in blocks_of(paragraph["text"])], "chart": chart and _chart(chart)}


def _block(block):
    if block["kind"] == "p":
        return {"kind": "p", "runs": [asdict(run) for run in block["runs"]]}
    return {**block, "items": [[_block(part) for part in item] for item in block["items"]]}


def _chart(chart):
    return {
        "title": chart["title"],
        "column": chart["column"],
        "values": chart["values"],
        "alt": charts.words_of(chart),
        "svg": str(charts.svg_of(chart, hidden=False)),
        "rows": [[label, f"{number:,}"] for label, number in chart["rows"]],
    }
