"""axe-core finds nothing on a public page, at both widths, in both schemes, signed out and in; nor does the browser.

The pages of signing, of an account, of a review and of admin, in all their states, have tests of their own for that.
"""

import re
from pathlib import Path

import axe_playwright_python
import pytest
from django.conf import settings

from events.models import AwardRound
from partners.models import Partner, PriorityArea
from pledges.models import HelpRequest, Pledge
from tests.addresses import addresses
from tests.axe import RULES
from tests.factories import FollowFactory, NewsWishFactory
from tests.html import Page
from working_groups.models import Meeting

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RUN = "rules => axe.run({runOnly: rules, resultTypes: ['violations']})"
# What a rule finds depends on the width or on the scheme, and no style of ours on both. So two looks of the four are
# enough for a page; it gets one of the others from somebody who is signed in, where more than its head differs.
LOOKS = [(1280, "light"), (320, "dark")]
SIGNED_IN_LOOKS = [(1280, "dark"), (320, "light")]
# Colours are judged as they are, not on their way from one scheme to the other.
AT_ONCE = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, ::before, ::after {transition: none !important; animation: none !important}");
    document.adoptedStyleSheets.push(sheet);
}"""

# WCAG 1.4.12: a reader may space text out, and nothing may get lost.
SPACED_OUT = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* {line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important}
        p {margin-bottom: 2em !important}`);
    document.adoptedStyleSheets.push(sheet);
}"""

# Where it says “(sent empty)”, the page's main button is pressed before anything is filled in.
SENT_EMPTY = " (sent empty)"
PUBLIC = [
    "/",
    "/charter/",
    "/charter/1/",
    "/charter/benefits/",
    "/charter/how-it-works/",
    "/partners/",
    "/partners/?area=local-spend&place=oxford&q=bread",
    "/partners/?q=nobody-at-all&kind=nonsense",
    "/partners/cherwell-valley-builders-example/",
    "/partners/bellwether-print-example/",  # it has withdrawn
    "/partners/example/",  # its name is written from right to left
    "/partners/{resident}/",
    "/partners/marigold-bakery-example/contact/",
    "/partners/marigold-bakery-example/contact/" + SENT_EMPTY,
    "/partners/marigold-bakery-example/contact/sent/",
    "/partners/isis-community-energy-example/standing/",
    "/partners/isis-community-energy-example/standing/?on=2026-02-31",
    "/embed/",
    "/embed/partners/?place=oxford",
    "/embed/counter/",
    "/embed/badge/isis-community-energy-example/",
    "/areas/",
    "/areas/community-ownership/",
    "/places/",
    "/places/oxford/",
    "/follow/areas/community-ownership/",
    "/follow/partners/marigold-bakery-example/" + SENT_EMPTY,
    "/follow/places/oxford/sent/",
    "/following/confirm/{asked}/",
    "/following/{follower}/",
    "/following/{follower}/stop/",
    "/news/stop/{wish}/",
    "/posters/",
    "/pledges/?area=housing-affordability",
    "/pledges/?q=nothing-at-all",
    "/pledges/{pledge}/",
    "/pledges/{replaced}/",
    "/pledges/{stopped}/",
    "/data/",
    "/impact/",
    "/impact/?area=housing-affordability&place=cherwell&kind=business&year=1066",
    "/stories/",
    "/stories/?q=nothing-at-all",
    "/stories/from-the-school-gate-to-the-bakehouse/",
    "/stories/offer/",
    "/stories/offer/" + SENT_EMPTY,
    "/stories/sent/",
    "/resources/",
    "/resources/one-page-plan/",
    "/help/",
    "/help/{help}/",
    "/help/{help}/" + SENT_EMPTY,
    "/help/{help}/sent/",
    "/working-groups/",
    "/working-groups/steering-group/",
    "/working-groups/good-jobs-example/",
    "/working-groups/apprenticeship-week-example/",
    "/working-groups/good-jobs-example/meetings/{minutes}/",
    "/awards/",
    "/awards/{over}/",
    "/awards/{year}/",
    "/events/",
    "/events/?when=past&q=nothing-at-all",
    "/events/inclusive-economy-in-action/",
    "/events/lunch-for-local-buyers-example/",
    "/events/fair-work-breakfast-example/",
    "/events/lunch-for-local-buyers-example/book/",
    "/events/lunch-for-local-buyers-example/booked/",
    "/reports/",
    "/reports/may-2022/",
    "/accessibility/",
    "/privacy/",
    "/terms/",
    "/contact/",
    "/contact/" + SENT_EMPTY,
    "/contact/sent/",
    "/no-such-page/",
]
SIGNED_OUT = [
    "/accounts/login/",
    "/accounts/login/" + SENT_EMPTY,
    "/accounts/login/password/",
    "/accounts/login/password/" + SENT_EMPTY,
    "/accounts/inactive/",
]
PAGES = [
    *(("visitor", address) for address in (*PUBLIC, *SIGNED_OUT)),
    *(("lead", address) for address in PUBLIC),
]
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def links(site, django_db_blocker):
    """The links in e-mails to who follows something, or is asked whether they do, and to who gets the news."""
    with django_db_blocker.unblock():
        area = PriorityArea.objects.current().first()
        urls = {
            "asked": FollowFactory(area=area).confirm_url,
            "follower": FollowFactory(area=area, confirmed=True).follower.manage_url,
            "wish": NewsWishFactory().stop_url,
        }
        return {name: url.rstrip("/").rpartition("/")[2] for name, url in urls.items()}


