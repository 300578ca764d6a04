"""What holds wherever one goes: looking changes nothing, no way leads off the site, no address gets out."""

import base64
import re
from urllib.parse import quote, unquote, urlsplit

import pytest
from django.db import OperationalError
from django.http import HttpResponseRedirect
from django.test import Client
from django.urls import include, path

from oiep.models import OutgoingEmail, User
from partners.models import ContactMessage
from pledges.models import Signing
from tests.crawl import crawl, words_of
from tests.factories import UserFactory
from tests.test_access import browser_of, checksums, whole_world, world

__all__ = ["whole_world", "world"]

pytestmark = pytest.mark.django_db


def walk(client, *also, of_a_shape=None):
    """All answers to a visitor. Of lists with filters, each filter is tried by itself; admin sorts as Django does."""
    starts = ["/", "/account/", "/accounts/login/", "/admin/", "/sitemap.xml", "/robots.txt", "/static/css/site.css"]
    starts += ["/no-such-page/", "/static/no-such-file.css", "/partners/hut/", *also]

    def follow(address):
        return not re.search(r"=.*[=.]|[?&]o=", unquote(address))

    return crawl(client, *starts, follow=follow, of_a_shape=of_a_shape)


# Looking --------------------------------------------------------------------------------------


# A manager has a page and a filter for each thing that there is, which are alike: they go to four of each shape.
@pytest.mark.parametrize(
    ("role", "pages", "of_a_shape"), [("anonymous", 40, None), ("lead", 55, None), ("manager", 900, 4)]
)
def test_looking_at_everything_changes_nothing_leads_nowhere_else_and_tells_no_strangers_address(
    world, role, pages, of_a_shape
):
    client = browser_of(world[0], role)
    before = checksums()
    answers = walk(client, of_a_shape=of_a_shape)
    assert len(answers) > pages
    assert checksums() == before
    assert {answer.status_code for answer in answers.values()} <= {200, 302, 403, 404, 405}
    broken = {address for address, answer in answers.items() if answer.status_code == 404}
    assert broken <= {"/no-such-page/", "/static/no-such-file.css", "/partners/hut/"}, "No link leads to nothing"
    for address, answer in answers.items():
        if answer.has_header("Location"):
            assert re.match(r"(http://testserver)?/(?!/)", answer["Location"]), address
        assert faults_in_headers(answer, address) == [], address
    if role == "anonymous":
        assert leaks(answers) == set()


def test_checksums_see_a_planted_change(world):
    before = checksums()
    user = User.objects.get(email="lead@canary.example")
    user.name = "Somebody else"
    user.save()
    assert [table for table, sums in checksums().items() if sums != before[table]] == ["oiep_datachange", "oiep_user"]


# Redirects ------------------------------------------------------------------------------------

ELSEWHERE = ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "http:evil.example",
             "https:///evil.example", "javascript:alert(1)", "/%09/evil.example", "//evil%E3%80%82example"]  # fmt: skip


@pytest.mark.parametrize("there", ELSEWHERE)
@pytest.mark.parametrize("address", ["/accounts/login/password/", "/accounts/login/", "/accounts/logout/", "/admin/"])
def test_no_redirect_leaves_the_site(client, address, there):
    password = "a long and winding lane"
    user = UserFactory(password=password, is_staff=True)
    data = {"login": user.email, "email": user.email, "password": password, "next": there}
    answers = [client.get(address, {"next": there}), client.post(f"{address}?next={quote(there)}", data)]
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    answers += [client.get(address, {"next": there}), client.post(address, data)]
    redirects = [answer["Location"] for answer in answers if answer.has_header("Location")]
    assert redirects
    for location in redirects:
        assert re.match(r"/(?![/\\])", location), location
        assert urlsplit(location).netloc == ""


def test_a_forged_host_is_refused_and_written_nowhere(client, world):
    answer = client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in words_of(answer)
    assert faults_in_headers(answer) == []


# Addresses of people --------------------------------------------------------------------------


def disguises(email):
    """An e-mail address, and what it looks like when somebody encodes it on its way out."""
    raw = email.encode()
    entities = "".join(f"&#{byte};" for byte in raw)
    coded = [base64.b64encode(raw[n:]).decode()[4:-4] for n in range(3)]
    return [email, email.replace("@", "%40"), email.replace("@", "&#64;"), email.replace("@", " at "),
            email[::-1], raw.hex(), entities, *coded]  # fmt: skip


