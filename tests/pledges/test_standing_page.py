"""A partner's standing as the public sees it: on any day, on its page, in the directory and on its pledges' pages."""

import datetime
import json

import pytest

from pledges.history import standing_of
from tests.factories import PartnerFactory, PauseFactory, PledgeFactory, ResidentFactory, ReviewFactory
from tests.html import Page
from tests.pledges.days import date, on

pytestmark = pytest.mark.django_db

SIGNED = "2026-05-04"
DUE = "2027-05-04"


def _moment(text):
    return datetime.datetime.combine(date(text), datetime.time(12), datetime.UTC)


@pytest.fixture
def bakery():
    return PartnerFactory(name="Bakery", approved=True, decided_at=_moment(SIGNED), lead=True)


def _due(partner, due=DUE, **values):
    return ReviewFactory(partner=partner, round_on=date(due), **values)


def _answered(partner, on, due=DUE, **values):
    return _due(partner, due, approved=True, submitted_at=_moment(on), decided_at=_moment(on), **values)


def _on(client, day, **more):
    return client.get("/partners/bakery/standing/", {"on": day, **more})


# On any day -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "words", "why"),
    [
        ("2026-05-03", "Not signed", "It became a partner of the Charter on 4 May 2026, which is after this day."),
        ("2026-05-04", "Signed", "Its first progress review opens after this day."),
        ("2027-04-03", "Signed", "It became a partner of the Charter on 4 May 2026."),
        (
            "2027-04-04",
            "Review due",
            "review opened on 4 April 2027. Without an answer, this becomes “Review overdue” on 4 June 2027.",
        ),
        ("2027-06-03", "Review due", "opened on 4 April 2027"),
        (
            "2027-06-04",
            "Review overdue",
            "no answer had come by 4 June 2027. Without one, the partner lapses on 31 October 2027.",
        ),
        ("2027-10-31", "Lapsed on 31 October 2027", "No progress review came within 180 days"),
    ],
)
def test_standing_of_a_partner_that_never_answers_day_by_day(client, bakery, day, words, why):
    _due(bakery)
    with on(date("2027-12-01")):
        response = _on(client, day)
        page = Page(response)
        told = _on(client, day, format="json").json()
    assert response.status_code == 200
    assert f"{words} " in page.text
    assert why in page.text
    assert "if nothing changes:" not in page.text
    assert page.faults == []
    assert (told["day"], told["words"], told["if_nothing_changes"]) == (day, words, False)
    assert why in told["why"]


def test_day_to_come_is_told_as_what_follows_if_nothing_changes(client, bakery):
    with on(date("2026-07-01")):
        told = {day: _on(client, day, format="json").json() for day in ("2027-04-04", "2027-06-04", "2030-01-01")}
        page = Page(_on(client, "2030-01-01"))
    assert {day: answer["words"] for day, answer in told.items()} == {
        "2027-04-04": "Review due",
        "2027-06-04": "Review overdue",
        "2030-01-01": "Lapsed on 31 October 2027",
    }
    assert all(answer["if_nothing_changes"] for answer in told.values())
    assert "On Tuesday 1 January 2030, if nothing changes: Lapsed on 31 October 2027" in page.text


def test_answer_pause_and_withdrawal_are_told_with_their_days(client, bakery):
    _answered(bakery, on="2027-05-01")
    PauseFactory(partner=bakery, starts_on=date("2027-08-01"), until=date("2027-10-01"))
    bakery.withdrawn_at, bakery.withdrawn_by = _moment("2027-12-24"), bakery.lead.user
    bakery.save()
    words = {
        "2027-05-01": "It sent in its latest progress review on 1 May 2027.",
        "2027-08-01": "ask for no progress review from 1 August 2027 until 1 October 2027.",
        "2027-10-01": "It sent in its latest progress review on 1 May 2027.",
        "2027-12-24": "It left the Charter on 24 December 2027.",
    }
    with on(date("2028-01-01")):
        for day, why in words.items():
            assert why in Page(_on(client, day)).text


def test_without_a_day_it_is_today(client, bakery):
    with on(date("2026-07-01")):
        for query in ({}, {"on": ""}):
            told = client.get("/partners/bakery/standing/", {**query, "format": "json"}).json()
            assert (told["day"], told["status"], told["if_nothing_changes"]) == ("2026-07-01", "signed", False)


def test_json_tells_what_the_page_tells(client, bakery):
    _due(bakery)
    with on(date("2027-07-01")):
        response = _on(client, "2027-07-01", format="json")
        page = Page(_on(client, "2027-07-01"))
    told = response.json()
    assert response["Content-Type"] == "application/json"
    assert told == {
        "partner": "Bakery",
        "slug": "bakery",
        "url": "http://testserver/partners/bakery/",
        "day": "2027-07-01",
        "status": "review_overdue",
        "words": "Review overdue",
        "why": "A progress review was due, and no answer had come by 4 June 2027. Without one, the partner lapses on "
        "31 October 2027.",
        "since": "2027-06-04",
        "until": "2027-10-31",
        "explanation": "",
        "if_nothing_changes": False,
        "recognitions": [],
        "generated_at": "2027-07-01T07:05:00+01:00",
    }
    for words in ("Bakery", told["url"], "1 July 2027", told["words"], told["why"], "4 June 2027", "31 October 2027"):
        assert words in page.text
    assert "1 July 2027, 07:05 BST" in page.text


