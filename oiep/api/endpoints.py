"""The addresses of the API. Each asks what `published()` shows, and answers with the fields that the files have."""

import functools
import json

from django.conf import settings
from django.db.models import Q
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from ninja import NinjaAPI, Query

from oiep.api import schemas
from oiep.api.answers import HANDLERS, answering, no_others, nothing_here, page_of
from oiep.data import datasets
from oiep.data.datasets import DATASETS
from oiep.data.licence import LICENCE
from partners.models import District, Kind, Partner, PriorityArea
from pledges.figures import Slice, areas_with_figures, places_with_figures
from pledges.standing import Status
from pledges.views.standing import for_programs, statement_of

ABOUT = """Who has signed the Oxfordshire Inclusive Economy Charter, what they promised and what came of it.

Everything here is public and can be used under the Open Government Licence v3.0. Nothing needs a key. Lists come in
pages: follow `next`. Answers carry an `ETag`; send it as `If-None-Match` and an answer that has not changed costs
nothing. What you ask too often is answered with 429 and `Retry-After`. Problems come as RFC 9457 says. Residents who
did not choose to be named have no name here. New fields may come; none of those here will go in version 1.
"""
GOOD = {Status.SIGNED, Status.UP_TO_DATE, Status.REVIEW_DUE, Status.PAUSED}

api = NinjaAPI(
    title="Oxfordshire Inclusive Economy Charter",
    version="1.0.0",
    description=ABOUT,
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    openapi_extra={"info": {"license": {"name": LICENCE["title"], "url": LICENCE["path"]}}},
)
for exception, handler in HANDLERS.items():
    api.add_exception_handler(exception, handler)

