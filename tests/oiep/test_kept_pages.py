"""Pages that are kept: right for everyone, gone with the next change, and never one person's shown to another."""

import contextlib
import datetime
import re
import subprocess

import psycopg2
import pytest
import time_machine
from csp.decorators import csp_replace
from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.db import OperationalError, connection
from django.http import HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone

from oiep import changes, metrics, pages
from oiep.urls import handler404, handler500, urlpatterns
from partners.models import Partner
from tests.crawl import crawl, words_of
from tests.factories import (
    AwardRoundFactory,
    CategoryFactory,
    EventFactory,
    MeetingFactory,
    NominationFactory,
    PartnerFactory,
    UserFactory,
)
from tests.processes import database_url, python
from tests.test_access import make_world

__all__ = ["handler404", "handler500"]  # this module is also a URLconf, below

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keeping(settings):
    settings.PAGES_KEPT_MEGABYTES = 4
    pages.clear()
    yield
    pages.clear()


@pytest.fixture
def bakery():
    return PartnerFactory(name="Bakery", approved=True, lead=True)


def kept():
    return len(pages.PLAIN) + len(pages.ASKED)


@contextlib.contextmanager
def asking(at_most):
    """Within it, no more queries than these: fewer than any page takes to be made."""
    with CaptureQueriesContext(connection) as queries:
        yield
    assert len(queries) <= at_most, [query["sql"] for query in queries]


def headers_of(answer):
    return {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}


# Kept, and let go -----------------------------------------------------------------------------


def test_second_visitor_gets_the_same_answer_for_one_query(bakery):
    first = Client().get("/partners/bakery/")
    with asking(1):
        second = Client().get("/partners/bakery/")
    assert second.content == first.content
    assert headers_of(second) == headers_of(first)
    assert {"Content-Security-Policy", "X-Frame-Options", "Permissions-Policy", "Referrer-Policy"} <= {*second.headers}
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_nothing_is_kept_where_that_is_switched_off(bakery, settings):
    settings.PAGES_KEPT_MEGABYTES = 0
    Client().get("/partners/bakery/")
    with CaptureQueriesContext(connection) as queries:
        answer = Client().get("/partners/bakery/")
    assert kept() == 0
    assert len(queries) > 1
    assert answer["ETag"]  # browsers may still ask whether it has changed


def test_change_is_seen_by_the_next_visitor(bakery):
    for name in ("Bakery & Sons", "The Old Bakery"):
        Partner.objects.filter(pk=bakery.pk).update(name=name)
        assert name.partition("&")[0] in Client().get("/partners/bakery/").text


def test_without_the_mark_of_the_data_a_change_would_not_be_seen(bakery, monkeypatch):
    monkeypatch.setattr(changes, "version", lambda: "always the same")
    Client().get("/partners/bakery/")
    Partner.objects.filter(pk=bakery.pk).update(name="The Old Bakery")
    assert "The Old Bakery" not in Client().get("/partners/bakery/").text


def test_change_of_one_page_lets_go_of_all(bakery):
    for address in ("/", "/partners/", "/areas/", "/partners/?kind=business"):
        Client().get(address)
    assert kept() == 4
    Partner.objects.filter(pk=bakery.pk).update(name="The Old Bakery")
    Client().get("/")
    Client().get("/partners/?kind=business")
    assert kept() == 2


def test_page_that_was_begun_before_a_change_is_not_kept_after_it(bakery, monkeypatch):
    """The data change while a page is being made from what they were."""
    looked = pages._is_for_everybody

    def change_first(request, response):
        monkeypatch.setattr(pages, "_is_for_everybody", looked)
        Partner.objects.filter(pk=bakery.pk).update(name="The Old Bakery")
        Client().get("/partners/")  # another visitor sees it, so that the shelves are of the new version
        return looked(request, response)

    monkeypatch.setattr(pages, "_is_for_everybody", change_first)
    assert "The Old Bakery" not in Client().get("/partners/bakery/").text
    assert "The Old Bakery" in Client().get("/partners/bakery/").text


WITHDRAW = """
import django
django.setup()
from oiep.models import User
from partners.models import Partner
from pledges.actions.pledges import withdraw_partner
partner = Partner.objects.get()
withdraw_partner(partner=partner, actor=User.objects.get(memberships__partner=partner))
"""


