"""Every list of admin as a CSV file or a workbook: what it shows by its filters and search, in which nothing runs
(`oiep.sheets`)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from oiep import audit
from oiep.sheets import csv_lines, workbook_of

_CHUNK = 500
CSV, WORKBOOK = "csv", "xlsx"
_TYPES = {
    CSV: "text/csv; charset=utf-8",
    WORKBOOK: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Secrets, what machines make of other fields, and what somebody typed who has not sent it in.
_LEFT_OUT = {
    "answers", "browser", "calendar", "content", "data", "key", "lease_until", "made", "map_shape", "mapping",
    "name_key", "password", "search", "search_text", "session_round", "sort_name", "stop_url", "table", "text", "uid",
}  # fmt: skip
_LEFT_OUT_OF = {"signing": {"source"}}


@dataclass(frozen=True)
class Layout:
    """Another form in which rows of a model can go out. rows: queryset → those that go, with what a line reads."""

    header: list
    rows: Callable
    line: Callable


# model → the form in which a list of it comes in; those who take lists in add theirs.
LAYOUTS = {}


def columns_of(model):
    """The fields of a model that go into the file, those with several values last."""
    left_out = _LEFT_OUT | _LEFT_OUT_OF.get(model._meta.model_name, set())
    fields = [field for field in model._meta.concrete_fields if field.name not in left_out]
    return [*fields, *(field for field in model._meta.many_to_many if field.name not in ("groups", "user_permissions"))]


def export(queryset, *, actor, more=(), prefetch=(), form=CSV):
    """The answer with the file; the audit trail says who took it.

    more: (heading, row → cell) for further columns. prefetch: the relations that these read.
    """
    model = queryset.model
    columns = columns_of(model)
    many = [field.name for field in columns if field.many_to_many]
    one = [field.name for field in columns if field.is_relation and not field.many_to_many]
    rows = queryset.order_by("pk").select_related(*one).prefetch_related(*many, *prefetch)
    header = [*(capfirst(force_str(field.verbose_name)) for field in columns), *(str(heading) for heading, _of in more)]
    lines = ([*(_cell(row, field) for field in columns), *(of(row) for _heading, of in more)]
             for row in rows.iterator(chunk_size=_CHUNK))  # fmt: skip
    return _file(model, queryset, header, lines, actor, form)


def export_as_list(queryset, *, actor):
    """The answer with a workbook as lists of this kind come in."""
    layout = LAYOUTS[queryset.model]
    rows = layout.rows(queryset).order_by("pk")
    lines = (layout.line(row) for row in rows.iterator(chunk_size=_CHUNK))
    return _file(queryset.model, rows, layout.header, lines, actor, WORKBOOK)


def _file(model, rows, header, lines, actor, form):
    audit.record(
        verb=f"{model._meta.model_name}.exported",
        subject=ContentType.objects.get_for_model(model),
        actor=actor,
        rows=rows.count(),
    )
    if form == WORKBOOK:
        response = FileResponse(workbook_of(header, lines), content_type=_TYPES[form])
    else:
        response = StreamingHttpResponse(csv_lines(header, lines), content_type=_TYPES[form])
    name = f"{model._meta.model_name}-{timezone.localdate().isoformat()}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _cell(row, field):
    if field.many_to_many:
        return ", ".join(_name(one) for one in getattr(row, field.name).all())
    if field.is_relation:
        return _name(getattr(row, field.name))
    if field.choices:
        return getattr(row, f"get_{field.name}_display")()
    value = field.value_from_object(row)
    if hasattr(value, "tzinfo") and value.tzinfo:
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value


def _name(one):
    """A row that another refers to, by what the manager knows it by."""
    return "" if one is None else str(getattr(one, "name", "") or one)
