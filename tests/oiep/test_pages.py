"""The first page, the pages of prose, what machines read, and what is shown when something is wrong."""

import datetime
import re
import xml.etree.ElementTree as ElementTree

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from oiep import rules
from oiep.reports.content import content_of
from oiep.reports.models import Edition
from oiep.urls import handler404, handler500, urlpatterns
from pledges.models import CharterVersion
from tests.factories import (
    AwardRoundFactory,
    CharterVersionFactory,
    DistrictFactory,
    EventFactory,
    HelpRequestFactory,
    MeetingFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ResourceFactory,
    StoryFactory,
    UpdateReportFactory,
    UserFactory,
)
from tests.html import Page

pytestmark = pytest.mark.django_db

__all__ = ["handler404", "handler500"]  # this module is also a URLconf, below


# Home -----------------------------------------------------------------------------------------


def test_home_shows_exact_totals(client):
    oxford, cherwell = DistrictFactory(name="Oxford"), DistrictFactory(name="Cherwell")
    bakery = PartnerFactory(name="Bakery", approved=True, districts=[oxford])
    PartnerFactory(name="Care Home", approved=True, county_wide=True)
    ResidentFactory(approved=True, districts=[cherwell])
    pledge = PledgeFactory(approved=True, partner=bakery)
    PledgeFactory(stopped=True, partner=bakery)
    PledgeFactory(submitted=True, partner=bakery)
    PartnerFactory(submitted=True, districts=[oxford])
    PartnerFactory(withdrawn=True, districts=[oxford])
    response = client.get("/")
    assert response.context["totals"] == {"organisations": 2, "residents": 1, "pledges": 1}
    assert [(p["district"], p["partners"]) for p in response.context["places"]] == [(oxford, 2), (cherwell, 2)]
    assert {area.pk: area.pledge_count for area in response.context["areas"]}[pledge.area_id] == 1
    assert [partner.name for partner in response.context["newest"]] == ["Care Home", "Bakery"]
    page = Page(response)
    assert "2 organisations have signed" not in page.text  # the figure comes after its words, for who hears it
    assert "organisations have signed 2 resident has signed 1 pledge is live 1" in page.text
    assert page.faults == []


def test_home_with_nothing_in_it_invites(client):
    response = client.get("/")
    page = Page(response)
    assert "No organisation has signed yet" in page.text
    assert page.links.count("/sign/") >= 2
    assert page.faults == []


def test_home_names_no_more_than_the_newest_six_organisations(client):
    for n in range(8):
        PartnerFactory(name=f"Firm number {n}", approved=True)
    assert [partner.name[-1] for partner in client.get("/").context["newest"]] == list("765432")


# How we decide --------------------------------------------------------------------------------

