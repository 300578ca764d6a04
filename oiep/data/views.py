"""The page about the data, the files, and their description for programs."""

import hashlib
import json
import os
import tempfile
from functools import wraps

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
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

_IN_MEMORY = 1024 * 1024  # bytes of a file while it is made; a larger one goes to the disk
_tags = {}  # (which file) → (the state of the data, the tag of the file that is made from it)


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
    """A file of data: in English, for any site, limited, and not sent again to who has it as it is today.

    view: gives the parts of the text, and the headers. The tag of a file follows from what is in it alone, so that
    nothing is to be read from it of what is not public.
    """

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
        which, state = (view.__name__, name), (changes.version(), timezone.localdate())
        known_state, tag = _tags.get(which, (None, None))
        response = get_conditional_response(request, etag=tag) if known_state == state else None
        if response is None:
            parts, headers = view(request, DATASETS[name])
            file, tag = _made(parts)
            _tags[which] = (state, tag)
            with file:
                response = get_conditional_response(request, etag=tag) or _answer(file, headers)
        response["ETag"] = tag
        response["Cache-Control"] = "public, no-cache"  # kept, and asked for again each time
        return for_any_site(response)

    return wrapped


def _made(parts):
    """A file of these parts, to be read from its beginning, and its tag."""
    file, digest = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY), hashlib.sha256()  # noqa: SIM115 - sent later
    for part in parts:
        part = part.encode()
        digest.update(part)
        file.write(part)
    return file, f'"{digest.hexdigest()[:32]}"'


def _answer(file, headers):
    """A file that has just been written, in one piece or, where it is large, in parts."""
    headers |= {"Content-Length": file.tell(), "Link": f'<{LICENCE["path"]}>; rel="license"'}
    file.seek(0)
    if headers["Content-Length"] <= _IN_MEMORY:
        return HttpResponse(file.read(), headers=headers)
    return FileResponse(os.fdopen(os.dup(file.fileno()), "rb"), headers=headers)


@_file
def csv_file(request, dataset):
    name = f"oiep-{dataset.name}-{timezone.localdate()}.csv"
    return _csv_lines(dataset), {
        "Content-Type": "text/csv; charset=utf-8; header=present",
        "Content-Disposition": f'attachment; filename="{name}"',
    }


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
    return _json_parts(dataset), {"Content-Type": "application/json"}


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