@pytest.mark.django_db(transaction=True)
def test_partner_that_withdraws_in_another_process_is_gone_at_once(bakery, environment):
    before = {address: Client().get(address).text for address in ("/", "/partners/", "/partners/bakery/")}
    assert all("Bakery" in text for text in before.values())
    assert "has left the Charter" not in before["/partners/bakery/"]
    with asking(1):
        Client().get("/partners/")
    process = python("-c", WITHDRAW, env=environment, stderr=subprocess.PIPE, text=True)
    _out, trouble = process.communicate(timeout=60)
    assert process.returncode == 0, trouble
    assert "Bakery" not in Client().get("/").text
    assert "Bakery" not in Client().get("/partners/").text
    assert Client().get("/partners/bakery/").text != before["/partners/bakery/"]


@pytest.mark.django_db(transaction=True)
def test_only_what_is_committed_counts_and_in_any_order():
    PartnerFactory(name="Bakery", approved=True)
    PartnerFactory(name="Mill", approved=True)
    rename = "UPDATE partners_partner SET name = %s WHERE slug = %s"
    with (
        contextlib.closing(psycopg2.connect(database_url())) as one,
        contextlib.closing(psycopg2.connect(database_url())) as other,
    ):
        one.cursor().execute(rename, ["The Old Bakery", "bakery"])  # with the smaller number, and committed later
        other.cursor().execute(rename, ["The Old Mill", "mill"])
        Client().get("/partners/")
        with asking(1):
            assert "The Old" not in Client().get("/partners/").text
        other.commit()
        assert "The Old Mill" in Client().get("/partners/").text
        with asking(1):
            assert "The Old Bakery" not in Client().get("/partners/").text
        one.commit()
        assert "The Old Bakery" in Client().get("/partners/").text

        one.cursor().execute(rename, ["The Ruined Bakery", "bakery"])
        one.rollback()
        with asking(1):
            assert "The Old Bakery" in Client().get("/partners/").text


def test_page_is_made_anew_where_the_database_does_not_say_whether_it_is_right(bakery, monkeypatch):
    Client().get("/partners/bakery/")

    def fail():
        raise OperationalError("gone")

    monkeypatch.setattr(changes, "version", fail)
    monkeypatch.setattr(connection, "close", lambda: None)  # it holds this test's transaction
    with pytest.raises(OperationalError):  # the view asks as well
        Client().get("/partners/bakery/")


# The clock ------------------------------------------------------------------------------------

NOON = datetime.datetime(2031, 5, 6, 11, tzinfo=datetime.UTC)
MINUTE, SECOND = datetime.timedelta(minutes=1), datetime.timedelta(seconds=1)


def test_event_leaves_the_home_page_when_it_ends():
    with time_machine.travel(NOON, tick=False) as clock:
        EventFactory(title="Fair", published=True, starts_at=NOON - 60 * MINUTE, ends_at=NOON + 20 * SECOND)
        assert "Fair" in Client().get("/").text
        clock.shift(20 * SECOND - datetime.timedelta(milliseconds=1))
        with asking(1):
            assert "Fair" in Client().get("/").text
        clock.shift(datetime.timedelta(milliseconds=1))
        assert "Fair" not in Client().get("/").text


def test_without_its_moment_an_event_would_stay(monkeypatch):
    monkeypatch.setattr(changes, "next_moment", lambda now: None)
    with time_machine.travel(NOON, tick=False) as clock:
        EventFactory(title="Fair", published=True, starts_at=NOON - 60 * MINUTE, ends_at=NOON + 20 * SECOND)
        Client().get("/")
        clock.shift(20 * SECOND)
        assert "Fair" in Client().get("/").text
        [page] = pages.PLAIN._pages.values()
    assert page.until == NOON + MINUTE, "no longer than any page"


def test_winner_is_told_at_the_moment_and_not_before():
    with time_machine.travel(NOON, tick=False) as clock:
        awards = AwardRoundFactory(
            opens_at=NOON - 600 * MINUTE, closes_at=NOON - 500 * MINUTE, judged_until=NOON - 400 * MINUTE,
            announced_at=NOON + 10 * SECOND, shortlisted_at=NOON - 450 * MINUTE, published_at=NOON - 700 * MINUTE,
        )  # fmt: skip
        mill = PartnerFactory(name="Mill", approved=True, lead=True, approved_at=NOON - 90_000 * MINUTE)
        NominationFactory(category=CategoryFactory(round=awards, name="Best of all"), winner=True, partner=mill)
        assert "Best of all" not in Client().get("/partners/mill/").text
        clock.shift(9 * SECOND)
        with asking(1):
            assert "Best of all" not in Client().get("/partners/mill/").text
        clock.shift(SECOND)
        assert "Best of all" in Client().get("/partners/mill/").text


