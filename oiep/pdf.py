"""Documents drawn by Typst: accessible PDFs (PDF/UA-1), and pictures. What people wrote is data, never markup.

Typst brings fonts of Latin, Greek, Cyrillic and Arabic letters, so that a document looks the same from one machine to
the next. A text in another script is drawn with what the machine has. PDF/UA asks for a glyph of every letter: where
there is none, the PDF is tagged all the same, and does not say that it keeps to it.
"""

import json

import typst

_EVERY_LETTER = "#set document(title: sys.inputs.words)\n#sys.inputs.words"


def pdf_of(template, data):
    """The bytes of a PDF. template: Typst's text, which reads `sys.inputs.data`."""
    inputs = {"data": json.dumps(data)}
    for options in (
        {"ignore_system_fonts": True, "pdf_standards": ["ua-1"]},
        {"ignore_system_fonts": False, "pdf_standards": ["ua-1"]},
    ):
        try:
            return typst.compile(template.encode(), format="pdf", sys_inputs=inputs, **options)
        except typst.TypstError:
            continue
    return typst.compile(template.encode(), format="pdf", sys_inputs=inputs)


def png_of(template, data, words):
    """The bytes of a picture, a pixel for each point of the template's page. words: those that people wrote in it."""
    inputs = {"data": json.dumps(data)}
    return typst.compile(
        template.encode(), format="png", ppi=72, sys_inputs=inputs, ignore_system_fonts=has_glyphs(words)
    )


def has_glyphs(words):
    """Whether Typst's own fonts have every letter."""
    options = {"format": "pdf", "pdf_standards": ["ua-1"], "ignore_system_fonts": True}
    try:
        typst.compile(_EVERY_LETTER.encode(), sys_inputs={"words": words}, **options)
    except typst.TypstError:
        return False
    return True
