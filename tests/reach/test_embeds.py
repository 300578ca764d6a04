"""Lists and counters in other sites' pages: what they show, and that nothing in their address does harm."""

import re

import pytest

from tests.factories import DistrictFactory, PartnerFactory, PledgeFactory, PriorityAreaFactory, ResidentFactory
from tests.html import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def county():
    """Two organisations, of which one works in Oxford on jobs, and a resident of Oxford; and one that waits."""
    oxford, cherwell = DistrictFactory(name="Oxford", slug="oxford"), DistrictFactory(slug="cherwell")
    jobs = PriorityAreaFactory(short_name="Jobs", slug="jobs")
    bakery = PartnerFactory(name="Bakery", approved=True, districts=[oxford], areas=[jobs])
    PledgeFactory(approved=True, partner=bakery, area=jobs)
    mill = PartnerFactory(name="Mill", approved=True, districts=[cherwell])
    PledgeFactory(approved=True, partner=mill)
    ResidentFactory(approved=True, districts=[oxford])
    PartnerFactory(name="Shed", submitted=True, districts=[oxford], areas=[jobs])


def names_in(answer):
    return re.findall(r"<bdi>(Bakery|Mill|Shed|A resident[^<]*)</bdi>", answer.content.decode())


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Mill", "Bakery"]),
        ("area=jobs", ["Bakery"]),
        ("place=cherwell", ["Mill"]),
        ("area=jobs&place=cherwell", []),
        ("show=1", ["Mill"]),
    ],
)
def test_list_shows_who_is_listed_there(client, county, query, names):
    answer = client.get(f"/embed/partners/?{query}")
    assert names_in(answer) == names
    assert Page(answer).faults == []
    assert all(link.startswith("http://testserver/") for link in Page(answer).links)


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ("", (2, 1, 2)),
        ("place=oxford", (1, 1, 1)),
        ("area=jobs", (1, 0, 1)),
        ("area=jobs&place=cherwell", (0, 0, 0)),
    ],
)
def test_counter_counts_what_the_pages_count(client, county, query, counts):
    answer = client.get(f"/embed/counter/?{query}")
    assert tuple(answer.context["counts"].values()) == counts
    assert Page(answer).faults == []


@pytest.mark.parametrize("address", ["/embed/partners/", "/embed/counter/"])
def test_any_site_may_frame_it_and_nothing_runs_or_is_kept_in_it(client, county, address):
    answer = client.get(address)
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert {*answer["Cache-Control"].split(", ")} == {"public", "max-age=600"}
    assert answer.cookies.output() == ""
    assert "<script" not in answer.content.decode()
    again = client.get(address, headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304
    assert "frame-ancestors *" in again["Content-Security-Policy"]  # a browser takes the new headers over
    assert "X-Frame-Options" not in again


@pytest.mark.parametrize("path", ["/", "/partners/", "/embed/", "/accounts/login/"])
def test_no_other_page_can_be_framed(client, path):
    answer = client.get(path)
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/embed/partners/", "/embed/counter/"])
@pytest.mark.parametrize(
    "query",
    [
        "area=nowhere",
        "area='%20OR%201=1--",
        "area=%00",
        "area=" + "a" * 5000,
        "place=%3Cscript%3Ealert(1)%3C/script%3E",
        "area=jobs&area=jobs",
        "show=0",
        "show=-1",
        "show=51",
        "show=1e9",
        "show=%D9%A1",
        "language=../../etc",
        "callback=alert",
        "%3Cb%3E=1",
        "&".join(f"area{n}=1" for n in range(900)),
    ],
)
def test_hostile_parameter_is_refused_in_words(client, county, address, query):
    answer = client.get(f"{address}?{query}")
    assert answer.status_code == 400
    assert Page(answer).faults == []
    assert "This address does not work" in Page(answer).text
    assert "<script" not in answer.content.decode()
    assert "<b>" not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "frame-ancestors *" in answer["Content-Security-Policy"]


def test_list_asks_the_database_the_same_however_long_it_is(client, county, django_assert_num_queries):
    with django_assert_num_queries(3):
        client.get("/embed/partners/")
    for number in range(8):
        PartnerFactory(name=f"Firm {number} more", approved=True)
    with django_assert_num_queries(3):
        client.get("/embed/partners/")


def test_list_speaks_the_language_of_its_address(client, county):
    client.cookies["language"] = "pl"
    assert '<html lang="en-gb" dir="ltr">' in client.get("/embed/partners/").content.decode()
    assert '<html lang="ar" dir="rtl">' in client.get("/embed/partners/?language=ar").content.decode()


def test_styles_of_a_frame_may_be_read_from_anywhere_and_no_others(client):
    policies = {}
    for name in ("tokens", "embed", "site"):
        answer = client.get(f"/static/css/{name}.css")
        answer.close()
        policies[name] = answer["Cross-Origin-Resource-Policy"]
    assert policies == {"tokens": "cross-origin", "embed": "cross-origin", "site": "same-origin"}


def test_page_makes_the_line_for_what_was_chosen(client, county):
    answer = client.get("/embed/", {"what": "counter", "area": "jobs", "place": "oxford", "language": "pl"})
    address = "http://testserver/embed/counter/?area=jobs&amp;place=oxford&amp;language=pl"
    assert f'<iframe src="{address}" title="' in answer.context["line"]
    assert Page(answer).faults == []
    shown = client.get(answer.context["path"])
    assert tuple(shown.context["counts"].values()) == (1, 0, 1)


def test_page_says_what_is_wrong_with_a_choice(client, county):
    answer = client.get("/embed/", {"what": "everything", "area": "nowhere", "language": "xx"})
    assert answer.status_code == 400
    assert Page(answer).text.count("Choose again") >= 3
    assert Page(answer).faults == []