SHOWN = {
    "CONFIRMATION_DAYS": (81, "It works for 81 days"),
    "LIST_CONFIRMATION_DAYS": (106, "asked once, and the link works for 106 days"),
    "IMPORTS_KEPT_DAYS": (107, "did not bring in: 107 days."),
    "CONFIRMATION_RESEND_MINUTES": (82, "again after 82 minutes"),
    "CONFIRMATION_MAILS_AT_MOST": (83, "at most 83 times"),
    "DECISION_WORKING_DAYS": (84, "within 84 working days"),
    "DECISION_AMBER_WORKING_DAYS": (85, "After 85 working days"),
    "SHORT_ROUTE_BELOW_PEOPLE": (86, "fewer than 86 people"),
    "MINIMUM_AGE": (87, "are 87 or over"),
    "PLEDGES_AT_MOST": (88, "up to 88 pledges"),
    "REVIEW_MONTHS": ((24, 18), "every 24 or 18 months"),
    "REVIEW_OPENS_DAYS": (89, "89 days before"),
    "REVIEW_OVERDUE_DAYS": (91, "More than 91 days after"),
    "REVIEW_LAPSES_DAYS": (192, "not answered 192 days after"),
    "REVIEW_EXPLANATION_LENGTH": (193, "in up to 193 characters"),
    "PAUSE_MONTHS_AT_MOST": (94, "for up to 94 months"),
    "INVITATION_DAYS": (81, "can be accepted for 81 days"),
    "JOIN_AGAIN_DAYS": (82, "can ask again after 82 days"),
    "CONTACT_CONFIRMED_MONTHS": (84, "Every 84 months we ask the people of a partner"),
    "RECOGNITION_ASKED_DAYS": (83, "We ask for the new one 83 days before"),
    "CONSENT_YEARS_AT_MOST": (108, "until when: for 108 years at most"),
    "CONSENT_ASKED_DAYS": (109, "We are warned 109 days before a consent ends"),
    "HELP_OPEN_DAYS": (110, "It is open for 110 days unless"),
    "HELP_OPEN_DAYS_AT_MOST": (111, "choose another day, 111 at most"),
    "ACTION_STEPS": (
        (("week", -84), ("due", 0), ("overdue", 9), ("chased", 31)),
        "an action 84 days before, on the day, 9 days after and 31 days after it is due",
    ),
    "EVENT_FEEDBACK_DAYS": (84, "They can answer for 84 days"),
    "EVENT_OFFER_HOURS": (91, "They have 91 hours to answer"),
    "EVENT_REMINDER_HOURS": (92, "92 hours before"),
    "EVENT_ATTENDEE_MONTHS": (93, "who came 93 months after"),
    "AWARD_GRACE_MINUTES": (105, "come in for 105 more minutes"),
    "AWARD_SCORES_AT_LEAST": (103, "fewer than 103 judges could score"),
    "AWARD_VOTE_HOURS": (104, "a link that works for 104 hours"),
    "RESIDENT_FORGOTTEN_AFTER_YEARS": (95, "If 95 years go by"),
    "DECLINED_KEPT_DAYS": (96, "What we declined: 96 days."),
    "WITHDRAWN_KEPT_DAYS": (97, "a partner that withdrew: 97 days."),
    "MESSAGES_KEPT_MONTHS": (98, "Messages from visitors: 98 months."),
    "EMAILS_KEPT_MONTHS": (99, "our e-mails: 99 months"),
    "SIGN_IN_EMAILS_KEPT_DAYS": (101, "101 days where they hold a sign-in code"),
    "AUDIT_NOTES_KEPT_YEARS": (102, "what was done: 102 years."),
}


@pytest.mark.parametrize("name", SHOWN)
def test_how_we_decide_is_written_from_the_settings(client, settings, name):
    value, words = SHOWN[name]
    assert words not in Page(client.get("/charter/how-it-works/")).text
    setattr(settings, name, value)
    assert words in Page(client.get("/charter/how-it-works/")).text


def test_how_we_decide_tells_every_rule_that_pages_may_tell():
    elsewhere = {"BENEFITS_PARTNERS_AT_LEAST"}  # below
    assert {*SHOWN} | elsewhere == {*rules.NAMES}
    assert not {*SHOWN} & elsewhere


def test_timetable_of_a_round_is_drawn_from_the_settings(client, settings):
    def rows():
        return [(row.day, row.mail, row.page) for row in client.get("/charter/how-it-works/").context["timetable"]]

    late = "It is late. This is exactly what your page will say, and you can reply to that."
    last = "Our last e-mail about it. It also goes to your second contact, if you have one."
    assert rows() == [
        ("30 days before", "Your review is open. Here is the link to it.", "“Review due”"),
        ("7 days before", "7 days left.", "“Review due”"),
        ("On the day", "It is due today.", "“Review due”"),
        ("14 days after", late, "“Review due”"),
        ("31 days after", "", "“Review overdue”"),
        ("90 days after", last, "“Review overdue”"),
        ("180 days after", "", "“Lapsed”"),
    ]
    settings.REVIEW_STEPS = (("opened", -22), ("overdue", 1), ("final", 51))
    settings.REVIEW_OPENS_DAYS, settings.REVIEW_OVERDUE_DAYS, settings.REVIEW_LAPSES_DAYS = 21, 50, 60
    assert rows() == [
        ("22 days before", "Your review is open. Here is the link to it.", "“Signed” or “Up to date”"),
        ("21 days before", "", "“Review due”"),
        ("1 day after", late, "“Review due”"),
        ("51 days after", last, "“Review overdue”"),
        ("60 days after", "", "“Lapsed”"),
    ]