@pytest.fixture
def names(site, links, db):
    """What stands for the names in braces."""
    published = Pledge.objects.published()
    return {
        "resident": Partner.objects.listed().filter(kind="resident", show_name=False).first().slug,
        "pledge": Pledge.objects.live().filter(target__isnull=False).first().pk,
        "replaced": published.filter(ending="replaced").first().pk,
        "over": AwardRound.objects.announced().first().year,
        "year": AwardRound.objects.taking_nominations().first().year,
        "stopped": published.filter(ending="stopped").first().pk,
        "help": HelpRequest.objects.published().first().pk,
        "minutes": Meeting.objects.published().get().pk,
        **links,
    }


@pytest.fixture(scope="module")
def page_of(browser, site):
    """`page_of(role)` is that visitor's page, and the list of what the browser complained about since."""
    opened = {}

    def open_one(role):
        if role not in opened:
            context = browser.new_context(base_url=site.url, reduced_motion="reduce", locale="en-GB")
            if session := site.clients[role].cookies.get("sessionid"):
                context.add_cookies([{"name": session.key, "value": session.value, "url": site.url}])
            complaints = []
            context.on("weberror", lambda error: complaints.append(str(error.error)))
            context.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
            context.on("requestfailed", lambda request: complaints.append(f"{request.url} failed"))
            context.on("request", lambda r: None if r.url.startswith((site.url, "data:")) else complaints.append(r.url))
            opened[role] = context.new_page(), complaints
        page, complaints = opened[role]
        complaints.clear()
        page.set_viewport_size({"width": 1280, "height": 800})
        return page, complaints

    yield open_one
    for page, _complaints in opened.values():
        page.context.close()


def faults_of(page, looks):
    """What axe finds, and what spills over the edge of the page, at each width and in each scheme."""
    page.evaluate(AXE)
    page.evaluate(AT_ONCE)
    faults = {}
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(RUN, RULES)["violations"]
        faults[width, scheme] = [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]
        faults[width, scheme] += _overflow(page, width)
    page.set_viewport_size({"width": 320, "height": 256})
    page.evaluate(SPACED_OUT)
    faults["spaced out"] = _overflow(page, 320)
    return {look: found for look, found in faults.items() if found}


def _overflow(page, width):
    seen = page.evaluate("document.documentElement.scrollWidth")
    return [f"{seen} pixels wide"] if seen > width else []


def _name(value):
    return value.strip("/").replace("/", " ") or "home"


def _main(answer):
    """What a page says, without what is new in each answer: a token against forged requests, or when it was drawn."""
    main = re.search("<main.*</main>", answer.content.decode(), re.DOTALL)[0]
    return re.sub('value="[^"]{24,}"', "", main)


def only_its_head_differs(site, path):
    """Whether who is signed in sees what a stranger sees, below the head that is the same on each page."""
    told = [site.clients[role].get(path) for role in ("visitor", "lead")]
    return told[0].status_code == told[1].status_code and _main(told[0]) == _main(told[1])