def leaks(answers):
    emails = {*User.objects.values_list("email", flat=True), *ContactMessage.objects.values_list("email", flat=True)}
    emails |= {*Signing.objects.exclude(email="").values_list("email", flat=True)}
    emails |= {*OutgoingEmail.objects.values_list("to", flat=True)}
    assert len(emails) > 8
    hidden = [disguise.lower() for email in emails for disguise in disguises(email)]
    told = {address: words_of(answer).lower() for address, answer in answers.items()}
    return {(address, word) for address, words in told.items() for word in hidden if word in words}


def test_a_planted_address_is_found(client, world):
    users, _keys = world
    partner = users["lead"].memberships.get(partner__name="bakery").partner
    partner.description = f"Data: {base64.b64encode(users['lead'].email.encode()).decode()}"
    partner.save()
    found = {address for address, _word in leaks(walk(client, partner.get_absolute_url(), of_a_shape=2))}
    assert partner.get_absolute_url() in found
    # What the page shows stands in the files and the feeds as well, and nowhere else.
    assert all(re.match("/(data|feeds)/partners", address) for address in found - {partner.get_absolute_url()})


# Headers --------------------------------------------------------------------------------------

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}


# What other sites may show, and what they may put in a frame with the styles that this needs.
SHOWN_ELSEWHERE = re.compile(
    r"/(partners/[^/]+/(badge\.svg|share\.png|certificate\.pdf)|stories/[^/]+/share\.png|share\.png|posters/.+\.pdf|embed/(partners|counter|badge)/.*|static/css/(tokens|embed)\.css)$"
)
FRAMED_ELSEWHERE = re.compile(r"/embed/(partners|counter|badge)/")


def faults_in_headers(answer, address=""):
    path, headers = urlsplit(address).path, dict(HEADERS)
    is_framed = bool(FRAMED_ELSEWHERE.match(path)) and answer.status_code == 200
    if SHOWN_ELSEWHERE.match(path) and answer.status_code == 200:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if is_framed:
        headers["X-Frame-Options"] = None
    faults = [name for name, value in headers.items() if answer.get(name) != value]
    if answer.get("Referrer-Policy") not in ("strict-origin-when-cross-origin", "same-origin"):
        faults.append("Referrer-Policy")
    if not {"camera=()", "geolocation=()", "microphone=()"} <= {*re.split(", ?", answer.get("Permissions-Policy", ""))}:
        faults.append("Permissions-Policy")
    rules = (rule.strip().partition(" ") for rule in answer.get("Content-Security-Policy", "").split(";"))
    policy = {name: value for name, _space, value in rules}
    if "sandbox" in policy:  # a file of somebody's, in which nothing at all may run
        return faults if policy == {"sandbox": "", "default-src": "'none'"} else [*faults, "sandbox"]
    wanted = {"default-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'", "form-action": "'self'"}
    if is_framed:
        wanted["frame-ancestors"] = "*"
    faults += [rule for rule, value in wanted.items() if policy.get(rule) != value]
    faults += [rule for rule in ("script-src", "style-src") if policy.get(rule) != "'self'"]
    open_rules = {name: value for name, value in policy.items() if not (is_framed and name == "frame-ancestors")}
    faults += [rule for rule, value in open_rules.items() if re.search(r"unsafe|\*|https?:", value)]
    return faults


def test_headers_are_missed_where_they_are_missing():
    assert {"X-Frame-Options", "Permissions-Policy", "default-src"} < {*faults_in_headers(HttpResponseRedirect("/"))}
    lax = HttpResponseRedirect("/", headers={"Content-Security-Policy": "script-src 'self' 'unsafe-inline'"})
    assert faults_in_headers(lax).count("script-src") == 2


def broken(request):
    raise RuntimeError


def without_database(request):
    raise OperationalError


# An address book for the tests of what happens when something breaks.
urlpatterns = [path("broken/", broken), path("gone/", without_database), path("", include("oiep.urls"))]
handler404, handler500 = "oiep.views.not_found", "oiep.views.server_error"


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/broken/", 500),
        ("GET", "/gone/", 503),
        ("POST", "/contact/", 403),
        ("GET", "/partners/%00/", 404),
        ("GET", "/areas", 301),
        ("OPTIONS", "/", 405),
    ],
)
@pytest.mark.filterwarnings("ignore:OperationalError")
def test_errors_are_guarded_as_well(settings, method, address, status):
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    answer = client.generic(method, address)
    assert answer.status_code == status
    assert faults_in_headers(answer) == []
