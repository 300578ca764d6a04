"""The words to translate: found for Babel (babel.cfg) in templates and in the scheme's own data, and compiled.

`python -m oiep.catalogues FILE…` compiles what stands in locale/, as `make run` and `make test` do.
"""

import io
import re
import sys
import tomllib
from pathlib import Path

from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

# The fields of reference data that people read.
READ = {
    "about", "commitment", "evidence_hint", "first_steps", "given_by", "meaning", "measure", "message", "name",
    "purpose", "short_name", "statement", "summary", "title", "unit", "vision", "why",
}  # fmt: skip


def templates(file, keywords, comment_tags, options):
    """Of a Django template, by way of Django's own translation of it into calls of gettext."""
    calls = templatize(file.read().decode())
    # What else is in the template is blanked out, but its indentation is not Python's.
    calls = re.sub(r"^[ \t]+", "", calls, flags=re.MULTILINE)
    yield from extract_python(io.BytesIO(calls.encode()), keywords, comment_tags, options)


def reference(file, keywords, comment_tags, options):
    """Of a file of reference data: the texts of its entries, as the database holds them."""
    for entries in tomllib.loads(file.read().decode()).values():
        for entry in entries:
            for field, value in entry.items():
                if field in READ and isinstance(value, str) and value.strip():
                    yield 0, "gettext", value.strip(), [field]


def strings_of(message):
    """The texts of a translation: one, or one for each of the language's plural forms."""
    return message.string if isinstance(message.string, tuple | list) else (message.string,)


def compile_catalogue(path):
    """Writes `django.mo` beside a `django.po`. What is not translated in full is left out, and so is in English."""
    path = Path(path)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parts[-3])
    for message in [message for message in catalogue if message.id and not all(strings_of(message))]:
        catalogue.delete(message.id, message.context)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        compile_catalogue(name)
