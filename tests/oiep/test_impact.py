"""Promised and delivered: the page, its charts' tables and files, and that all figures of the site agree."""

import csv
import datetime
import io

import pytest

from oiep.impact.charts import CHARTS
from partners.models import Kind
from tests.factories import (
    AnswerFactory,
    DistrictFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ReviewFactory,
)
from tests.html import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def county():
    spend = PriorityAreaFactory(slug="spend", short_name="Local spend")
    workspace = PriorityAreaFactory(slug="workspace", short_name="Affordable workspace")
    oxford, cherwell = DistrictFactory(slug="oxford", name="Oxford"), DistrictFactory(slug="cherwell", name="Cherwell")
    bakery = PartnerFactory(name="Bakery", approved=True, kind=Kind.BUSINESS, districts=[oxford])
    rose = ResidentFactory(approved=True, districts=[cherwell])
    bread = PledgeFactory(approved=True, partner=bakery, area=spend, commitment="hours", commitment_amount=24)
    PledgeFactory(approved=True, partner=bakery, area=workspace)
    PledgeFactory(approved=True, partner=rose, area=spend)
    review = ReviewFactory(approved=True, partner=bakery, round_on=datetime.date(2026, 3, 1))
    AnswerFactory(review=review, pledge=bread, progress="achieved")
    return {"spend": spend, "workspace": workspace, "oxford": oxford, "cherwell": cherwell}


def table(client, key, query=""):
    answer = client.get(f"/impact/{key}.csv{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    return header, {row[0]: row[1:] for row in rows}


def test_each_chart_has_its_table_and_its_file(client, county):
    response = client.get("/impact/")
    page = Page(response)
    assert page.faults == []
    for chart in response.context["charts"]:
        assert f"/impact/{chart.key}.csv" in page.links
        header, rows = table(client, chart.key)
        assert header == [chart.first, *chart.columns]
        shown = {row.label: ["" if cell is None else str(cell) for cell in row.cells] for row in chart.rows}
        assert rows == shown
    assert [chart.key for chart in response.context["charts"]] == list(CHARTS)


def test_figures_of_home_page_areas_and_places_agree(client, county):
    totals = client.get("/").context["totals"]
    assert totals == {"organisations": 1, "residents": 1, "pledges": 3}
    figures = client.get("/impact/").context["impact"].figures
    assert (figures.organisations, figures.residents, figures.live) == (1, 1, 3)
    _header, kinds = table(client, "kinds")
    assert sum(int(row[0]) for row in kinds.values()) == totals["organisations"] + totals["residents"]
    assert sum(int(row[1]) for row in kinds.values()) == totals["pledges"]
    for chart, address in (("areas", "/areas/"), ("places", "/places/")):
        _header, rows = table(client, chart)
        entries = client.get(address).context[chart]
        if chart == "areas":
            assert {area.short_name: str(area.pledge_count) for area in entries} == {
                name: row[1] for name, row in rows.items()
            }
        else:
            assert {place["district"].name: str(place["partners"]) for place in entries} == {
                name: row[0] for name, row in rows.items()
            }


def test_the_address_says_what_the_figures_are_about(client, county):
    response = client.get("/impact/?area=spend&place=oxford&kind=business")
    found = response.context["impact"]
    assert (found.figures.partners, found.figures.live, found.figures.achieved) == (1, 1, 1)
    assert "In short: Local spend, Oxford, Business" in Page(response).text
    assert "/impact/areas.csv?area=spend&place=oxford&kind=business" in Page(response).links
    assert table(client, "areas", "?area=spend&place=oxford")[1] == {"Local spend": ["1", "1", "1", "1", "0", "0"]}
    assert table(client, "resources", "?kind=resident")[1]["Volunteer hours"] == ["0", "0", "0", "0"]


@pytest.mark.parametrize("query", ["?area=nothing", "?year=1066", "?kind=%00", "?place=oxford%27--", "?year=²"])
def test_what_nobody_knows_is_left_out_and_said(client, county, query):
    response = client.get(f"/impact/{query}")
    assert response.status_code == 200
    assert "We left out what we do not know" in Page(response).text
    assert response.context["impact"].figures.live == 3


def test_what_is_missing_is_named(client, county):
    text = Page(client.get("/impact/")).text
    assert "No pledge on Affordable workspace in Cherwell yet." in text
    assert "No pledge on Local spend in Cherwell yet." not in text
    assert "No pledge on Local spend yet by a partner of the kind “Public body”." in text
    assert table(client, "missing")[1]["Affordable workspace"] == ["1", "0"]
    wide = PartnerFactory(approved=True, county_wide=True, kind=Kind.PUBLIC_BODY)
    PledgeFactory(approved=True, area=county["workspace"], partner=wide)
    text = Page(client.get("/impact/")).text
    assert "No pledge on Affordable workspace in Cherwell yet, but by partners that work across the county." in text
    assert "on Affordable workspace yet by a partner of the kind “Public body”" not in text
    assert table(client, "missing")[1]["Affordable workspace"] == ["2", "1"]
    assert (
        "There is a live pledge on each of these."
        in Page(client.get("/impact/?area=spend&kind=resident&place=cherwell")).text
    )


def test_page_with_nothing_in_it(client):
    page = Page(client.get("/impact/"))
    assert "No review has fallen due yet." in page.text
    assert page.faults == []


@pytest.mark.parametrize("rows", [1, 12])
def test_page_takes_three_queries_and_cold_six(client, county, django_assert_num_queries, rows):
    for _n in range(rows):
        PledgeFactory(approved=True, area=county["spend"])
    with django_assert_num_queries(6):
        client.get("/impact/?area=spend")
    with django_assert_num_queries(3):
        client.get("/impact/?place=oxford")


def test_no_such_chart(client):
    assert client.get("/impact/secrets.csv").status_code == 404
