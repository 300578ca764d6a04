"""The Charter, areas, places, pledges and a partner's page, as a stranger sees them."""

import datetime

import pytest
from django.utils import timezone

from partners.models import Kind
from pledges.models import CharterVersion
from pledges.track_record import track_record
from tests.factories import (
    CharterVersionFactory,
    DistrictFactory,
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    ResidentFactory,
    SectorFactory,
    SignatureFactory,
)
from tests.html import Page

pytestmark = pytest.mark.django_db


def _day(year, month, day):
    return datetime.datetime(year, month, day, 12, tzinfo=datetime.UTC)


# The Charter ----------------------------------------------------------------------------------


@pytest.fixture
def versions():
    CharterVersion.objects.all().delete()
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    return [
        CharterVersionFactory(number=1, summary="The first words.", published_on=datetime.date(2022, 6, 1)),
        CharterVersionFactory(number=2, summary="The current words.", published_on=timezone.localdate()),
        CharterVersionFactory(number=3, summary="Words of tomorrow.", published_on=tomorrow),
        CharterVersionFactory(number=4, summary="Words of a draft.", published_on=None),
    ]


def test_charter_is_the_newest_published_version(client, versions):
    page = Page(client.get("/charter/"))
    assert "The current words." in page.text
    assert "/sign/" in page.links
    assert "/charter/1/" in page.links
    assert not {"/charter/2/", "/charter/3/", "/charter/4/"} & set(page.links)
    assert page.faults == []


def test_older_version_says_which_is_current(client, versions):
    page = Page(client.get("/charter/1/"))
    assert "The first words." in page.text
    assert "This is version 1. People sign version 2 today." in page.text
    assert page.faults == []


def test_current_version_by_its_number_is_the_same_page(client, versions):
    response = client.get("/charter/2/")
    assert "People sign version" not in Page(response).text
    assert b'<link rel="canonical" href="http://testserver/charter/">' in response.content


@pytest.mark.parametrize("number", [0, 3, 4, 5, 10**20])
def test_unpublished_version_does_not_exist(client, versions, number):
    assert client.get(f"/charter/{number}/").status_code == 404


def test_charter_before_there_is_one(client):
    page = Page(client.get("/charter/"))
    assert "The Charter is not published yet" in page.text
    assert page.faults == []


def test_charter_s_markdown_is_drawn_and_raw_html_is_not(client, versions):
    versions[1].vision = "A **fair** county. <script>alert(1)</script> [x](javascript:alert(1))"
    versions[1].save()
    html = client.get("/charter/").content.decode()
    assert "<strong>fair</strong>" in html
    assert "<script>alert" not in html
    assert 'href="javascript' not in html


# Areas and places -----------------------------------------------------------------------------


@pytest.fixture
def county():
    """Two areas, two districts; one firm in Oxford, one county-wide, a resident of Cherwell."""
    spend = PriorityAreaFactory(slug="spend", short_name="Local spend", meaning="**Buy** nearby.")
    workspace = PriorityAreaFactory(slug="workspace", short_name="Affordable workspace")
    cherwell, oxford = DistrictFactory(slug="cherwell", name="Cherwell"), DistrictFactory(slug="oxford", name="Oxford")
    bakery = PartnerFactory(name="Bakery", approved=True, districts=[oxford])
    # Its district adds nothing to its being everywhere.
    care = PartnerFactory(name="Care Home", approved=True, county_wide=True, districts=[oxford])
    resident = ResidentFactory(approved=True, districts=[cherwell])
    return {
        "pledges": [
            PledgeFactory(approved=True, partner=bakery, area=spend, statement="We will buy flour here."),
            PledgeFactory(approved=True, partner=bakery, area=spend, statement="We will buy milk here."),
            PledgeFactory(approved=True, partner=care, area=workspace, statement="We will share our hall."),
            PledgeFactory(
                approved=True, partner=resident, area=spend, statement="I will shop in town.", capacity="resident"
            ),
        ],
        "partners": [bakery, care, resident],
    }


def _figures(rows):
    return {row.slug: (row.partner_count, row.pledge_count) for row in rows}


def test_areas_carry_exact_figures(client, county):
    response = client.get("/areas/")
    assert _figures(response.context["areas"]) == {"spend": (2, 3), "workspace": (1, 1)}
    assert Page(response).faults == []


