"""What public pages cost against a bare one of the same size, as quality.md states it; `make bench` runs it.

`PARTNERS=100000 make bench` fills the site with so many; ratios are of one run, page and bare in turns.
"""

import os

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.models import District, Partner, PriorityArea
from tests.benchmarks.serving import of_bare, serving

PARTNERS = int(os.environ.get("PARTNERS", "10000"))
SECONDS, ROUNDS = int(os.environ.get("SECONDS", "2")), int(os.environ.get("ROUNDS", "3"))
MADE, KEPT = 0.12, 0.8  # of bare's requests a second
PAGES = ("/", "/partners/", "/partners/{partner}/", "/areas/{area}/")


@pytest.fixture
def names(transactional_db):
    call_command("prepare", verbosity=0)
    call_command("load_scale", partners=PARTNERS, residents=PARTNERS // 10)
    return {
        "partner": Partner.objects.listed().latest("pk").slug,
        "area": PriorityArea.objects.first().slug,
        "place": District.objects.first().slug,
    }


def test_public_pages_against_a_bare_one(names, environment):
    print(f"\n{PARTNERS} partners. Requests a second against bare: kept, and made anew; queries of the latter.")
    kept, made = {}, {}
    with serving(environment) as port:
        for path in (pattern.format(**names) for pattern in PAGES):
            kept[path] = of_bare(port, path, seconds=SECONDS, rounds=ROUNDS)
    with serving(environment, PAGES_KEPT_MEGABYTES="0") as port:
        for path in kept:
            made[path] = of_bare(port, path, seconds=SECONDS, rounds=ROUNDS)
            Client().get(path)
            with CaptureQueriesContext(connection) as queries:
                Client().get(path)
            print(f"{kept[path]:6.2f} {made[path]:6.2f} {len(queries):3}  {path}")
    assert {path: ratio for path, ratio in kept.items() if ratio < KEPT} == {}
    assert {path: ratio for path, ratio in made.items() if ratio < MADE} == {}