def test_any_site_s_script_may_read_the_json_and_only_that(client, bakery):
    assert _on(client, "2027-01-01", format="json")["Access-Control-Allow-Origin"] == "*"
    assert not _on(client, "2027-01-01").has_header("Access-Control-Allow-Origin")
    assert not _on(client, "2027-01-01", format="json").has_header("Access-Control-Allow-Credentials")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("application/json;q=0.5, text/html", "text/html; charset=utf-8"),
        ("image/png", "text/html; charset=utf-8"),
    ],
)
def test_what_a_program_accepts_decides(client, bakery, accept, kind):
    response = client.get("/partners/bakery/standing/", headers={"accept": accept})
    assert response["Content-Type"] == kind
    assert "Accept" in response["Vary"]


@pytest.mark.parametrize(
    "day",
    ["yesterday", "2026-02-30", "4/5/2026", "20260504", "2026-W19-1", "<script>", "\0", "99999-01-01", "2026-13-01"],
)
def test_day_that_is_none_is_refused_and_says_what_to_write(client, bakery, day):
    response = _on(client, day)
    page = Page(response)
    assert response.status_code == 400
    assert "Enter a real day as year, month and day, for example 2026-03-03." in page.text
    assert "<title>Error: Standing of Bakery" in response.content.decode()
    assert "Check it again at" not in page.text
    assert page.faults == []
    refusal = _on(client, day, format="json")
    assert (refusal.status_code, refusal["Access-Control-Allow-Origin"]) == (400, "*")
    assert json.loads(refusal.content) == {
        "error": "Enter a real day as year, month and day, for example 2026-03-03.",
        "on": day,
    }


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_first_and_last_day_that_there_are(client, bakery, day):
    for form in ("html", "json"):
        assert _on(client, day, format=form).status_code == 200


def test_no_statement_of_residents_or_of_what_is_not_public(client):
    resident = ResidentFactory(approved=True)
    hidden = [PartnerFactory(**state) for state in ({}, {"submitted": True}, {"declined": True})]
    for partner in (resident, *hidden):
        for form in ("html", "json"):
            address = f"/partners/{partner.slug}/standing/"
            assert client.get(address, {"format": form}).status_code == 404
    assert client.get("/partners/nobody/standing/").status_code == 404
    assert "standing/" not in client.get(resident.get_absolute_url()).content.decode()


def test_page_is_for_reading_only(client, bakery):
    assert client.post("/partners/bakery/standing/").status_code == 405
    head = client.head("/partners/bakery/standing/")
    assert (head.status_code, head.content) == (200, b"")


def test_statement_and_function_agree_on_each_day(client, bakery):
    _answered(bakery, on="2027-05-01")
    with on(date("2027-09-01")):
        for day in (date("2026-01-01") + datetime.timedelta(days=n * 61) for n in range(20)):
            assert _on(client, day.isoformat(), format="json").json()["status"] == standing_of(bakery, day).status


# On the partner's page ------------------------------------------------------------------------


def test_page_says_the_standing_in_words_and_links_to_the_statement(client, bakery):
    _due(bakery)
    said = {}
    for day in ("2026-07-01", "2027-05-04", "2027-07-01"):
        with on(date(day)):
            response = client.get("/partners/bakery/")
        said[day] = response.context["standing"].label
        assert f"{said[day]}</span>" in response.content.decode()
        assert "/partners/bakery/standing/" in Page(response).links
        assert Page(response).faults == []
    assert said == {"2026-07-01": "Signed", "2027-05-04": "Review due", "2027-07-01": "Review overdue"}


def test_right_of_reply_stands_beside_overdue_and_nowhere_else(client, bakery):
    words = "Our <b>oven</b> burnt “down”."
    review = _due(bakery, explanation=words)
    for day, stands in (("2027-06-03", False), ("2027-06-04", True)):
        with on(date(day)):
            for address in ("/partners/bakery/", "/partners/bakery/standing/"):
                html = client.get(address).content.decode()
                assert ("<bdi>Our &lt;b&gt;oven&lt;/b&gt; burnt “down”.</bdi>" in html) is stands, (day, address)
                assert ("The partner explains:" in html) is stands
                assert "<b>oven" not in html
            told = client.get("/partners/bakery/standing/", {"format": "json"}).json()
            assert told["explanation"] == (words if stands else "")
    with on(date("2027-07-01")):  # what it explained then says nothing of another day
        assert "explains" not in Page(_on(client, "2027-06-20")).text
        assert "explains" not in Page(_on(client, "2027-08-20")).text
    review.state, review.answered_at = "submitted", _moment("2027-07-02")
    review.submitted_at = review.answered_at
    review.save()
    with on(date("2027-07-03")):
        assert "explains" not in Page(client.get("/partners/bakery/")).text


