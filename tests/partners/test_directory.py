"""The directory: found by area, district, kind, size, sector and words, counted beside each choice, paged."""

import datetime

import pytest
from django.utils import timezone

from partners.models import Kind, Size
from tests.factories import DistrictFactory, PartnerFactory, PriorityAreaFactory, ResidentFactory, SectorFactory
from tests.html import Page

pytestmark = pytest.mark.django_db
MEDIUM, LARGE = Size.MEDIUM, Size.LARGE


def _names(response):
    return [str(partner.public_name) for partner in response.context["listing"].page]


def _counts(response, facet):
    return {choice.value: choice.count for choice in response.context["listing"].choices[facet]}


@pytest.fixture
def areas():
    return [
        PriorityAreaFactory(slug="spend", short_name="Local spend"),
        PriorityAreaFactory(slug="workspace", short_name="Affordable workspace"),
    ]


@pytest.fixture
def places():
    return [DistrictFactory(slug="cherwell", name="Cherwell"), DistrictFactory(slug="oxford", name="Oxford")]


@pytest.fixture
def sectors():
    return [SectorFactory(slug="food", name="Food"), SectorFactory(slug="care", name="Care")]


@pytest.fixture
def four(areas, places, sectors):
    """A bakery, a care home that works county-wide, a school without pledges, and a resident: signed in this order."""
    spend, workspace = areas
    cherwell, oxford = places
    food, care = sectors
    day = timezone.now() - datetime.timedelta(days=10)
    facts = [
        (PartnerFactory, {"name": "Zoë's Bakery", "areas": [spend, workspace], "districts": [oxford], "sector": food}),
        (PartnerFactory, {"name": "Acorn Care", "areas": [spend], "county_wide": True, "sector": care, "size": LARGE}),
        (PartnerFactory, {"name": "Banbury School", "kind": Kind.EDUCATION, "districts": [cherwell], "size": MEDIUM}),
        (ResidentFactory, {"name": "Rowan Unseen", "areas": [workspace], "districts": [cherwell]}),
    ]
    return [
        factory(approved=True, decided_at=day + datetime.timedelta(days=n), **fact)
        for n, (factory, fact) in enumerate(facts)
    ]


NEWEST = ["A resident of Cherwell", "Banbury School", "Acorn Care", "Zoë's Bakery"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", NEWEST),
        ("?sort=name", ["Acorn Care", "Banbury School", "Zoë's Bakery", "A resident of Cherwell"]),
        ("?sort=nonsense", NEWEST),
        ("?area=spend", ["Acorn Care", "Zoë's Bakery"]),
        ("?area=spend&area=workspace", ["A resident of Cherwell", "Acorn Care", "Zoë's Bakery"]),
        ("?place=cherwell", ["A resident of Cherwell", "Banbury School", "Acorn Care"]),
        ("?place=oxford", ["Acorn Care", "Zoë's Bakery"]),
        ("?kind=resident", ["A resident of Cherwell"]),
        ("?kind=business&kind=education", ["Banbury School", "Acorn Care", "Zoë's Bakery"]),
        ("?size=large", ["Acorn Care"]),
        ("?sector=food", ["Zoë's Bakery"]),
        ("?area=workspace&place=oxford", ["Zoë's Bakery"]),
        ("?q=zoe", ["Zoë's Bakery"]),
        ("?q=BAK", ["Zoë's Bakery"]),
        ("?q=bakery+zoe", ["Zoë's Bakery"]),
        ("?q=bakery&kind=resident", []),
        ("?q=akery", []),
        ("?q=%21%21%21", NEWEST),
    ],
)
def test_directory_finds_exactly_what_the_address_asks(client, four, query, names):
    response = client.get("/partners/" + query)
    assert _names(response) == names
    assert response.context["listing"].total == len(names)
    assert Page(response).faults == []


def test_each_choice_says_what_it_would_show_beside_the_other_filters(client, four):
    response = client.get("/partners/?area=workspace&kind=resident")
    assert _counts(response, "area") == {"spend": 0, "workspace": 1}
    assert _counts(response, "kind") == {
        "business": 1,
        "voluntary": 0,
        "education": 0,
        "public_body": 0,
        "resident": 1,
    }
    assert _counts(response, "place") == {"cherwell": 1, "oxford": 0}
    assert _counts(client.get("/partners/"), "place") == {"cherwell": 3, "oxford": 2}
    assert _counts(client.get("/partners/"), "size") == {"micro": 0, "small": 1, "medium": 1, "large": 1}
    assert _counts(client.get("/partners/?q=bakery"), "sector") == {"food": 1, "care": 0}


def test_each_count_is_kept_when_its_choice_is_taken(client, four):
    for facet, choices in client.get("/partners/").context["listing"].choices.items():
        for choice in choices:
            taken = client.get(f"/partners/?{facet}={choice.value}").context["listing"]
            assert (facet, choice.value, taken.total) == (facet, choice.value, choice.count)


def test_partner_county_wide_and_in_a_district_counts_once_there(client, places):
    PartnerFactory(approved=True, county_wide=True, districts=places)
    response = client.get("/partners/?place=oxford")
    assert response.context["listing"].total == 1
    assert _counts(response, "place") == {"cherwell": 1, "oxford": 1}


