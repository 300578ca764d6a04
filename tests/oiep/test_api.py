"""The API: what it tells, how it turns pages, what it refuses, and that it keeps to its own document."""

import datetime
import json
import os
import threading

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, connections
from schemathesis import engine
from schemathesis.engine import events

from oiep.limits import count_request
from oiep.models import RequestCount
from partners.models import Kind
from pledges.figures import totals
from tests.factories import (
    AnswerFactory,
    DistrictFactory,
    EventFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ReviewFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def county():
    spend, oxford = PriorityAreaFactory(slug="spend"), DistrictFactory(slug="oxford", name="Oxford")
    bakery = PartnerFactory(name="Bakery", approved=True, kind=Kind.BUSINESS, districts=[oxford], lead=True)
    rose = ResidentFactory(name="Rose Hidden", approved=True, districts=[oxford], description="I keep bees in Jericho.")
    named = ResidentFactory(name="Nell Named", show_name=True, approved=True, districts=[oxford])
    bread = PledgeFactory(approved=True, measured=True, partner=bakery, area=spend, statement="We will bake.")
    PledgeFactory(approved=True, partner=rose, area=spend)
    PledgeFactory(submitted=True, partner=bakery, area=spend, statement="We wait.")
    review = ReviewFactory(approved=True, partner=bakery, round_on=datetime.date(2026, 3, 1))
    AnswerFactory(review=review, pledge=bread, figure=3)
    waits = ReviewFactory(submitted=True, partner=bakery, round_on=datetime.date(2026, 9, 1))
    AnswerFactory(review=waits, pledge=bread, words="Not decided yet")
    EventFactory(slug="fair", title="The fair", published=True)
    PartnerFactory(name="Shed", submitted=True)
    return {"bakery": bakery, "rose": rose, "named": named, "bread": bread, "spend": spend}


def ask(client, address, **more):
    answer = client.get(f"/api/v1/{address}", **more)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(client, address, status=400):
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("http://testserver/data/#problem-")
    return problem


def test_lists_hold_what_is_published(client, county):
    assert {row["name"] for row in ask(client, "partners")["items"]} == {"Bakery", "A resident of Oxford", "Nell Named"}
    assert [row["statement"] for row in ask(client, "pledges?partner=bakery")["items"]] == ["We will bake."]
    (answer,) = ask(client, "reviews")["items"]
    assert (answer["partner"], answer["pledge"], answer["figure"]) == ("bakery", county["bread"].pk, 3.0)
    assert [row["event"] for row in ask(client, "events")["items"]] == ["fair"]


def test_resident_who_is_not_named_says_nothing_of_themselves(client, county):
    row = ask(client, f"partners/{county['rose'].slug}")
    assert (row["name"], row["named"], row["description"], row["status"]) == ("A resident of Oxford", False, None, None)
    assert ask(client, f"partners/{county['named'].slug}")["name"] == "Nell Named"
    answers = [client.get(f"/api/v1/{name}").content.decode() for name in ("partners", "pledges", "reviews", "events")]
    assert "Hidden" not in "".join(answers)
    assert "bees" not in "".join(answers)
    assert "@" not in "".join(answers)


def test_totals_are_those_of_the_site(client, county):
    found = ask(client, "totals")
    shown = totals()
    assert (found["organisations"], found["residents"], found["live_pledges"]) == tuple(
        shown[name] for name in ("organisations", "residents", "pledges")
    )
    assert ask(client, "totals?kind=business")["organisations"] == 1
    assert ask(client, "totals?kind=resident&area=spend")["live_pledges"] == 1
    rows = {(row["by"], row["of"]): row for row in ask(client, "totals/all")["items"]}
    assert rows["all", None]["live_pledges"] == 2
    assert rows["area", "spend"]["live_pledges"] == 2
    (area,) = [row for row in ask(client, "areas")["items"] if row["slug"] == "spend"]
    assert (area["partners"], area["live_pledges"]) == (2, 2)
    # Whoever counts the rows comes to the same.
    counted = ask(client, "partners?counted=true")["items"]
    assert sum(row["kind"] != "resident" for row in counted) == found["organisations"]
    assert sum(row["counted"] for row in ask(client, "pledges?live=true")["items"]) == found["live_pledges"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("partners?kind=business", {"Bakery"}),
        ("partners?area=spend", {"Bakery", "A resident of Oxford"}),
        ("partners?q=bak", {"Bakery"}),
        ("partners?q=hidden", set()),
        ("partners?counted=false", set()),
        ("partners?size=micro&place=oxford", set()),
    ],
)
def test_filters_narrow(client, county, query, names):
    assert {row["name"] for row in ask(client, query)["items"]} == names


# Pages ----------------------------------------------------------------------------------------


def test_pages_follow_each_other_without_gap_or_double(client):
    made = [PartnerFactory(approved=True) for _n in range(7)]
    seen, address = [], "partners?limit=3"
    while address:
        page = ask(client, address)
        seen += [row["partner"] for row in page["items"]]
        if len(seen) == 3:
            made[0].delete()  # what goes or comes meanwhile moves nothing
            PartnerFactory(name="Late", approved=True)
        address = page["next"] and page["next"].removeprefix("http://testserver/api/v1/")
    assert len(seen) == len(set(seen)) == 8
    assert seen[-1] == "late"


