"""Rows of several tables in one query: those that belong to a row come along with it, as `nested` asks for them.

For a page about one thing, of which there are few rows each. `rows_of` makes models of them again.
"""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F
from django.db.models.functions import JSONObject


def nested(rows, *more):
    """An annotation: the rows of a queryset that names an OuterRef, in its order. more: annotations to bring along."""
    names = [*_fields_of(rows.model), *more]
    return ArraySubquery(rows.values(nested=JSONObject(**{name: F(name) for name in names})))


def rows_of(model, found, **more):
    """Models of what `nested` found. more: annotation → what makes its value of one entry of its list."""
    fields = _fields_of(model)
    rows = []
    for values in found:
        row = model.from_db("default", list(fields), [field.to_python(values[name]) for name, field in fields.items()])
        for name, read in more.items():
            setattr(row, name, [read(value) for value in values[name]])
        rows.append(row)
    return rows


def _fields_of(model):
    return {field.attname: field for field in model._meta.concrete_fields if not field.generated}
