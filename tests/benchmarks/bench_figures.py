"""Figures at 100,000 partners: what a page pays for them, and what a change costs; `make bench` runs it."""

import datetime
import sys
import time

import pytest
from django.db import connection
from django.utils import timezone

from partners.models import Partner
from pledges.figures import Slice, facts, figures
from pledges.figures.facts import gather
from pledges.models import Pledge
from tests.benchmarks.bench_reviews import many
from tests.factories import DistrictFactory, ManagerFactory, PriorityAreaFactory

PARTNERS = 100_000


def a_scheme_of(partners):
    """Partners that joined over five years, a fiftieth of them organisations, each in a district and with a pledge."""
    now = timezone.now()
    decided = {"state": "approved", "submitted_at": now, "decided_at": now, "decided_by": ManagerFactory()}
    places, areas = [DistrictFactory() for _n in range(5)], [PriorityAreaFactory() for _n in range(8)]
    rows = []
    for n in range(partners):
        kind = "resident" if n % 50 else "business"
        row = Partner(kind=kind, show_name=kind == "business", name=f"Somebody {n}", slug=f"somebody-{n}", **decided)
        row.approved_at, row.next_round_on = now - datetime.timedelta(days=n % 1800), timezone.localdate(now)
        row.clean()
        rows.append(row)
    many(Partner, rows)
    keys = list(Partner.objects.values_list("pk", flat=True))
    many(Partner.districts.through, (Partner.districts.through(partner_id=k, district=places[k % 5]) for k in keys))
    many(Partner.areas.through, (Partner.areas.through(partner_id=k, priorityarea=areas[k % 8]) for k in keys))
    pledges = []
    for n, key in enumerate(keys):
        pledge = Pledge(partner_id=key, area=areas[key % 8], capacity="resident", statement="I will.", **decided)
        pledge.started_on, pledge.search_text = timezone.localdate(now) - datetime.timedelta(days=n % 1800), "i will"
        pledges.append(pledge)
    many(Pledge, pledges)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return places


def seconds(work):
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


@pytest.mark.django_db
def test_figures_of_a_hundred_thousand(django_assert_num_queries):
    places = a_scheme_of(PARTNERS)
    one_scan, _count = seconds(lambda: Pledge.objects.filter(statement__contains="will").count())
    asked, found = seconds(lambda: gather(timezone.localdate()))
    facts()
    with django_assert_num_queries(20):
        kept, _none = seconds(lambda: [figures() for _n in range(20)])
    added, of_place = seconds(lambda: figures(Slice(place=places[0].pk)))
    print(
        f"\n{PARTNERS} partners: {len(found.partners) + len(found.pledges)} facts, asked in {asked:.2f} s "
        f"({asked / one_scan:.0f} times one pass over the pledges); kept figures {1000 * kept / 20:.2f} ms, "
        f"a new slice {1000 * added:.1f} ms",
        file=sys.stderr,
    )
    assert of_place.partners == PARTNERS / 5
    assert asked <= 150 * one_scan
    assert kept / 20 <= one_scan, "A page with figures costs less than one pass over the pledges"
    assert added <= 3 * one_scan
