"""The page about the data, the files, and their description for programs."""

import json
from functools import wraps

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from oiep import changes
from oiep.api.answers import for_any_site
from oiep.data.datasets import DATASETS
from oiep.data.licence import LICENCE, SOURCE
from oiep.limits import count_request, source_of
from oiep.sheets import csv_lines

_FORMAT = 1  # rises when the same rows are written in another way


@require_safe
def data(request):
    at_most, seconds = settings.DATA_LIMIT_BY_SOURCE
    context = {
        "datasets": DATASETS.values(),
        "licence": LICENCE,
        "today": timezone.localdate(),
        "limit": {"requests": at_most, "minutes": seconds // 60, "cost": settings.DATA_REQUEST_COST},
    }
    return render(request, "data/data.html", context)


def _file(view):
    """A file of data: in English, for any site, limited, and not sent again to who has it as it is today."""

    @require_safe
    @wraps(view)
    def wrapped(request, name):
        if name not in DATASETS:
            raise Http404
        wait = count_request(source_of(request), settings.DATA_REQUEST_COST)
        if wait:
            response = render(request, "429.html", status=429)
            response["Retry-After"] = wait
            return response
        mark = f'W/"{view.__name__}.{_FORMAT}.{name}.{changes.version()}.{timezone.localdate()}"'
        response = get_conditional_response(request, etag=mark) or view(request, DATASETS[name])
        response["ETag"] = mark
        response["Cache-Control"] = "public, no-cache"  # kept, and asked for again each time
        return for_any_site(response)

    return wrapped


@_file
def csv_file(request, dataset):
    response = StreamingHttpResponse(_csv_lines(dataset), content_type="text/csv; charset=utf-8; header=present")
    response["Content-Disposition"] = f'attachment; filename="oiep-{dataset.name}-{timezone.localdate()}.csv"'
    response["Link"] = f'<{LICENCE["path"]}>; rel="license"'
    return response


def _csv_lines(dataset):
    with translation.override(settings.LANGUAGE_CODE):
        yield from csv_lines(dataset.header, ([_cell(value) for value in row.values()] for row in dataset.walk()))


def _cell(value):
    """A list as words with spaces between; true and false as JSON writes them; times with their zone."""
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


@_file
def json_file(request, dataset):
    response = StreamingHttpResponse(_json_parts(dataset), content_type="application/json")
    response["Link"] = f'<{LICENCE["path"]}>; rel="license"'
    return response


def _json_parts(dataset):
    with translation.override(settings.LANGUAGE_CODE):
        about = {
            "name": dataset.name,
            "title": str(dataset.title),
            "date": timezone.localdate(),
            "source": SOURCE,
            "licence": LICENCE["title"],
            "licence_url": LICENCE["path"],
            "dictionary": settings.SITE_URL + reverse("data") + f"#{dataset.name}",
        }
        yield json.dumps(about, cls=DjangoJSONEncoder)[:-1] + ', "rows": ['
        for number, row in enumerate(dataset.walk()):
            yield (",\n" if number else "\n") + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
        yield "\n]}\n"


_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "list", "date": "date",
          "datetime": "datetime"}  # fmt: skip


@require_safe
def description(request):
    """What programs read about the files: a Data Package (datapackage.org)."""
    with translation.override(settings.LANGUAGE_CODE):
        package = {
            "name": "oxfordshire-inclusive-economy-charter",
            "title": "The Oxfordshire Inclusive Economy Charter",
            "homepage": settings.SITE_URL + reverse("data"),
            "licenses": [LICENCE],
            "sources": [{"title": SOURCE, "path": settings.SITE_URL + "/"}],
            "created": timezone.localdate(),
            "resources": [
                {
                    "name": dataset.name,
                    "title": str(dataset.title),
                    "description": str(dataset.about),
                    "path": settings.SITE_URL + reverse("data-csv", args=[dataset.name]),
                    "format": "csv",
                    "mediatype": "text/csv",
                    "encoding": "utf-8",
                    "schema": {"fields": [_described(field) for field in dataset.fields], "missingValues": [""]},
                }
                for dataset in DATASETS.values()
            ],
        }
        return for_any_site(JsonResponse(package, json_dumps_params={"ensure_ascii": False, "indent": 1}))


def _described(field):
    entry = {"name": field.name, "type": _TYPES[field.kind.__name__], "description": str(field.about)}
    constraints = {} if field.optional else {"required": field.kind is not list}
    if field.choices:
        constraints["enum"] = list(field.choices.values)
    return {**entry, "constraints": constraints} if constraints else entry
