"""All that we hold about a person, as one file to take away: JSON for programs, a CSV for each kind of thing, and their
own files; and beside it, in a folder each, what the organisations say for which they act (docs/decisions/0025).

Other people's data is not in it: where a row names somebody else, that is left out.
"""

import json
import shutil
import tempfile
import zipfile
from contextlib import suppress

from django.contrib.auth import get_user_model
from django.db import models
from django.template.loader import render_to_string
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext_lazy as _

from oiep.privacy.register import rows_of_tables, tables
from oiep.sheets import csv_lines
from partners.models import Partner


def holdings(user):
    """(title, fields, rows) for each kind of thing that we hold about a person, also for those of which there is none.

    Of a resident, what the partner wrote is theirs as well.
    """
    for model, rows, found in rows_of_tables(user):
        if rows.shown:
            yield rows.title, [model._meta.get_field(name) for name in rows.shown.split()], found
    residents = Partner.objects.filter(kind=Partner.Kind.RESIDENT, memberships__user=user).values("pk")
    for model, table in tables():
        if table.title:
            found = model._default_manager.filter(**{f"{table.partner}__in": residents})
            yield table.title, _fields_of_resident(model, table), found


def organisations_of(user):
    """The organisations that a person acts for now."""
    return Partner.objects.visible_to(user).exclude(kind=Partner.Kind.RESIDENT).order_by("name", "pk")


def holdings_of_organisation(partner):
    """As `holdings`, of what an organisation says. All its people can see that on the site; none of it is their own."""
    for model, table in tables():
        if table.title:
            title = _("Your profile") if model is Partner else table.title
            found = model._default_manager.filter(**{table.partner: partner.pk})
            yield title, _fields_of_organisation(model, table), found


def _fields_of_resident(model, table):
    return _fields(model, f"{table.plain} {table.personal} {table.partners} {table.letters}".split())


def _fields_of_organisation(model, table):
    answer = [name for name in table.letters.split() if name == "decision_message"]
    return _fields(model, [*f"{table.plain} {table.partners}".split(), *answer])


def _fields(model, names):
    """Those fields of a model, without what is derived, and who had a hand in it."""
    fields = [field for field in model._meta.concrete_fields if field.name in names and not field.generated]
    derived = ("name_key", "sort_name", "search_text")
    return [field for field in fields if field.related_model is not get_user_model() and field.name not in derived]


def summary(user):
    """(title, how many) of what there is."""
    counted = ((title, found.count()) for title, _fields, found in holdings(user))
    return [(title, count) for title, count in counted if count]


def make_archive(user):
    """The archive, as an open file of which no more than a part is ever in memory."""
    archive = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as folder, tempfile.TemporaryFile() as data:
        kept = _write_tables(folder, data, user)
        data.seek(0)
        with folder.open("data.json", "w") as target:
            shutil.copyfileobj(data, target)
        for name, file in kept.items():
            with suppress(FileNotFoundError), file.open("rb") as source, folder.open(name, "w") as target:
                shutil.copyfileobj(source, target)
        folder.writestr("read me.txt", render_to_string("privacy/read_me.txt"))
    archive.seek(0)
    return archive


def _write_tables(folder, data, user):
    """Writes each kind of thing as CSV and, beside, all as JSON. Returns the files that belong to it: name → file."""
    kept = {}
    data.write(b"{")
    for number, (place, title, fields, found) in enumerate(_those_there_are(user)):
        name = place + slugify(str(title))
        data.write(b",\n" if number else b"\n")
        data.write(f"{json.dumps(name)}: [".encode())
        with folder.open(f"{name}.csv", "w") as sheet:
            rows = _rows(fields, found, data, kept)
            for line in csv_lines([capfirst(field.verbose_name) for field in fields], rows):
                sheet.write(line.encode())
        data.write(b"]")
    data.write(b"\n}\n")
    return kept


def _those_there_are(user):
    """(folder, title, fields, rows) for each kind of thing of which there is one."""
    yield from (("", *one) for one in holdings(user) if one[-1].exists())
    for partner in organisations_of(user):
        yield from ((f"{partner.slug}/", *one) for one in holdings_of_organisation(partner) if one[-1].exists())


def _rows(fields, found, data, kept):
    """The cells of each row, which is written as JSON on the way."""
    related = [field.name for field in fields if field.is_relation]
    for number, row in enumerate(found.select_related(*related).order_by("pk").iterator(chunk_size=500)):
        values = {field.name: _value(row, field, kept) for field in fields}
        data.write(
            (",\n " if number else "\n ").encode() + json.dumps(values, ensure_ascii=False, default=str).encode()
        )
        yield [_cell(value) for value in values.values()]


def _value(row, field, kept):
    if field.is_relation:
        related = getattr(row, field.name)
        return None if related is None else str(related)
    value = getattr(row, field.attname)
    if isinstance(field, models.FileField):
        if not value:
            return None
        kept[f"files/{value.name}"] = value
        return f"files/{value.name}"
    if isinstance(value, list | dict | bool | int) or value is None:
        return value
    return str(value)


def _cell(value):
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else value