_PROBLEM = {
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_PROBLEMS = {
    400: "A parameter makes no sense, or the cursor is not one of ours.",
    404: "There is no such thing, or it is not public.",
    429: "Too many requests: wait for as long as `Retry-After` says.",
    503: "Not available now.",
}


def _get(address, answer, summary, *statuses):
    extra = {
        "responses": {
            304: {"description": "It is as it was when you got that ETag."},
            **{status: {"description": _PROBLEMS[status], **_PROBLEM} for status in (400, *statuses, 429, 503)},
        }
    }
    return api.get(address, response=answer, summary=summary, openapi_extra=extra)


@_get("/", schemas.Index, "What there is")
def index(request):
    no_others(request, None)
    paths = document()["paths"]
    return {
        "title": api.title,
        "licence": LICENCE["title"],
        "licence_url": LICENCE["path"],
        "documentation": settings.SITE_URL + reverse("data"),
        "openapi": settings.SITE_URL + reverse("api-openapi"),
        "addresses": [settings.SITE_URL + address for address in paths],
    }


# Figures --------------------------------------------------------------------------------------


@_get("/totals", schemas.Totals, "How many signed, what they promised and what came of it", 404)
def totals(request, asked: Query[schemas.OfSlice]):
    no_others(request, asked)
    slice = Slice(
        area=asked.area and _area(asked.area).pk,
        place=asked.place and _district(asked.place).pk,
        kind=asked.kind,
        year=asked.year,
    )
    return datasets.totals(slice, asked.on)


@_get("/totals/all", schemas.AllTotals, "The totals of each priority area, district, kind of partner and year")
def all_totals(request, asked: Query[schemas.AsOf]):
    no_others(request, asked)
    return {"items": datasets.all_totals(asked.on)}


@_get("/areas", schemas.Entries, "The priority areas")
def areas(request):
    no_others(request, None)
    return {"items": [_entry(area, area.short_name) for area in areas_with_figures()]}


@_get("/places", schemas.Entries, "The districts")
def places(request):
    no_others(request, None)
    return {"items": [_entry(place, place.name) for place in places_with_figures()]}


def _entry(entry, name):
    return {
        "slug": entry.slug,
        "name": name,
        "url": settings.SITE_URL + entry.get_absolute_url(),
        "partners": entry.partner_count,
        "live_pledges": entry.pledge_count,
    }


# Partners -------------------------------------------------------------------------------------


@_get("/partners", schemas.Partners, "The partners, also those that have lapsed or left", 404)
def partners(request, asked: Query[schemas.OfPartners]):
    no_others(request, asked)
    rows = DATASETS["partners"].rows()
    if asked.area:
        rows = rows.in_area(_area(asked.area))
    if asked.place:
        rows = rows.in_place(_district(asked.place))
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.size:
        rows = rows.filter(size=asked.size)
    if asked.q:
        rows = rows.matching(asked.q)
    if asked.counted is not None:
        gone = Q(withdrawn_at__isnull=False) | Q(lapsed_on__isnull=False)
        rows = rows.filter(~gone if asked.counted else gone)
    return page_of(request, rows, datasets.show_partners, asked)


def _area(slug):
    return get_object_or_404(PriorityArea, slug=slug)


def _district(slug):
    return get_object_or_404(District, slug=slug)


def _partner(slug):
    return get_object_or_404(Partner.objects.published(), slug=slug)


@_get("/partners/{slug:slug}", schemas.Partner, "One partner", 404)
def partner(request, slug: str):
    no_others(request, None)
    return datasets.show_partners([get_object_or_404(DATASETS["partners"].rows(), slug=slug)])[0]


@_get("/partners/{slug:slug}/standing", schemas.Standing, "An organisation's standing on a day, for buyers", 404)
def standing(request, slug: str, asked: Query[schemas.OnDay]):
    """Whether an organisation keeps its word to report on its pledges, today or on any other day.

    The answer about a past day stays what it is. One about a day to come says what will be if nothing changes.
    """
    no_others(request, asked)
    organisation = get_object_or_404(Partner.objects.published().exclude(kind=Kind.RESIDENT), slug=slug)
    today = timezone.localdate()
    statement = statement_of(organisation, asked.on or today, today)
    answer = for_programs(organisation, statement)
    del answer["generated_at"]  # with it no two answers would be the same; the header Date says it
    return {**answer, "good": statement["standing"].status in GOOD}


# Pledges, reviews, events ---------------------------------------------------------------------


@_get("/pledges", schemas.Pledges, "The pledges, also those that have ended", 404)
def pledges(request, asked: Query[schemas.OfPledges]):
    no_others(request, asked)
    rows = DATASETS["pledges"].rows()
    if asked.partner:
        rows = rows.filter(partner=_partner(asked.partner))
    if asked.area:
        rows = rows.filter(area=_area(asked.area))
    if asked.place:
        rows = rows.filter(partner__in=Partner.objects.in_place(_district(asked.place)))
    if asked.kind:
        rows = rows.filter(partner__kind=asked.kind)
    if asked.capacity:
        rows = rows.filter(capacity=asked.capacity)
    if asked.q:
        rows = rows.matching(asked.q)
    if asked.live is not None:
        rows = rows.filter(ended_at__isnull=asked.live)
    return page_of(request, rows, datasets.show_pledges, asked)


@_get("/pledges/{int:number}", schemas.Pledge, "One pledge", 404)
def pledge(request, number: int):
    no_others(request, None)
    return datasets.show_pledges([get_object_or_404(DATASETS["pledges"].rows(), pk=number)])[0]


@_get("/reviews", schemas.Answers, "What approved reviews say of pledges", 404)
def reviews(request, asked: Query[schemas.OfAnswers]):
    no_others(request, asked)
    rows = DATASETS["reviews"].rows()
    if asked.partner:
        rows = rows.filter(review__partner=_partner(asked.partner))
    if asked.pledge:
        rows = rows.filter(Q(pledge=asked.pledge) | Q(pledge=None, new_pledge=asked.pledge))
    if asked.progress:
        rows = rows.filter(progress=asked.progress)
    return page_of(request, rows, datasets.show_answers, asked)


@_get("/events", schemas.Events, "The events, to come and past", 404)
def events(request, asked: Query[schemas.OfEvents]):
    no_others(request, asked)
    rows = DATASETS["events"].rows()
    if asked.when:
        rows = rows.upcoming() if asked.when == "upcoming" else rows.past()
    if asked.area:
        rows = rows.filter(areas=_area(asked.area))
    if asked.place:
        rows = rows.filter(district=_district(asked.place))
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    return page_of(request, rows, datasets.show_events, asked)


@_get("/events/{slug:slug}", schemas.EventOut, "One event", 404)
def event(request, slug: str):
    no_others(request, None)
    return datasets.show_events([get_object_or_404(DATASETS["events"].rows(), slug=slug)])[0]


# What describes all that, and the addresses ---------------------------------------------------


@functools.cache
def document():
    """The OpenAPI 3.1 document."""
    found = dict(api.get_openapi_schema(path_prefix="api/v1/"))
    kept = found["components"]["schemas"]
    problem = schemas.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    kept |= problem.pop("$defs")
    kept["Problem"] = problem
    found["servers"] = [{"url": settings.SITE_URL}]
    return json.loads(json.dumps(found))


def openapi(request):
    return JsonResponse(document())


def _urls():
    """The addresses, each answering as `answering` says; ninja's own page is left out."""
    for pattern in api.urls[0]:
        if pattern.name != "api-root":
            yield path(str(pattern.pattern), answering(pattern.callback), name=f"api-{pattern.name}")


urlpatterns = [
    *_urls(),
    path("openapi.json", answering(openapi), name="api-openapi"),
    path("<path:rest>", answering(nothing_here), name="api-nothing"),
]