def test_places_carry_exact_figures(client, county):
    response = client.get("/places/")
    figures = {place["district"].slug: (place["partners"], place["pledges"]) for place in response.context["places"]}
    assert figures == {"cherwell": (2, 2), "oxford": (2, 3)}
    assert Page(response).faults == []


def test_area_shows_its_meaning_partners_pledges_and_ideas(client, county):
    idea = PledgeIdeaFactory(area=county["pledges"][0].area, title="Buy bread", first_steps="Ask a baker.\nTaste it.")
    PledgeIdeaFactory(area=county["pledges"][2].area, title="Another area's idea")
    PledgeIdeaFactory(area=idea.area, title="A retired idea", retired=True)
    response = client.get("/areas/spend/")
    page = Page(response)
    assert b"<strong>Buy</strong> nearby." in response.content
    for words in ("We will buy milk here.", "I will shop in town.", "A resident of Cherwell", "Bakery", "Buy bread"):
        assert words in page.text
    for words in ("We will share our hall.", "Care Home", "Another area's idea", "A retired idea"):
        assert words not in page.text
    assert "/sign/" in page.links
    assert (response.context["area"].partner_count, response.context["area"].pledge_count) == (2, 3)
    assert page.faults == []


def test_place_shows_figures_by_area(client, county):
    response = client.get("/places/cherwell/")
    page = Page(response)
    assert _figures(response.context["areas"]) == {"spend": (1, 1), "workspace": (1, 1)}
    assert "Care Home" in page.text
    assert "Bakery" not in page.text
    assert page.faults == []


def test_empty_area_and_place_invite(client):
    area, place = PriorityAreaFactory(short_name="Workspace"), DistrictFactory(name="Cherwell")
    page = Page(client.get(area.get_absolute_url()))
    assert "Nobody has pledged on “Workspace” yet" in page.text
    assert page.faults == []
    page = Page(client.get(place.get_absolute_url()))
    assert "No partner in Cherwell has signed yet" in page.text
    assert page.faults == []


def test_retired_area_and_place_keep_their_address_but_leave_the_lists(client):
    area, place = PriorityAreaFactory(retired=True), DistrictFactory(retired=True)
    assert "no longer one of the Charter's priority areas" in Page(client.get(area.get_absolute_url())).text
    assert "no longer one of the districts" in Page(client.get(place.get_absolute_url())).text
    assert area.get_absolute_url() not in Page(client.get("/areas/")).links
    assert place.get_absolute_url() not in Page(client.get("/places/")).links


@pytest.mark.parametrize("address", ["/areas/none/", "/places/none/", "/pledges/999999/", f"/pledges/{10**30}/"])
def test_unknown_address_is_not_found(client, address):
    response = client.get(address)
    assert response.status_code == 404
    assert Page(response).faults == []


# Pledges --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        ("", ["I will shop in town.", "We will share our hall.", "We will buy milk here.", "We will buy flour here."]),
        ("?area=workspace", ["We will share our hall."]),
        ("?place=cherwell", ["I will shop in town.", "We will share our hall."]),
        ("?capacity=resident", ["I will shop in town."]),
        ("?kind=business&area=spend", ["We will buy milk here.", "We will buy flour here."]),
        ("?q=flou", ["We will buy flour here."]),
        ("?q=care", ["We will share our hall."]),
        ("?q=lour", []),
        (
            "?sort=oldest",
            ["We will buy flour here.", "We will buy milk here.", "We will share our hall.", "I will shop in town."],
        ),
    ],
)
def test_pledges_are_found_exactly_as_the_address_asks(client, county, query, statements):
    response = client.get("/pledges/" + query)
    assert [pledge.statement for pledge in response.context["listing"].page] == statements
    assert Page(response).faults == []


def test_each_count_of_the_pledges_is_kept_when_its_choice_is_taken(client, county):
    for facet, choices in client.get("/pledges/").context["listing"].choices.items():
        for choice in choices:
            taken = client.get(f"/pledges/?{facet}={choice.value}").context["listing"]
            assert (facet, choice.value, taken.total) == (facet, choice.value, choice.count)


def test_pledges_hide_what_is_not_live(client):
    for state in ("submitted", "changes_asked", "declined", "withdrawn", "stopped"):
        PledgeFactory(**{state: True})
    PledgeFactory(approved=True, partner=PartnerFactory(withdrawn=True))
    assert client.get("/pledges/").context["listing"].total == 0