def test_cursor_of_somebody_else_s_making_is_refused(client):
    for _n in range(3):
        PartnerFactory(approved=True)
    cursor = ask(client, "partners?limit=1")["next_cursor"]
    for wrong in (cursor[:-1], "x" + cursor, "1", "W10:x", "%00", cursor.split(":")[0]):
        assert refused(client, f"partners?limit=1&cursor={wrong}")["title"] == "That cursor is not one of ours"
    for other in (f"partners?kind=business&cursor={cursor}", f"pledges?cursor={cursor}"):
        assert refused(client, other)["title"] == "That cursor belongs to another question"
    assert ask(client, f"partners?limit=2&cursor={cursor}")["next"] is None  # another number on a page is no matter


@pytest.mark.parametrize("rows", [1, 20])
@pytest.mark.parametrize(
    ("address", "queries"), [("partners", 6), ("pledges?place=oxford", 4), ("reviews", 2), ("events", 3)]
)
def test_page_takes_as_many_queries_however_many(client, county, django_assert_num_queries, address, queries, rows):
    for _n in range(rows):
        EventFactory(published=True, areas=[county["spend"]])
        review = ReviewFactory(approved=True, partner__districts=[county["bakery"].districts.get()])
        AnswerFactory(review=review)
    ask(client, address)  # the first of this stretch of time sweeps up
    with django_assert_num_queries(queries):
        ask(client, address)


# Standing -------------------------------------------------------------------------------------


def test_standing_for_buyers(client, county, time_machine):
    time_machine.move_to("2026-11-01 12:00")
    firm = PartnerFactory(
        name="Firm", approved=True, approved_at=datetime.datetime(2024, 5, 4, 12, tzinfo=datetime.UTC)
    )
    ReviewFactory(partner=firm, round_on=datetime.date(2025, 5, 4))

    def good(day):
        found = ask(client, f"partners/firm/standing?on={day}")
        assert found["day"] == day
        return found["status"], found["good"]

    assert good("2024-05-03") == ("not_signed", False)
    assert good("2024-05-04") == ("signed", True)
    assert good("2025-05-04") == ("review_due", True)
    assert good("2025-07-04") == ("review_overdue", False)
    assert good("2026-05-04") == ("lapsed", False)
    assert good("0001-01-01") == ("not_signed", False)
    assert good("9999-12-31")[1] is False
    assert refused(client, "partners/firm/standing?on=2026-02-31")["errors"][0]["parameter"] == "on"
    refused(client, f"partners/{county['rose'].slug}/standing", 404)


# Answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["partners?color=red", "partners?limit=0", "partners?limit=101", "pledges?kind=firm", "totals?year=x",
     "partners?q=%00", "partners?area=a%27b", "areas?limit=1", "partners/bakery?x=1", "reviews?pledge=-1"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(client, county, address):
    problem = refused(client, address)
    assert problem["errors"][0]["parameter"] in address
    assert problem["errors"][0]["message"]


@pytest.mark.parametrize(
    "address", ["nothing", "partners/shed", "partners/", "pledges/0", f"pledges/{10**30}", "events/none",
                "partners?area=none", "totals?place=none", "reviews?partner=shed", "openapi.json/x"],
)  # fmt: skip
def test_what_is_not_there_or_not_public_is_the_same(client, county, address):
    assert refused(client, address, 404)["detail"] == "There is no such thing, or it is not public."


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed(client, county, method):
    answer = getattr(client, method)("/api/v1/partners")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD, OPTIONS"
    assert answer["Content-Type"] == "application/problem+json"


