"""The reports that are published, as pages and as files."""

import hashlib
import json

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_safe

from oiep.pages import keep
from oiep.reports.content import facts_of
from oiep.reports.models import UpdateReport
from oiep.reports.pdf import TEMPLATE, pdf_of
from oiep.reports.word import word_of

PDF = "application/pdf"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KINDS = {"pdf": (pdf_of, PDF), "docx": (word_of, WORD)}
_KEPT = 30 * 24 * 3600  # seconds


@require_safe
@keep()
def reports(request):
    rows = UpdateReport.objects.published().newest_first().prefetch_related("editions")
    return render(request, "reports/reports.html", {"reports": rows})


@require_safe
@keep()
def report(request, slug):
    report = get_object_or_404(UpdateReport.objects.published(), slug=slug)
    editions = list(report.editions.order_by("number"))
    context = {"report": report, "edition": editions[-1], "editions": editions, **parts_of_page(editions[-1].content)}
    return render(request, "reports/report.html", context)


def parts_of_page(content):
    """What `reports/_report.html` draws a report from."""
    return {"content": content, "facts": facts_of(content)}


# Files ----------------------------------------------------------------------------------------


def _edition_of(slug):
    report = UpdateReport.objects.published().filter(slug=slug).first()
    return report and report.edition


def _etag(request, slug, kind):
    edition = _edition_of(slug)
    return edition and f'"{fingerprint(edition.content, kind)}"'


@require_safe
@condition(etag_func=_etag)
def file(request, slug, kind):
    """The newest edition as a PDF or a Word document."""
    edition = _edition_of(slug)
    if edition is None:
        raise Http404
    address = settings.SITE_URL + edition.report.get_absolute_url()
    response = as_file(edition.content, kind, name=slug, address=address)
    response["Cache-Control"] = "public, no-cache"
    return response


def as_file(content, kind, *, name, address=""):
    make, content_type = KINDS[kind]
    key = f"report.{fingerprint(content, kind, address)}"
    made = cache.get(key)
    if made is None:
        made = make(content, address)
        cache.set(key, made, timeout=_KEPT)
    file_name = f"{_('oiep-update')}-{name}.{kind}"
    headers = {"Content-Disposition": content_disposition_header(True, file_name)}
    return HttpResponse(made, content_type=content_type, headers=headers)


def fingerprint(content, kind, address=""):
    """The same for the same content and look, by which a file that was made of it is known again."""
    words = json.dumps([content, kind, address, settings.SITE_URL, TEMPLATE], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()
