"""A report as a Word document: with Word's own headings, lists, tables and alternative texts, to go on working in."""

import io

from django.conf import settings
from django.utils.translation import gettext as _
from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from oiep.reports import charts
from oiep.reports.content import facts_of
from oiep.reports.pdf import png_of
from oiep.reports.prose import blocks_of

_GREEN = RGBColor(0x14, 0x56, 0x3A)
_LIST_LEVELS = 3  # that Word's own template has styles for


def word_of(content, address):
    """The bytes of the document (Office Open XML). address: the report's page, where it has one."""
    document = Document()
    _prepare(document, content)
    document.add_heading(f"{content['title']}, {content['name']}", level=0)
    _table(document, None, facts_of(content))
    for part in content["parts"]:
        number = f"{part['number']}. " if part["number"] else ""
        document.add_heading(number + part["heading"], level=1)
        _paragraphs(document, part["paragraphs"])
        for section in part["sections"]:
            document.add_heading(section["heading"], level=2)
            _paragraphs(document, section["paragraphs"])
    if address:
        _link(document.add_paragraph(), address, address)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _prepare(document, content):
    properties = document.core_properties
    properties.title = f"{content['title']}, {content['name']}"
    properties.author, properties.language = content["author"], settings.LANGUAGE_CODE
    properties.comments = ""
    language = document.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    for attribute in ("w:val", "w:eastAsia"):
        language.set(qn(attribute), "en-GB")
    document.styles["Normal"].font.size = Pt(11)
    for name in ("Title", "Heading 1", "Heading 2"):
        document.styles[name].font.color.rgb = _GREEN
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.footer.paragraphs[0].text = _("Oxfordshire Inclusive Economy Partnership")


def _paragraphs(document, paragraphs):
    for paragraph in paragraphs:
        _blocks(document, blocks_of(paragraph["text"]))
        if chart := paragraph["chart"]:
            _chart(document, chart)


def _blocks(document, blocks, level=0):
    for block in blocks:
        if block["kind"] == "p":
            _runs(document.add_paragraph(), block["runs"])
        else:
            _items(document, block, level)


def _items(document, block, level):
    style = "List Bullet" if block["kind"] == "ul" else "List Number"
    deep = min(level, _LIST_LEVELS - 1)
    style = f"{style} {deep + 1}" if deep else style
    numbering = _new_numbering(document, style, block["start"]) if block["kind"] == "ol" else None
    for item in block["items"]:
        first = document.add_paragraph(style=style)
        if numbering is not None:
            _number(first, numbering)
        rest = item
        if item and item[0]["kind"] == "p":
            _runs(first, item[0]["runs"])
            rest = item[1:]
        _blocks(document, rest, level + 1)


def _new_numbering(document, style, start):
    """A list's own numbering, so that it does not go on from the one before it."""
    numbering = document.part.numbering_part.element
    of_style = document.styles[style].element.pPr.numPr.numId.val
    abstract = numbering.num_having_numId(of_style).abstractNumId.val
    number = numbering.add_num(abstract)
    number.add_lvlOverride(ilvl=0).add_startOverride(start)
    return number.numId


def _number(paragraph, number):
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = 0
    properties.get_or_add_numId().val = number


def _runs(paragraph, runs):
    for run in runs:
        if run.href:
            _link(paragraph, run.text, run.href)
        else:
            added = paragraph.add_run(run.text)
            added.bold, added.italic = run.strong or None, run.em or None


def _link(paragraph, text, address):
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = paragraph.add_run(text)
    run.font.color.rgb, run.font.underline = _GREEN, True
    link.append(run._r)
    paragraph._p.append(link)


def _chart(document, chart):
    caption = document.add_paragraph(style="Caption")
    caption.add_run(chart["title"])
    caption.paragraph_format.keep_with_next = True
    picture = document.add_picture(io.BytesIO(png_of(chart)), width=Cm(11))
    picture._inline.docPr.set("descr", charts.words_of(chart))
    rows = [(label, f"{number:,}") for label, number in chart["rows"]]
    _table(document, (chart["column"], chart["values"]), rows)


def _table(document, header, rows):
    table = document.add_table(rows=0, cols=2, style="Table Grid" if header else None)
    if header:
        cells = table.add_row()
        for cell, words in zip(cells.cells, header, strict=True):
            cell.paragraphs[0].add_run(words).bold = True
        # Read out as the table's header, and repeated on each page.
        cells._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for label, words in rows:
        cells = table.add_row().cells
        cells[0].paragraphs[0].add_run(str(label)).bold = None if header else True
        cells[1].paragraphs[0].add_run(str(words))
    document.add_paragraph()