def test_answer_that_has_not_changed_is_not_sent_again(client, county):
    first = client.get("/api/v1/partners?limit=1")
    assert first["Cache-Control"] == "public, no-cache"
    again = client.get("/api/v1/partners?limit=1", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Access-Control-Allow-Origin"] == "*"
    county["bakery"].description = "Rolls, too."
    county["bakery"].save()
    assert client.get("/api/v1/partners?limit=1", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_scripts_of_any_site_may_ask(client, county):
    for address in ("partners", "nothing", "partners?limit=0"):
        assert client.get(f"/api/v1/{address}", headers={"origin": "https://a.example"})[
            "Access-Control-Allow-Origin"
        ] == ("*")
    answer = client.options("/api/v1/partners", headers={"access-control-request-method": "GET"})
    assert answer.status_code == 204
    assert "GET" in answer["Access-Control-Allow-Methods"]
    assert "If-None-Match" in answer["Access-Control-Allow-Headers"]
    assert not answer.has_header("Access-Control-Allow-Credentials")


def test_head_is_answered_like_get(client, county):
    answer = client.head("/api/v1/partners")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["ETag"] == client.get("/api/v1/partners")["ETag"]


def test_answers_are_english_and_the_same_for_everybody(client, county, client_of, manager):
    mine = client_of(manager).get("/api/v1/partners", headers={"accept-language": "pl"})
    assert mine["Content-Language"] == "en-gb"
    assert mine["ETag"] == client.get("/api/v1/partners")["ETag"]
    assert not mine.cookies


def test_who_asks_too_often_waits(client, settings, time_machine):
    time_machine.move_to("2026-05-04 12:00:00", tick=False)
    settings.DATA_LIMIT_BY_SOURCE, settings.DATA_REQUEST_COST = (5, 300), 3
    for _n in range(2):
        ask(client, "areas")
    assert client.get("/data/totals.csv").status_code == 200  # is worth three
    answer = client.get("/api/v1/areas")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "300"
    assert "Wait 300 seconds" in answer.json()["detail"]
    assert client.get("/data/totals.csv").status_code == 429
    assert client.get("/api/v1/areas", REMOTE_ADDR="192.0.2.7").status_code == 200  # somebody else
    time_machine.move_to("2026-05-04 12:05:00", tick=False)
    ask(client, "areas")
    assert RequestCount.objects.count() == 1  # what is over is swept out


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_are_each_counted(settings):
    settings.DATA_LIMIT_BY_SOURCE = (10, 3600)
    waits = []

    def one():
        try:
            waits.append(count_request("somebody"))
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(wait == 0 for wait in waits) == 10


def test_fault_of_ours_is_a_problem_and_is_logged(client, county, monkeypatch, caplog):
    def broken(found=None):
        raise RuntimeError("secret words")

    monkeypatch.setattr("oiep.api.endpoints.areas_with_figures", broken)
    answer = client.get("/api/v1/areas")
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.content.decode()
    assert "secret words" in caplog.text


# Its own document -----------------------------------------------------------------------------


@pytest.fixture
def application(settings):
    """The site as a WSGI server sees it, on the test's own connection."""
    settings.DATA_LIMIT_BY_SOURCE = (10**9, 300)
    settings.SEARCHES_A_MINUTE = 10**9
    settings.ALLOWED_HOSTS = ["*"]
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    site = get_wsgi_application()
    shared = connections["default"]
    shared.inc_thread_sharing()

    def serve(environ, start_response):
        connections["default"] = shared  # it asks in a thread of its own, one at a time
        return site({**environ, "REMOTE_ADDR": "127.0.0.1"}, start_response)

    yield serve
    shared.dec_thread_sharing()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def faults_of(application, path=""):
    """What schemathesis finds: answers that the document does not allow, and nonsense that is taken."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    for address, found in schema.raw_schema["paths"].items():
        # No document can say which strings are cursors of ours; those that are not are tried above.
        known = found["get"].get("parameters", [])
        found["get"]["parameters"] = [parameter for parameter in known if parameter["name"] != "cursor"]
        assert address.startswith("/api/v1/")
    if path:
        schema = schema.include(path=path)
    schema.config.seed = 7
    schema.config.continue_on_failure = True
    schema.config.generation.update(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "3")))
    schema.config.phases.update(phases=["examples", "coverage", "fuzzing"])
    faults, asked = [], 0
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            faults.append(str(event))
        if isinstance(event, events.ScenarioFinished):
            asked += len(event.recorder.interactions)
            checks = [check for found in event.recorder.checks.values() for check in found]
            faults += [f"{event.label}: {check.failure_info}" for check in checks if check.failure_info]
    assert asked
    return faults


@pytest.mark.parametrize(
    "day", ["0", "1767225600", "20260331", "2026-3-31", "2026-03-31T00:00", "٢٠٢٦-٠٣-٣١", "2026-02-30"]
)
def test_day_is_a_day_and_no_number(client, day):
    for address in ("totals", "totals/all"):
        assert refused(client, f"{address}?on={day}")["errors"][0]["parameter"] == "on"
    assert client.get("/api/v1/totals?on=2026-03-31").status_code == 200


def test_who_searches_too_often_is_told_so_as_programs_read_it(client, settings):
    settings.SEARCHES_A_MINUTE = 2
    cache_of_one = {"REMOTE_ADDR": "198.51.100.77"}
    answers = [client.get("/api/v1/partners?q=bread", **cache_of_one) for _n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Content-Type"] == "application/problem+json"
    assert answers[2].json()["status"] == 429
    assert int(answers[2]["Retry-After"]) > 0
    assert answers[2]["Access-Control-Allow-Origin"] == "*"


def test_schemathesis_finds_nothing(county, application):
    assert faults_of(application) == []


def test_schemathesis_finds_a_planted_fault(county, application, monkeypatch):
    monkeypatch.setattr("oiep.api.endpoints.page_of", lambda *arguments: {"items": [], "next": 1, "next_cursor": None})
    assert faults_of(application, "/api/v1/partners")


def test_document_is_openapi_3_1(client):
    document = ask(client, "openapi.json")
    assert document["openapi"].startswith("3.1")
    assert document["info"]["license"]["name"] == "Open Government Licence v3.0"
    fields = document["components"]["schemas"]["Partner"]["properties"]
    assert fields["partner"]["description"]
    assert "name" in fields
    assert json.dumps(document).count("#/components/schemas/Problem") > 10
