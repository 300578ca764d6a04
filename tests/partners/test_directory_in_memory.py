"""The directory that is found and counted in memory says what the database says."""

import random

import pytest
from django.http import QueryDict
from django.utils import timezone

from oiep import changes
from oiep.bitmaps import Bitmap
from oiep.listing import Listing
from partners import directory
from partners.models import Kind, Partner, Size
from tests.factories import (
    DistrictFactory,
    PartnerFactory,
    PriorityAreaFactory,
    RecognitionFactory,
    RecognitionKindFactory,
    ResidentFactory,
    SectorFactory,
    UserFactory,
)
from tests.html import Page


@pytest.mark.parametrize("number", [0, 1, 7, 8, 9, 5000])
def test_bits_are_the_rows_that_have_it_and_pages_are_cut_right(number):
    chance = random.Random(number)
    keys = [3 * key + 1 for key in range(number)]
    chance.shuffle(keys)
    having = {what: {key for key in keys if chance.random() < share} for what, share in (("a", 0.5), ("b", 0.02))}
    bitmap = Bitmap(keys, ((key, what) for what, found in having.items() for key in [*found, 3_000_000]))
    for bits, expected in (
        (bitmap.all, set(keys)),
        (bitmap.having("a"), having["a"]),
        (bitmap.having("a") & bitmap.having("b"), having["a"] & having["b"]),
        (bitmap.having("a", "b"), having["a"] | having["b"]),
        (bitmap.having("nothing"), set()),
        (bitmap.of([*having["b"], 3_000_000]), having["b"]),
    ):
        rows = [key for key in keys if key in expected]
        assert bits.bit_count() == len(rows)
        for start in (0, 1, 24, len(rows) - 1, len(rows), len(rows) // 2):
            if start >= 0:
                assert bitmap.keys_between(bits, start, start + 24) == rows[start : start + 24]


@pytest.fixture
def county(db):
    """Sixty partners of all sorts, and some that are not to be seen."""
    chance = random.Random(60)
    areas, places = [PriorityAreaFactory() for _n in range(4)], [DistrictFactory() for _n in range(3)]
    sectors, kinds = [SectorFactory() for _n in range(3)], [RecognitionKindFactory() for _n in range(2)]
    for number in range(60):
        partner = PartnerFactory(
            approved=number % 10 != 0,
            name=f"{chance.choice(('Orchard', 'Mill', 'Bakery'))} {number}",
            kind=chance.choice([kind for kind in Kind if kind != Kind.RESIDENT]),
            size=chance.choice(Size.values),
            sector=chance.choice(sectors),
            county_wide=chance.random() < 0.2,
            areas=chance.sample(areas, chance.randint(0, 3)),
        )
        if not partner.county_wide:
            partner.districts.set(chance.sample(places, chance.randint(1, 2)))
        if chance.random() < 0.3:
            RecognitionFactory(partner=partner, kind=chance.choice(kinds), approved=chance.random() < 0.8)
        if number % 15 == 1:
            ResidentFactory(approved=True, areas=areas[:1], districts=places[:1])
    return {
        "area": [area.slug for area in areas],
        "place": [place.slug for place in places],
        "sector": [sector.slug for sector in sectors],
        "recognition": [kind.slug for kind in kinds],
        "kind": Kind.values,
        "size": Size.values,
        "sort": ["newest", "name"],
        "q": ["orchard", "mill 1", "nothing"],
        "page": ["1", "2", "last", "-1", "99"],
    }


def both(query):
    """What the database alone finds, and what is found in memory."""
    listed = Partner.objects.listed().with_cards()
    one = Listing(QueryDict(query), rows=listed, facets=directory.FACETS, sorts=directory.SORTS)
    return one, directory.directory_of(QueryDict(query))


def said(listing):
    return (
        listing.total,
        {name: [(choice.value, choice.count) for choice in choices] for name, choices in listing.choices.items()},
        [row.pk for row in listing.page],
        listing.page.number,
        listing.page.paginator.num_pages,
        listing.unknown,
    )


def test_memory_and_database_agree_whatever_is_asked(county):
    chance = random.Random(1)
    for _n in range(40):
        names = chance.sample(list(county), chance.randint(0, 4))
        query = "&".join(
            f"{name}={value}" for name in names for value in chance.sample(county[name], 1 + (name == "area"))
        )
        database, memory = both(query)
        assert said(memory) == said(database), query
    assert said(both("")[0])[0] > 50


def test_search_that_finds_too_much_stops_and_says_so(client, county, monkeypatch):
    monkeypatch.setattr(directory, "SEARCH_STOPS_AT", 3)
    page = client.get("/partners/?q=orchard")
    listing = page.context["listing"]
    assert (listing.total, listing.has_more, len(listing.page)) == (3, True, 3)
    assert "More than 3 partners" in Page(page).text
    assert 'class="facet-count"' not in page.text
    kind = listing.page[0].kind
    narrowed = directory.directory_of(QueryDict(f"q=orchard&kind={kind}"))
    expected = list(Partner.objects.listed().matching("orchard").filter(kind=kind).order_by("-approved_at", "-pk")[:3])
    assert list(narrowed.page) == expected


def test_partner_that_withdraws_is_not_shown_while_what_is_in_memory_rests(client, county, settings, monkeypatch):
    settings.FIGURES_REST_AT_MOST = 60
    monkeypatch.setattr(changes, "_QUICK", -1)
    monkeypatch.setattr(changes, "_REST", 1e9)
    PartnerFactory(name="Zebra", approved=True)  # so that it is made anew
    before = directory.directory_of(QueryDict("q=zebra"))
    assert [row.name for row in before.page] == ["Zebra"]
    Partner.objects.filter(name="Zebra").update(withdrawn_at=timezone.now(), withdrawn_by=UserFactory())
    rests = directory.directory_of(QueryDict(""))
    assert rests.total == before._bitmap.all.bit_count(), "it rests"
    assert "Zebra" not in [row.name for row in rests.page]
    assert "Zebra" not in client.get("/partners/").text
