"""Finds the words to translate, for Babel (babel.cfg): in templates, and in the scheme's own data."""

import io
import re
import tomllib

from babel.messages.extract import extract_python
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