def test_pledge_shows_what_it_was_and_what_it_became(client):
    partner = PartnerFactory(name="Bakery", approved=True)
    first = PledgeFactory(
        approved=True, partner=partner, statement="One stall.", started_on=datetime.date(2024, 1, 5),
        ended_at=_day(2025, 2, 6), ending="replaced",
    )  # fmt: skip
    second = PledgeFactory(
        approved=True, partner=partner, area=first.area, statement="Two stalls.", replaces=first,
        started_on=datetime.date(2025, 2, 6), ended_at=_day(2026, 3, 7), ending="replaced",
    )  # fmt: skip
    third = PledgeFactory(
        approved=True, partner=partner, area=first.area, statement="Three stalls.", replaces=second,
        started_on=datetime.date(2026, 3, 7),
    )  # fmt: skip
    PledgeFactory(submitted=True, partner=partner, area=first.area, statement="A secret fourth.", replaces=third)
    for pledge in (first, second, third):
        response = client.get(pledge.get_absolute_url())
        assert response.context["versions"] == [first, second, third]
        page = Page(response)
        assert ("This pledge was changed on" in page.text) == (pledge != third)
        assert "A secret fourth." not in page.text
        assert page.faults == []


# A partner ------------------------------------------------------------------------------------


def test_partner_shows_what_it_is_and_what_it_pledges(client):
    area, place = PriorityAreaFactory(short_name="Local spend"), DistrictFactory(name="Oxford")
    partner = PartnerFactory(
        name="Bakery", approved=True, districts=[place], sector=SectorFactory(name="Food"), is_social_enterprise=True,
        is_cooperative=True, is_example=True, description="We bake.\n\nWe teach.", website="https://bakery.example/",
        contact_purposes=["buy"], lead=True,
    )  # fmt: skip
    SignatureFactory(
        partner=partner, declared_at=_day(2026, 5, 4), signer_name="Sam Signer", awaits_approval_of="Board of Bakers"
    )
    PledgeFactory(
        approved=True, partner=partner, area=area, statement="We will buy flour here.", measure="Flour", unit="tonnes",
        baseline=1, target=4, target_date=datetime.date(2030, 12, 31), commitment="money", commitment_amount=1200,
    )  # fmt: skip
    PledgeFactory(stopped=True, partner=partner, area=area, statement="We will cycle.", ending_reason="Too many hills.")
    response = client.get("/partners/bakery/")
    page = Page(response)
    for words in (
        "Social enterprise", "Co-operative", "Example", "Oxford", "Food", "We teach.", "Signed on 4 May 2026",
        "Waits for its own approval, by: Board of Bakers", "We will buy flour here.", "4 tonnes",
        "by 31 December 2030", "£1,200", "We will cycle.", "Too many hills.", "Buying from them", "Track record",
    ):  # fmt: skip
        assert words in page.text
    assert "Sam Signer" not in page.text
    assert b'href="https://bakery.example/" rel="nofollow ugc noopener"' in response.content
    assert "/partners/bakery/contact/" in page.links
    assert page.faults == []


def test_own_approval_that_came_links_to_the_decision(client):
    partner = PartnerFactory(name="Council", approved=True)
    SignatureFactory(partner=partner, awaits_approval_of="Cabinet", approval_url="https://council.example/minutes/4")
    page = Page(client.get("/partners/council/"))
    assert "Waits for its own approval" not in page.text
    assert "https://council.example/minutes/4" in page.links


def test_withdrawn_organisation_keeps_a_page_that_says_so(client):
    partner = PartnerFactory(name="Gone", withdrawn=True, withdrawn_at=_day(2026, 7, 1), contact_purposes=["buy"])
    PledgeFactory(stopped=True, partner=partner, statement="We will stay.", ending_reason="The partner withdrew.")
    page = Page(client.get("/partners/gone/"))
    assert "Withdrawn on 1 July 2026" in page.text
    assert "We will stay." in page.text
    assert "Write a message" not in page.text
    assert page.faults == []


