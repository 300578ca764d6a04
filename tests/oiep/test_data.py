"""Open data: the files, their dictionary, and that nothing in them is personal or runs in a spreadsheet."""

import csv
import io
import json

import pytest
from django.utils import timezone

from oiep.data import datasets, views
from oiep.data.datasets import DATASETS
from oiep.sheets import plain_cell
from tests.factories import EventFactory, PartnerFactory, PledgeFactory
from tests.html import Page
from tests.oiep.test_api import county

__all__ = ["county"]

pytestmark = pytest.mark.django_db


def rows_of(client, name):
    answer = client.get(f"/data/{name}.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("name", DATASETS)
def test_both_files_hold_the_same(client, county, name):
    as_csv = rows_of(client, name)
    as_json = json.loads(client.get(f"/data/{name}.json").getvalue())
    assert as_json["date"] == str(timezone.localdate())
    assert as_json["licence"] == "Open Government Licence v3.0"
    assert len(as_csv) == len(as_json["rows"]) > 0
    for row, entry in zip(as_csv, as_json["rows"], strict=True):
        assert list(row) == list(entry) == DATASETS[name].header
        for key, value in entry.items():
            cell = plain_cell(row[key])
            if isinstance(value, bool) or value is None:
                assert cell == {True: "true", False: "false", None: ""}[value]
            elif isinstance(value, list):
                assert cell.split() == value
            elif isinstance(value, int | float):
                assert float(cell) == value
            else:
                assert cell[:19] == value[:19]


def test_files_hold_no_more_than_is_public(client, county):
    everything = "".join(
        client.get(f"/data/{name}.{kind}").getvalue().decode() for name in DATASETS for kind in ("csv", "json")
    )
    assert "A resident of Oxford" in everything
    assert "Nell Named" in everything  # she chose to
    for hidden in ("Rose Hidden", "bees in Jericho", "@", "Shed", "We wait.", "Not decided yet"):
        assert hidden not in everything


def test_nothing_runs_in_a_spreadsheet(client, county):
    partner = PartnerFactory(name="=cmd|' /C calc'!A0", approved=True, description='ok;=HYPERLINK("x")')
    PledgeFactory(approved=True, partner=partner, statement="+1 apprentice\n-2 cars")
    EventFactory(title="@SUM(A1)", published=True)
    cells = [cell for name in DATASETS for row in rows_of(client, name) for cell in row.values()]
    assert "'=cmd|' /C calc'!A0" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    names = [row["name"] for row in json.loads(client.get("/data/partners.json").getvalue())["rows"]]
    assert "=cmd|' /C calc'!A0" in names  # JSON runs nowhere, and has it as it was written


def test_file_that_has_not_changed_is_not_sent_again(client, county, django_assert_max_num_queries):
    first = client.get("/data/pledges.csv")
    first.getvalue()
    with django_assert_max_num_queries(3):
        again = client.get("/data/pledges.csv", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    county["bread"].statement = "We will bake more."
    county["bread"].save()
    assert client.get("/data/pledges.csv", headers={"if-none-match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_tag_of_a_file_tells_nothing_of_what_is_not_public(client, county, kind):
    def tag():
        return client.get(f"/data/partners.{kind}")["ETag"]

    before = tag()
    PartnerFactory(name="Not decided yet either")
    assert tag() == before
    county["named"].show_name = False
    county["named"].save()
    assert tag() != before


def test_large_file_is_whole(client, county, monkeypatch):
    small = client.get("/data/partners.csv")
    text = small.getvalue()
    monkeypatch.setattr(views, "_IN_MEMORY", 10)
    large = client.get("/data/partners.csv")
    assert (large.getvalue(), large["ETag"]) == (text, small["ETag"])
    assert large["Content-Length"] == str(len(text))


@pytest.mark.parametrize("name", ["partners", "pledges", "reviews", "events"])
def test_chunks_of_a_file_lose_nothing(client, county, name, monkeypatch):
    whole = [list(row.values()) for row in rows_of(client, name)]
    monkeypatch.setattr(datasets, "CHUNK", 1)
    assert [list(row.values()) for row in rows_of(client, name)] == whole


def test_resident_who_takes_their_name_back_is_gone_from_the_file(client, county):
    before = client.get("/data/partners.csv")
    assert "Nell" in before.getvalue().decode()
    county["named"].show_name = False
    county["named"].save()
    after = client.get("/data/partners.csv", headers={"if-none-match": before["ETag"]})
    assert after.status_code == 200
    assert "Nell" not in after.getvalue().decode()


def test_dictionary_tells_of_every_column(client):
    page = Page(client.get("/data/"))
    assert page.faults == []
    for dataset in DATASETS.values():
        assert f"/data/{dataset.name}.csv" in page.links
        for field in dataset.fields:
            assert f"{field.name} {field.about}" in page.text
    package = client.get("/data/datapackage.json").json()
    assert {resource["name"] for resource in package["resources"]} == set(DATASETS)
    for resource in package["resources"]:
        assert [field["name"] for field in resource["schema"]["fields"]] == DATASETS[resource["name"]].header
    assert package["licenses"][0]["name"] == "OGL-UK-3.0"


def test_every_kind_of_problem_is_told_of(client):
    ids = Page(client.get("/data/")).ids
    assert {f"problem-{n}" for n in ("parameters", "cursor", "not-found", "method", "limit", "fault", "down")} <= set(
        ids
    )
