"""Every list of admin as a CSV file: what it shows by its filters and search, in which nothing runs (`oiep.sheets`)."""

from django.contrib.contenttypes.models import ContentType
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from oiep import audit
from oiep.sheets import csv_lines

_CHUNK = 500
# Secrets, what machines make of other fields, and what somebody typed who has not sent it in.
_LEFT_OUT = {
    "answers", "browser", "calendar", "data", "key", "lease_until", "made", "map_shape", "mapping", "name_key",
    "password", "search", "search_text", "session_round", "sort_name", "stop_url", "table", "text", "uid",
}  # fmt: skip
_LEFT_OUT_OF = {"signing": {"source"}}


def columns_of(model):
    """The fields of a model that go into the file, those with several values last."""
    left_out = _LEFT_OUT | _LEFT_OUT_OF.get(model._meta.model_name, set())
    fields = [field for field in model._meta.concrete_fields if field.name not in left_out]
    return [*fields, *(field for field in model._meta.many_to_many if field.name not in ("groups", "user_permissions"))]


def export(queryset, *, actor, more=(), prefetch=()):
    """The answer with the file; the audit trail says who took it.

    more: (heading, row → cell) for further columns. prefetch: the relations that these read.
    """
    model = queryset.model
    columns = columns_of(model)
    many = [field.name for field in columns if field.many_to_many]
    one = [field.name for field in columns if field.is_relation and not field.many_to_many]
    rows = queryset.order_by("pk").select_related(*one).prefetch_related(*many, *prefetch)
    header = [*(capfirst(force_str(field.verbose_name)) for field in columns), *(str(heading) for heading, _of in more)]
    audit.record(
        verb=f"{model._meta.model_name}.exported",
        subject=ContentType.objects.get_for_model(model),
        actor=actor,
        rows=queryset.count(),
    )
    lines = csv_lines(header, ([*(_cell(row, field) for field in columns), *(of(row) for _heading, of in more)]
                               for row in rows.iterator(chunk_size=_CHUNK)))  # fmt: skip
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"{model._meta.model_name}-{timezone.localdate().isoformat()}.csv"
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