def test_partner_s_words_run_nowhere(client):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    partner = PartnerFactory(name=evil, approved=True, description=evil)
    pledge = PledgeFactory(approved=True, partner=partner, statement=evil, measure=evil, commitment_note=evil,
                           commitment="hours")  # fmt: skip
    SignatureFactory(partner=partner, awaits_approval_of=evil[:100])
    addresses = [
        partner.get_absolute_url(), pledge.get_absolute_url(), pledge.area.get_absolute_url(), "/partners/",
        "/pledges/", "/", "/sitemap-partners.xml",
    ]  # fmt: skip
    for address in addresses:
        html = client.get(address).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_names_in_any_script_are_kept_apart_from_ours(client):
    PartnerFactory(name="محل الخبز", approved=True)
    assert "<bdi>محل الخبز</bdi>" in client.get("/partners/").content.decode()


def test_track_record_tells_all_that_is_published_newest_first():
    area = PriorityAreaFactory(short_name="Local spend")
    partner = PartnerFactory(approved=True)
    signature = SignatureFactory(partner=partner, declared_at=_day(2024, 1, 2), charter__number=7)
    old = PledgeFactory(
        approved=True, partner=partner, area=area, statement="One stall.", started_on=datetime.date(2024, 1, 9),
        ended_at=_day(2025, 2, 6), ending="replaced",
    )  # fmt: skip
    new = PledgeFactory(
        approved=True, partner=partner, area=area, statement="Two stalls.", started_on=datetime.date(2025, 2, 6),
        replaces=old, ended_at=_day(2025, 8, 1), ending="stopped", ending_reason="The market closed.",
    )  # fmt: skip
    PledgeFactory(submitted=True, partner=partner, area=area, statement="Not decided on.")
    events = track_record(partner, [signature], list(partner.pledges.published().select_related("area")))
    assert [(event["date"], event["title"], event["text"]) for event in events] == [
        (datetime.date(2025, 8, 1), "Stopped a pledge on Local spend", "“Two stalls.” Why: The market closed."),
        (datetime.date(2025, 2, 6), "Changed a pledge on Local spend", "Before: “One stall.” Now: “Two stalls.”"),
        (datetime.date(2024, 1, 9), "Pledged on Local spend", "One stall."),
        (datetime.date(2024, 1, 2), "Signed the Charter, version 7", ""),
    ]
    assert events[1]["url"] == new.get_absolute_url()


def test_track_record_of_a_partner_that_left_tells_it_once():
    partner = PartnerFactory(withdrawn=True, withdrawn_at=_day(2026, 7, 1))
    PledgeFactory(stopped=True, partner=partner, started_on=datetime.date(2026, 1, 1), ended_at=_day(2026, 7, 1))
    events = track_record(partner, [], list(partner.pledges.published().select_related("area")))
    assert [event["title"].split(" on ")[0] for event in events] == ["Withdrew from the Charter", "Pledged"]


# Queries: the same literal number with one row and with many ---------------------------------


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/", 2),
        ("/charter/", 1),
        ("/charter/benefits/", 3),
        ("/charter/how-it-works/", 1),  # the words that the manager changed
        ("/areas/", 1),
        ("/areas/spend/", 4),
        ("/places/", 1),
        ("/places/oxford/", 4),
        ("/pledges/", 4),
        ("/pledges/?area=spend&place=oxford&kind=business&capacity=employer&q=good&sort=oldest", 4),
        ("/partners/bakery/", 3),
    ],
)
def test_number_of_queries_does_not_grow(client, django_assert_num_queries, address, queries, rows):
    area, place = PriorityAreaFactory(slug="spend"), DistrictFactory(slug="oxford")
    bakery = PartnerFactory(name="Bakery", approved=True, districts=[place])
    for _n in range(rows):
        partner = PartnerFactory(approved=True, districts=[place], kind=Kind.BUSINESS)
        SignatureFactory(partner=partner)
        PledgeFactory(approved=True, partner=partner, area=area)
        PledgeFactory(approved=True, partner=bakery, area=area)
        PledgeIdeaFactory(area=area)
    client.get(address)  # figures and lists are remembered from one page to the next, until something changes
    with django_assert_num_queries(queries):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("versions", [1, 30])
def test_pledge_takes_seven_queries_however_often_it_changed(client, django_assert_num_queries, versions):
    pledge = PledgeFactory(approved=True)
    for _n in range(versions):
        pledge.ended_at, pledge.ending = timezone.now(), "replaced"
        pledge.save()
        pledge = PledgeFactory(approved=True, partner=pledge.partner, area=pledge.area, replaces=pledge)
    with django_assert_num_queries(7):
        response = client.get(pledge.get_absolute_url())
    assert len(response.context["versions"]) == versions + 1