def test_pages_end_with_the_day_in_london_and_with_their_making_not_their_being_done(bakery):
    evening = datetime.datetime(2031, 7, 1, 22, 59, 50, tzinfo=datetime.UTC)  # ten seconds before midnight in summer
    with time_machine.travel(evening, tick=False) as clock:
        Client().get("/partners/bakery/")
        clock.shift(9 * SECOND)
        with asking(1):
            Client().get("/partners/bakery/")
        clock.shift(SECOND)
        with pytest.raises(AssertionError), asking(1):
            Client().get("/partners/bakery/")


def test_next_moment_is_the_first_of_all_that_are_to_come():
    now = timezone.now()
    assert changes.next_moment(now) is None
    EventFactory(published=True, starts_at=now + 50 * MINUTE, ends_at=now + 90 * MINUTE)
    MeetingFactory(starts_at=now - 50 * MINUTE, ends_at=now + 40 * MINUTE)
    assert changes.next_moment(now) == now + 40 * MINUTE
    assert changes.next_moment(now + 40 * MINUTE) == now + 50 * MINUTE
    assert changes.next_moment(now + 90 * MINUTE) is None


def test_page_from_figures_that_rest_is_kept_no_longer_than_they_do(bakery, settings, monkeypatch):
    from pledges.figures import facts

    settings.FIGURES_REST_AT_MOST = 60
    module = facts.__globals__
    monkeypatch.setitem(module, "_QUICK", -1)
    monkeypatch.setitem(module, "_REST", 1e9)
    monkeypatch.setitem(module, "_kept", {})
    Client().get("/areas/")
    Partner.objects.filter(pk=bakery.pk).update(name="The Old Bakery")
    Client().get("/areas/")  # from figures that are out of date now
    [page] = pages.PLAIN._pages.values()
    assert page.until < timezone.now() + 60 * SECOND


# For whom -------------------------------------------------------------------------------------


def speaking(language):
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def test_each_language_is_kept_by_itself_however_it_was_asked_for():
    english = Client().get("/partners/").text
    polish = speaking("pl").get("/partners/").text
    assert '<html lang="en-gb"' in english
    assert '<html lang="pl"' in polish
    with asking(3):
        assert Client().get("/partners/").text == english
        assert speaking("pl").get("/partners/").text == polish
        assert Client().get("/partners/", headers={"Accept-Language": "pl,en;q=0.5"}).text == polish
    assert kept() == 2


def test_language_is_switched_on_a_page_that_is_kept():
    client = Client()
    client.get("/areas/")
    client.post("/language/", {"language": "pl", "next": "/areas/"})
    assert '<html lang="pl"' in client.get("/areas/").text
    client.post("/language/", {"language": "en-gb", "next": "/areas/"})
    assert '<html lang="en-gb"' in client.get("/areas/").text


def test_languages_that_nobody_speaks_make_no_more_pages():
    for language in ("xx", "tlh", "fr", "pl' OR 1=1", "en-gb"):
        speaking(language).get("/areas/")
        Client().get("/areas/", headers={"Accept-Language": language})
    assert kept() == 1


def test_who_has_signed_in_neither_gets_a_page_that_is_kept_nor_leaves_one(bakery, client_of):
    lead = client_of(bakery.memberships.get().user)
    assert "Sign out" in lead.get("/partners/").text
    assert kept() == 0
    assert "Sign out" not in Client().get("/partners/").text
    assert kept() == 1
    own = lead.get("/partners/")
    assert "Sign out" in own.text
    assert "Cookie" in own["Vary"]
    assert "Sign out" not in Client().get("/partners/").text


@pytest.mark.parametrize("cookie", ["sessionid", "messages", "something"])
def test_who_brings_a_cookie_of_another_kind_gets_a_page_of_their_own(cookie):
    client = Client()
    client.cookies[cookie] = "1"
    client.get("/partners/")
    assert kept() == 0
    Client().get("/partners/")
    for page in pages.PLAIN._pages.values():
        page.content = b"what is kept"
    assert Client().get("/partners/").content == b"what is kept"
    assert client.get("/partners/").content != b"what is kept"


def test_who_has_seen_a_form_gets_what_is_kept_and_leaves_nothing():
    client = Client()
    client.get("/contact/")
    assert "csrftoken" in client.cookies
    client.get("/areas/")
    assert kept() == 0
    Client().get("/areas/")
    with asking(1):
        client.get("/areas/")