def test_filters_are_ticked_as_the_address_says(client, four):
    response = client.get("/partners/?area=spend&q=acorn&sort=name")
    html = response.content.decode()
    assert 'value="spend" id="area-spend" checked' in html
    assert 'value="workspace" id="area-workspace">' in html
    assert 'name="q" value="acorn"' in html
    assert '<option value="name" selected>' in html


def test_retired_area_and_district_are_offered_only_where_asked_for(client):
    area, place = PriorityAreaFactory(slug="old", retired=True), DistrictFactory(slug="gone", retired=True)
    PartnerFactory(name="Faithful", approved=True, areas=[area], districts=[place])
    assert _counts(client.get("/partners/"), "area") == {}
    response = client.get("/partners/?area=old&place=gone")
    assert _names(response) == ["Faithful"]
    assert _counts(response, "area") == {"old": 1}
    assert response.context["listing"].unknown == []


@pytest.mark.parametrize(
    "query",
    [*(f"{facet}=nonsense" for facet in ("area", "place", "kind", "size", "sector")), "area=nonsense&area=spend"],
)
def test_unknown_value_is_left_out_and_named(client, four, query):
    response = client.get("/partners/?" + query)
    assert response.status_code == 200
    assert response.context["listing"].unknown == ["nonsense"]
    assert "We left out what we do not know: “nonsense”" in Page(response).text.replace("“ ", "“").replace(" ”", "”")
    assert len(_names(response)) == (2 if "spend" in query else 4)


@pytest.mark.parametrize(
    "value",
    [
        "a" * 300,
        "'\"; DROP TABLE partners_partner; --",
        "a & | ! ( ) <-> :* b",
        "x:*:*",
        "\\",
        "%00",
        "a%00b",
        "%F0%9F%8D%9E",
        "%ED%A0%80",
        "%FF%FE",
        "<script>alert(1)</script>",
        "مخبز",
    ],
)
def test_hostile_words_and_values_are_only_words(client, four, value):
    for name in ("q", "area", "place", "kind", "size", "sector", "sort", "page"):
        response = client.get("/partners/?" + f"{name}={value}")
        assert response.status_code == 200
        assert b"<script>alert" not in response.content
        assert Page(response).faults == []


@pytest.mark.parametrize(
    ("page", "shown"), [("1", 1), ("2", 2), ("3", 2), ("999999", 2), ("-1", 1), ("x", 1), ("", 1), ("9" * 5000, 1)]
)
def test_any_page_number_shows_a_page(client, page, shown):
    for _n in range(25):
        PartnerFactory(approved=True)
    response = client.get(f"/partners/?page={page}")
    assert response.context["listing"].page.number == shown
    assert len(_names(response)) == (24 if shown == 1 else 1)


def test_pages_keep_the_filters(client, areas):
    for _n in range(25):
        PartnerFactory(approved=True, areas=[areas[0]])
    assert "?area=spend&page=2" in Page(client.get("/partners/?area=spend")).links


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?area=workspace&place=oxford", "No partner in Oxford has pledged on “Affordable workspace” yet"),
        ("?area=workspace", "No partner has pledged on “Affordable workspace” yet"),
        ("?place=oxford", "No partner in Oxford has signed yet"),
        ("?kind=business", "No partner matches all of that"),
        ("?q=nothing", "No partner matches all of that"),
        ("?area=workspace&area=spend", "No partner matches all of that"),
        ("", "Nobody has signed yet"),
    ],
)
def test_empty_directory_says_what_is_missing_and_invites(client, areas, places, query, words):
    response = client.get("/partners/" + query)
    page = Page(response)
    assert words in page.text
    assert "/sign/" in page.links
    assert page.faults == []


def test_search_never_finds_a_resident_by_a_name_that_is_not_shown(client, four):
    assert _names(client.get("/partners/?q=rowan")) == []
    resident = four[3]
    resident.show_name = True
    resident.save()
    assert _names(client.get("/partners/?q=rowan")) == ["Rowan Unseen"]
    resident.show_name = False
    resident.save()
    assert _names(client.get("/partners/?q=unseen")) == []


def test_directory_hides_what_is_not_listed(client):
    for state in ("submitted", "changes_asked", "declined", "withdrawn"):
        PartnerFactory(**{state: True})
        ResidentFactory(**{state: True})
    PartnerFactory()
    response = client.get("/partners/")
    assert response.context["listing"].total == 0
    assert sum(_counts(response, "kind").values()) == 0


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize(
    "query", ["", "?area=spend&place=oxford&kind=business&size=small&sector=food&q=firm&sort=name"]
)
def test_directory_takes_as_many_queries_however_many_partners(
    client, django_assert_num_queries, areas, places, sectors, query, rows
):
    for _n in range(rows):
        PartnerFactory(approved=True, areas=areas, districts=places, sector=sectors[0], size=Size.SMALL)
    client.get("/partners/" + query)
    with django_assert_num_queries(5 if "q=" in query else 4):
        response = client.get("/partners/" + query)
    assert response.context["listing"].total == rows


def test_head_and_other_methods(client, four):
    head = client.head("/partners/")
    assert (head.status_code, head.content) == (200, b"")
    assert client.post("/partners/").status_code == 405


def test_anonymous_directory_sets_no_cookie(client, four):
    assert client.get("/partners/?area=spend").cookies == {}
