"""That the directory costs the same with 100,000 partners as with 1,000, as quality.md states it; `make bench` runs it.

The answers are timed within this process, so that nothing but the page is in them.
"""

import os
import statistics
import time

import pytest
from django.core.management import call_command
from django.test import Client

from partners.models import District, Partner, PriorityArea

FEW, MANY = 1_000, int(os.environ.get("PARTNERS", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "30"))
# address → how many times as long it may take at most (p50; the slowest twice that)
PAGES = {
    "/partners/": 1.3,
    "/partners/?area={area}": 1.3,
    "/partners/?place={place}&kind=business": 1.3,
    "/partners/?area={area}&place={place}&kind=business": 1.3,
    "/partners/?page={page}": 1.3,
    "/partners/?sort=name&page={page}": 1.3,
    "/partners/?q=orchard": 2.5,  # a word of one in sixteen
    "/partners/?q=quarry+17": 2.5,
}


def times_of(pattern, **names):
    """Milliseconds of each of several answers, after a first one that reads what is remembered."""
    address, client, found = pattern.format(**names), Client(), []
    for _round in range(ROUNDS + 2):
        start = time.perf_counter()
        answer = client.get(address)
        found.append((time.perf_counter() - start) * 1000)
        assert answer.status_code == 200
    return sorted(found[2:])


@pytest.mark.django_db(transaction=True)
def test_directory_costs_the_same_with_many_partners_as_with_few():
    call_command("prepare", verbosity=0)
    names = {"area": PriorityArea.objects.first().slug, "place": District.objects.first().slug}
    call_command("load_scale", partners=FEW)
    few = {pattern: times_of(pattern, page=FEW // 50, **names) for pattern in PAGES}
    call_command("load_scale", partners=MANY - FEW)
    deep = min(1000, MANY // 50)
    many = {pattern: times_of(pattern, page=deep, **names) for pattern in PAGES}
    print(f"\n{FEW} and {Partner.objects.count()} partners: p50 in ms, and how many times as long it takes")
    slow = {}
    for pattern, at_most in PAGES.items():
        one, other = statistics.median(few[pattern]), statistics.median(many[pattern])
        print(f"{one:7.1f} {other:7.1f} {other / one:6.2f}  {pattern}")
        if other / one > at_most or many[pattern][-1] > 2 * at_most * few[pattern][-1]:
            slow[pattern] = round(other / one, 2)
    assert slow == {}