@pytest.mark.parametrize(
    "header", [{"Authorization": "Bearer x"}, {"Range": "bytes=0-9"}, {"HX-Request": "true"}], ids=str
)
def test_other_ways_to_ask_are_answered_anew(header):
    Client().get("/areas/", headers=header)
    assert kept() == 0


@pytest.mark.parametrize(
    "address",
    [
        "/contact/", "/sign/", "/partners/?q=bakery", "/partners/?utm_source=mail", "/areas/?x=1", "/awards/",
        "/partners/?kind=business&q=a", "/no-such-page/", "/partners/nobody/", "/accounts/login/", "/robots.txt",
        "/partners/?kind=" + 200 * "x", "/health/live", "/admin/",
    ],
)  # fmt: skip
def test_what_is_not_kept(address):
    Client().get(address)
    assert kept() == 0


def test_posts_are_never_answered_from_memory():
    Client().get("/areas/")
    assert Client().post("/areas/").status_code == 405


def test_hosts_do_not_share_pages(settings):
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]
    for host in ("one.example", "two.example"):
        Client().get("/areas/", headers={"Host": host})
    assert kept() == 2
    assert Client().get("/areas/", headers={"Host": "three.example"}).status_code == 400


def test_pages_with_a_query_do_not_push_out_the_others(settings):
    Client().get("/areas/")
    for number in range(400):
        key = ("http", "testserver", "/", "en-gb", f"page={number}")
        pages.ASKED.hold(changes.version())
        until = timezone.now() + MINUTE
        pages.ASKED.put(key, changes.version(), pages.Page(b"x" * 50_000, {}, None, until), pages._room())
    assert len(pages.ASKED) == 2 * 1024 * 1024 // 50_000
    assert key in pages.ASKED
    assert len(pages.PLAIN) == 1


# Conditional requests -------------------------------------------------------------------------


def test_who_has_a_page_is_told_that_it_is_still_so(bakery):
    first = Client().get("/partners/bakery/")
    assert first["Cache-Control"] == "private, no-cache"
    has_it = {"If-None-Match": first["ETag"]}
    again = Client().get("/partners/bakery/", headers=has_it)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert "Content-Security-Policy" in again.headers
    pages.clear()
    assert Client().get("/partners/bakery/", headers=has_it).status_code == 304
    Partner.objects.filter(pk=bakery.pk).update(name="The Old Bakery")
    changed = Client().get("/partners/bakery/", headers=has_it)
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_tag_of_a_page_moves_with_what_it_shows_alone(bakery):
    before = Client().get("/partners/bakery/")["ETag"]
    PartnerFactory(name="Mill")  # waits for a decision
    assert Client().get("/partners/bakery/")["ETag"] == before


def test_who_signs_in_is_not_told_that_a_stranger_s_page_is_still_theirs(bakery, client_of):
    first = Client().get("/partners/bakery/")
    lead = client_of(bakery.memberships.get().user)
    answer = lead.get("/partners/bakery/", headers={"If-None-Match": first["ETag"]})
    assert answer.status_code == 200
    assert "Sign out" in answer.text


@pytest.mark.parametrize("first", ["get", "head"])
def test_head_is_answered_as_get_without_a_body(first):
    get = Client().get("/areas/") if first == "get" else None
    head = Client().head("/areas/")
    get = get or Client().get("/areas/")
    assert kept() == 1
    assert (head.content, head.status_code, head["ETag"]) == (b"", 200, get["ETag"])
    assert head["Content-Length"] == get["Content-Length"] == str(len(get.content))
    assert len(get.content) > 1000


def test_requests_for_what_is_kept_are_counted_as_others():
    def counted():
        return metrics.REQUESTS.labels("GET", "areas", "2xx")._value.get()

    before = counted()
    Client().get("/areas/")
    Client().get("/areas/")
    assert counted() == before + 2


# What a view could do -------------------------------------------------------------------------


@pages.keep()
def plain(request):
    return HttpResponse("the same for everybody")


@pages.keep()
def with_token(request):
    return HttpResponse(get_token(request))


@pages.keep()
def with_cookie(request):
    response = HttpResponse()
    response.set_cookie("who", "me")
    return response


@pages.keep()
def with_session(request):
    request.session["who"] = "me"
    return HttpResponse()


@pages.keep()
def with_message(request):
    messages.success(request, "Done")
    return HttpResponse()


@pages.keep()
def with_user(request):
    request.user = UserFactory()
    return HttpResponse()


@pages.keep()
def with_rule(request):
    return HttpResponse(headers={"Cache-Control": "no-store"})