@pytest.mark.parametrize(("role", "address"), PAGES, ids=_name)
def test_page_is_accessible(site, page_of, names, role, address):
    path = address.removesuffix(SENT_EMPTY).format(**names)
    if role == "lead" and path not in PUBLIC[:2] and only_its_head_differs(site, path):
        return  # the stranger's looks have seen it
    page, complaints = page_of(role)
    answer = page.goto(path)
    wanted = 404 if path == "/no-such-page/" else 400 if "2026-02-31" in path else 200
    assert answer.status == wanted
    if address.endswith(SENT_EMPTY):
        with page.expect_navigation():
            page.locator("main form button.btn-primary").click()
        assert page.title().startswith("Error: ")
    assert page.locator("h1").count() == 1
    assert [line for line in complaints if f"status of {wanted}" not in line] == []
    looks = [SIGNED_IN_LOOKS[PUBLIC.index(address) % 2]] if role == "lead" else LOOKS
    assert faults_of(page, looks) == {}


def test_a_page_that_differs_for_who_is_signed_in_is_known(site):
    assert only_its_head_differs(site, "/areas/")
    assert not only_its_head_differs(site, "/stories/offer/")


def test_axe_finds_a_planted_fault(page_of):
    page, complaints = page_of("visitor")
    page.goto("/contact/")
    page.evaluate("""() => {
        document.querySelector("label").remove();
        document.querySelector("main").insertAdjacentHTML("beforeend", "<img src='http://other.example/x'>");
        document.querySelector("main h1").className = "planted";
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(".planted {width: 400px; padding: 1em; color: #888; background: #777}");
        document.adoptedStyleSheets.push(sheet);
    }""")
    looks = [*LOOKS, *SIGNED_IN_LOOKS]
    faults = faults_of(page, looks)
    rules = {look: {fault[0] for fault in found if isinstance(fault, tuple)} for look, found in faults.items()}
    assert rules == {**{look: {"label", "image-alt", "color-contrast"} for look in looks}, "spaced out": set()}
    assert "pixels wide" in str(faults[320, "dark"])
    assert "pixels wide" in str(faults["spaced out"])
    assert "other.example" in str(complaints)


def test_no_style_depends_on_width_and_scheme_at_once():
    """LOOKS stands on this."""
    sheets = {path.name: path.read_text() for path in (settings.BASE_DIR / "static/css").glob("*.css")}
    assert [name for name, rules in sheets.items() if "prefers-color-scheme" in rules] == ["tokens.css"]
    assert not re.search(r"@media[^{]*(width|height)", sheets["tokens.css"])


def test_each_page_has_a_title_of_its_own_and_sound_html(site, names):
    titles, faults = {}, {}
    for role, address in PAGES:
        path = address.format(**names)
        if role == "lead" or "?" in path or SENT_EMPTY in path:
            continue
        answer = site.clients[role].get(path)
        html = answer.content.decode()
        faults[path] = Page(answer).faults
        # A page may have two addresses, if it says which of them is its own.
        [own] = re.findall('<link rel="canonical" href="[^/]*//[^/]*([^"]*)"', html) or [path]
        titles.setdefault(re.search("<title>(.*?)</title>", html, re.DOTALL)[1].strip(), set()).add(own)
    assert {title: paths for title, paths in titles.items() if len(paths) > 1} == {}
    assert {path: found for path, found in faults.items() if found} == {}


def test_no_page_is_left_out():
    """A page that is new has to be on a list above. Those elsewhere have tests of their own, or are no pages."""
    elsewhere = re.compile(
        r"^(sign|feeds|reviews|invitations|judging|evidence|account|accounts|admin|health)/|^sitemap|^robots"
        r"|^awards/(vote/|[^/]+/[^/]+/(vote|voted)/)"
        r"|^working-groups/((calendar|papers)/"
        r"|[^/]+/(meetings|papers|room|about|actions|updates|members|requests|join)/)"
        r"|^partners/[^/]+/logo/"
        r"|^api/|^metrics$|^.well-known/|^language/$|.*\.(csv|json|svg|png|pdf|docx)$"
        r"|^stories/(pictures|confirm|consent)/|^resources/[^/]+/file/"
        r"|^events/(confirm|booking|check-in|feedback|photographs|materials)/|^events/(<slug:slug>/)?calendar.ics"
        r"|^events/[^/]+/desk/"
        r"|^awards/(nominations|<int:year>/nominate)/"
    )
    for address in addresses():
        if not elsewhere.match(address):
            shape = re.compile("/" + re.sub(r"<[^>]*>", "[^/]+", address) + "$")
            assert any(shape.match(listed.partition("?")[0].removesuffix(SENT_EMPTY)) for listed in PUBLIC), address