def test_home_promises_the_decision_that_the_settings_promise(client, settings):
    settings.DECISION_WORKING_DAYS = 84
    assert "within 84 working days" in Page(client.get("/")).text


# Prose ----------------------------------------------------------------------------------------

PROSE = [
    "/charter/benefits/", "/charter/how-it-works/", "/accessibility/", "/privacy/", "/terms/", "/contact/",
    "/contact/sent/",
]  # fmt: skip


@pytest.mark.parametrize("address", PROSE)
def test_prose_is_sound(client, address):
    response = client.get(address)
    assert response.status_code == 200
    assert Page(response).faults == []


def test_benefits_hold_no_figure_before_partners_have_answered_but_from_how_many_on(client, settings):
    settings.BENEFITS_PARTNERS_AT_LEAST = 112
    main = client.get("/charter/benefits/").content.decode().partition("<main")[2].partition("</main>")[0]
    words = Page(HttpResponse(f"<h1>x</h1>{main.partition('>')[2]}")).text
    assert "once 112 partners have answered" in words
    assert re.findall(r"\d+", words) == ["112"]


PUBLIC = [*PROSE, "/", "/charter/", "/partners/", "/areas/", "/places/", "/pledges/"]


@pytest.mark.parametrize("address", [*PUBLIC, "/robots.txt", "/sitemap.xml"])
def test_head_answers_as_get_does_without_a_body(client, address):
    get, head = client.get(address), client.head(address)
    assert (head.status_code, head.content) == (get.status_code, b"") == (200, b"")
    assert head["Content-Type"] == get["Content-Type"]


@pytest.mark.parametrize("address", PUBLIC)
def test_page_for_everybody_is_the_same_for_everybody(client, address):
    """No cookie is set, but for the one that guards a form, and nothing says whether anybody is signed in."""
    response = client.get(address)
    assert set(response.cookies) <= ({"csrftoken"} if address == "/contact/" else set())
    assert "Sign out" not in Page(response).text


def test_signed_in_visitor_s_page_is_theirs_alone(client_of, manager):
    response = client_of(manager).get("/partners/")
    assert response["Cache-Control"] == "private, no-store"
    assert "Cookie" in response["Vary"]
    assert not response.has_header("ETag"), "nobody is asked whether it is still so"


@pytest.mark.parametrize("address", ["/", "/charter/", "/partners/", "/areas/", "/places/", "/pledges/", "/privacy/"])
def test_pages_to_read_take_no_posts(client, address):
    assert client.post(address).status_code == 405


# For machines ---------------------------------------------------------------------------------


def _addresses(response):
    assert response["Content-Type"] == "application/xml"
    tree = ElementTree.fromstring(response.content)  # noqa: S314 - it is our own
    return [element.text for element in tree.iter() if element.tag.endswith("loc")]