@pages.keep()
def with_other_vary(request):
    return HttpResponse(headers={"Vary": "User-Agent"})


@csp_replace({"frame-ancestors": ["*"]})
@pages.keep()
def with_policy(request):
    return HttpResponse()


@pages.keep()
def with_stream(request):
    return StreamingHttpResponse([b"a"])


@pages.keep()
def with_status(request):
    return HttpResponse(status=503)


def without_leave(request):
    return HttpResponse()


VIEWS = [with_token, with_cookie, with_session, with_message, with_user, with_rule, with_other_vary, with_policy,
         with_stream, with_status, without_leave]  # fmt: skip
urlpatterns = [*urlpatterns, *(path(f"{view.__name__}/", view) for view in (plain, *VIEWS))]


@pytest.mark.urls(__name__)
def test_plain_view_is_kept():
    Client().get("/plain/")
    assert kept() == 1


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_view_that_answers_one_person_is_not_kept_although_it_says_so(view):
    response = Client().get(f"/{view.__name__}/")
    assert kept() == 0
    assert not response.has_header("ETag")
    assert "no-cache" not in response.get("Cache-Control", "") or response.cookies


# Everything -----------------------------------------------------------------------------------


class Strangers:
    """Each request comes from somebody who was never here."""

    def __init__(self):
        self.client = Client()

    def get(self, address):
        self.client.cookies.clear()
        return self.client.get(address)


def said(answer):
    """What an answer says, without what differs from visit to visit."""
    differs = r"""(csrfmiddlewaretoken" value="|csrftoken=)\w+|expires=[^;]*|X-Request-ID': '[^']*"""
    return re.sub(differs, r"\1", words_of(answer))


# In SQL, after FROM, JOIN and in lists of tables.
_TABLE = re.compile(r'(?:FROM|JOIN|,)\s+\(?"?([a-z]+_[a-z_]+)"?')


def unwatched_tables(queries):
    """Tables that queries read, and whose changes nobody notes."""
    known = {table for table in connection.introspection.table_names() if table != "oiep_datachange"}
    watched = {model._meta.db_table for model in changes.watched_models()}
    read = {table for sql in queries for table in _TABLE.findall(sql)}
    return (read & known) - watched


def test_everything_public_is_the_same_kept_and_made_and_made_of_what_is_watched(settings, monkeypatch):
    make_world()
    settings.PAGES_KEPT_MEGABYTES = 0
    strangers, queries = Strangers(), []
    made = crawl(strangers, follow=lambda address: not re.search(r"=.*=|\.|^/(sign|accounts|feeds|embed|api)", address))
    settings.PAGES_KEPT_MEGABYTES = 64

    def note(execute, sql, params, many, context):
        making = pages._making.get()
        if making and making.is_kept:
            queries.append(str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        first = {address: strangers.get(address) for address, answer in made.items() if answer.has_header("ETag")}
    assert kept() > 50
    for address, answer in first.items():
        assert said(answer) == said(made[address]) == said(strangers.get(address)), address
    assert len(queries) > 200
    assert unwatched_tables(queries) == set()
    monkeypatch.setattr(changes, "UNSEEN", {*changes.UNSEEN, "pledges.Story"})
    assert unwatched_tables(queries) == {"pledges_story"}, "and it would be found"


def test_database_notes_the_changes_of_each_table_that_is_watched_and_of_no_other():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE tgname IN ('oiep_note_change', 'oiep_note_public_change')"
        )
        noted = [table for (table,) in cursor.fetchall()]
    assert len(noted) == len(set(noted)), "and once only"
    assert set(noted) == {model._meta.db_table for model in changes.watched_models()}


def test_table_that_comes_later_is_watched_from_then_on():
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER oiep_note_public_change ON pledges_story")
        cursor.execute("UPDATE pledges_story SET title = ''")
        before = changes.version()
        cursor.execute("UPDATE pledges_story SET title = ''")
        assert changes.version() == before
        changes.watch_tables()
        cursor.execute("UPDATE pledges_story SET title = ''")
        assert changes.version() != before


def test_signing_in_lets_go_of_nothing_and_another_name_does(client_of):
    user = UserFactory()
    before = changes.version()
    client_of(user).get("/account/")
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    assert changes.version() == before
    user.name = "Somebody else"
    user.save(update_fields=["name"])
    assert changes.version() != before


def test_what_is_unseen_is_there():
    labels = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert labels >= changes.UNSEEN
    assert {label.partition(".")[0] for label in labels} >= changes.UNSEEN_APPS
    assert labels >= changes.COLUMNS.keys()