def test_lapsed_partner_s_page_stays_and_says_so(client, bakery):
    _due(bakery)
    bakery.lapsed_on = date("2027-10-31")
    bakery.save()
    pledge = PledgeFactory(approved=True, partner=bakery, statement="We will bake.")
    with on(date("2027-11-05")):
        page, pledge_page = Page(client.get("/partners/bakery/")), Page(client.get(pledge.get_absolute_url()))
    assert "Lapsed on 31 October 2027" in page.text
    assert "This page stays for the record." in page.text
    assert "We will bake." in page.text
    assert "Lapsed on 31 October 2027" in pledge_page.text
    assert (page.faults, pledge_page.faults) == ([], [])


def test_paused_and_withdrawn_partner_s_page_says_until_and_since_when(client, bakery):
    PauseFactory(partner=bakery, starts_on=date("2026-07-01"), until=date("2026-08-01"))
    with on(date("2026-07-31")):
        assert "Paused until 1 August 2026" in Page(client.get("/partners/bakery/")).text
    bakery.withdrawn_at, bakery.withdrawn_by = _moment("2026-09-09"), bakery.lead.user
    bakery.save()
    with on(date("2026-10-01")):
        assert "Withdrawn on 9 September 2026" in Page(client.get("/partners/bakery/")).text


def test_resident_has_no_standing_anywhere(client):
    resident = ResidentFactory(approved=True, decided_at=_moment("2020-05-04"))
    _due(resident, "2021-05-04", explanation="I was away.")
    pledge = PledgeFactory(approved=True, partner=resident)
    for address in (resident.get_absolute_url(), pledge.get_absolute_url(), "/partners/"):
        page = Page(client.get(address))
        for words in ("Signed ", "overdue", "Review due", "Lapsed", "I was away.", "What this means"):
            assert words not in page.text.replace("Signed on", "").replace("has signed", "")


# In the directory -----------------------------------------------------------------------------


def test_cards_say_the_standing(client, bakery):
    _due(bakery)
    PartnerFactory(name="Care Home", approved=True, decided_at=_moment("2027-06-01"))
    ResidentFactory(approved=True)
    with on(date("2027-07-01")):
        response = client.get("/partners/")
    found = {p.name: p.standing and p.standing.label for p in response.context["listing"].page if not p.is_resident}
    assert found == {"Bakery": "Review overdue", "Care Home": "Signed"}
    assert [p.standing for p in response.context["listing"].page if p.is_resident] == [None]
    html = response.content.decode()
    assert html.count("status-tag") == 2
    assert '<span class="status-tag tone-red">Review overdue</span>' in html


def test_lapsed_partners_are_found_by_who_asks_for_them(client, bakery):
    bakery.lapsed_on = date("2027-10-31")
    bakery.save()
    _due(bakery)
    PledgeFactory(approved=True, partner=bakery)
    PartnerFactory(name="Care Home", approved=True)
    gone = PartnerFactory(name="Gone", withdrawn=True)
    gone.lapsed_on = date("2027-10-31")
    gone.save()
    with on(date("2027-11-05")):
        default, lapsed = client.get("/partners/"), client.get("/partners/", {"lapsed": "1"})
        totals = client.get("/").context["totals"]
    assert [partner.name for partner in default.context["listing"].page] == ["Care Home"]
    assert [partner.name for partner in lapsed.context["listing"].page] == ["Bakery"]
    assert "1 lapsed partner " in Page(lapsed).text
    assert "Lapsed on 31 October 2027" in Page(lapsed).text
    assert Page(lapsed).faults == []
    assert 'id="lapsed" checked' in lapsed.content.decode()
    assert totals == {"organisations": 1, "residents": 0, "pledges": 0}


def test_directory_without_any_lapsed_partner_says_so(client, bakery):
    assert "No partner has lapsed" in Page(client.get("/partners/?lapsed=1")).text
    assert 'name="lapsed"' not in client.get("/pledges/").content.decode()


@pytest.mark.parametrize("rows", [1, 24])
def test_standings_take_the_same_queries_however_many(client, django_assert_num_queries, rows):
    for _n in range(rows):
        partner = PartnerFactory(approved=True, decided_at=_moment("2020-05-04"))
        for year in range(2021, 2025):
            _answered(partner, on=f"{year}-05-01", due=f"{year}-05-04")
        PauseFactory(partner=partner)
    client.get("/partners/")
    with django_assert_num_queries(4):
        client.get("/partners/")
    with django_assert_num_queries(4):
        client.get(f"/partners/{partner.slug}/standing/")


def test_sitemap_holds_no_statements(client, bakery):
    told = client.get("/sitemap-partners.xml").content.decode()
    assert "/partners/bakery/" in told
    assert "standing" not in told