def test_sitemap_lists_published_things_only(client):
    CharterVersion.objects.all().delete()
    CharterVersionFactory(number=1)
    CharterVersionFactory(number=2, published_on=None)
    area, place = PriorityAreaFactory(slug="spend"), DistrictFactory(slug="oxford")
    PriorityAreaFactory(slug="old", retired=True)
    bakery = PartnerFactory(name="Bakery", approved=True, districts=[place])
    pledge = PledgeFactory(approved=True, partner=bakery, area=area)
    PledgeFactory(submitted=True, partner=bakery, area=area)
    PartnerFactory(submitted=True)
    ResidentFactory(withdrawn=True)
    minutes = MeetingFactory(minuted=True)
    MeetingFactory(past=True, minutes="Not published.")
    MeetingFactory(minuted=True, group__is_closed=True)
    EventFactory(slug="fair", published=True)
    EventFactory()
    AwardRoundFactory(year=2030)
    AwardRoundFactory(year=2031, published_at=None)
    StoryFactory(slug="told", approved=True, partner=bakery)
    StoryFactory(submitted=True, partner=bakery)
    StoryFactory(approved=True, partner=bakery, shows_people=True)  # nobody has agreed
    ResourceFactory(slug="guide")
    ResourceFactory(retired=True)
    ResourceFactory(helper=True, agreed_on=datetime.date(2025, 6, 1), agreed_until=datetime.date(2026, 5, 31))
    help_wanted = HelpRequestFactory(approved=True, partner=bakery, asked_by=UserFactory())
    HelpRequestFactory(submitted=True, partner=bakery, asked_by=UserFactory())
    report = UpdateReportFactory(slug="march-2027")
    Edition.objects.create(report=report, number=1, content=content_of(report), published_by=UserFactory())
    UpdateReportFactory()
    sections = _addresses(client.get("/sitemap.xml"))
    names = ("pages", "partners", "pledges", "stories", "resources", "help", "groups", "minutes", "events", "awards",
             "reports")  # fmt: skip
    assert sections == [f"http://testserver/sitemap-{name}.xml" for name in names]
    assert _addresses(client.get("/sitemap-partners.xml")) == ["http://testserver/partners/bakery/"]
    assert _addresses(client.get("/sitemap-pledges.xml")) == [f"http://testserver/pledges/{pledge.pk}/"]
    assert _addresses(client.get("/sitemap-minutes.xml")) == [f"http://testserver{minutes.get_absolute_url()}"]
    assert _addresses(client.get("/sitemap-events.xml")) == ["http://testserver/events/fair/"]
    assert _addresses(client.get("/sitemap-awards.xml")) == ["http://testserver/awards/2030/"]
    assert _addresses(client.get("/sitemap-stories.xml")) == ["http://testserver/stories/told/"]
    assert _addresses(client.get("/sitemap-resources.xml")) == ["http://testserver/resources/guide/"]
    assert _addresses(client.get("/sitemap-help.xml")) == [f"http://testserver{help_wanted.get_absolute_url()}"]
    assert _addresses(client.get("/sitemap-reports.xml")) == ["http://testserver/reports/march-2027/"]
    pages = _addresses(client.get("/sitemap-pages.xml"))
    assert pages[0] == "http://testserver/"
    assert "http://testserver/areas/old/" not in pages
    assert [page for page in pages if page.startswith("http://testserver/charter/") and page[-2].isdigit()] == [
        "http://testserver/charter/1/"
    ]
    for page in pages:
        assert client.get(page.removeprefix("http://testserver")).status_code == 200


@pytest.mark.parametrize("address", ["/sitemap-none.xml", "/sitemap-pages.xml?p=9", "/sitemap-pages.xml?p=%00"])
def test_unknown_sitemap_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_robots_are_told_where_to_go_and_where_not(client):
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = response.content.decode().splitlines()
    assert "Disallow: /account/" in lines
    assert "Disallow: /" not in lines
    assert lines[-1] == "Sitemap: http://testserver/sitemap.xml"


# When something is wrong ----------------------------------------------------------------------


def _fails(request):
    raise RuntimeError("A fault of ours.")


def _has_no_database(request):
    raise OperationalError("could not connect to server")


urlpatterns = [path("test/fails/", _fails), path("test/no-database/", _has_no_database), *urlpatterns]


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nothing/here/", 404, "We cannot find this page"),
        ("/test/fails/", 500, "Something went wrong on our side"),
        ("/test/no-database/", 503, "Wait a minute, then reload this page."),
    ],
)
@pytest.mark.urls(__name__)
def test_trouble_has_a_page_of_ours(client, address, status, words):
    client.raise_request_exception = False
    response = client.get(address)
    page = Page(response)
    assert response.status_code == status
    assert words in page.text
    assert "RuntimeError" not in page.text
    assert page.faults == []
    assert response.get("Retry-After") == ("60" if status == 503 else None)
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.urls(__name__)
def test_trouble_is_told_without_asking_the_database(client, django_assert_num_queries):
    client.raise_request_exception = False
    client.cookies["sessionid"] = "a" * 32
    with django_assert_num_queries(0):
        client.get("/test/no-database/")


def test_form_from_elsewhere_is_refused_in_our_words():
    response = Client(enforce_csrf_checks=True).post("/contact/", {})
    assert response.status_code == 403
    assert Page(response).faults == []
