"""How the Charter spreads, in a real browser: on another site, by e-mail, and in Arabic on a small phone."""

import datetime
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.cache import cache
from django.utils import timezone

from oiep.reach import digests
from oiep.reach.models import Follow, Follower
from tests.axe import faults
from tests.factories import PartnerFactory, PledgeFactory, PriorityAreaFactory, ReviewFactory
from tests.pledges.signing import scheme

__all__ = ["scheme"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def other_site():
    """Somebody else's site, on an origin of its own: its address, and where its page is put."""
    page = {"html": ""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = page["html"].encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", page
    server.shutdown()
    server.server_close()


def test_line_from_our_page_shows_the_list_on_another_site_and_no_other_page_can_be_framed(
    browser, open_page, other_site
):
    area = PriorityAreaFactory(slug="jobs", short_name="Jobs")
    bakery = PartnerFactory(name="Bakery", approved=True, areas=[area])
    PledgeFactory(approved=True, partner=bakery, area=area)
    ours = open_page()
    ours.goto("/embed/?what=list&area=jobs&language=en-gb")
    line = ours.get_by_label("Copy this into a page of your website").input_value()
    home = ours.url.split("embed/")[0]
    address, theirs = other_site
    theirs["html"] = f'<h1>A shop</h1>{line}<iframe id="hostile" src="{home}"></iframe>'
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(address)
    frame = page.frame_locator("iframe").first
    link = frame.get_by_role("link", name="Bakery")
    link.wait_for()
    assert link.get_attribute("href") == f"{home}partners/{bakery.slug}/"
    assert "allow-scripts" not in page.locator("iframe").first.get_attribute("sandbox")
    framed = page.frame_locator("#hostile").locator("body")
    assert "Oxfordshire Inclusive Economy Charter" not in framed.inner_text()
    assert context.cookies() == [], "Nobody is followed around"
    context.close()


def test_area_is_followed_on_a_phone_confirmed_told_of_and_stopped_with_one_press(open_page, letters):
    area = PriorityAreaFactory(slug="jobs", short_name="Jobs")
    today = timezone.localdate()
    monday = today + datetime.timedelta(days=7 - today.weekday())
    phone = open_page(width=320)
    phone.goto("/areas/jobs/")
    with phone.expect_navigation():
        phone.get_by_role("link", name="by e-mail").first.click()
    phone.get_by_label("E-mail address").fill("reader@example.org")
    press(phone, "Send me a link to confirm")
    assert faults(phone) == []
    [letter] = letters("reader@example.org")
    phone.goto(letter.link("/following/confirm/"))
    press(phone, "Yes, write to me")
    assert Follow.objects.confirmed().count() == 1
    bakery = PartnerFactory(name="Bakery", approved=True, areas=[area])
    PledgeFactory(approved=True, partner=bakery, area=area, statement="We will train ten people.")
    assert digests.run_day(monday)["digests"] == 1
    assert digests.run_day(monday)["digests"] == 0
    digest = letters("reader@example.org")[-1]
    assert "Bakery" in digest.text
    [stop] = [word for word in digest.text.split() if "/stop/" in word] or [Follower.objects.get().stop_url]
    phone.goto(stop)
    assert Follow.objects.exists(), "Mail scanners follow links"
    press(phone, "Stop these e-mails")
    assert faults(phone) == []
    assert not Follower.objects.exists()


def _overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_arabic_reads_from_right_to_left_on_a_small_phone_without_breaking(scheme, open_page):
    page = open_page(width=320, height=640)
    seen = []

    def look(name):
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"], name
        assert page.evaluate("getComputedStyle(document.querySelector('main')).direction") == "rtl", name
        assert _overflow(page) == 0, name
        seen.append(name)

    page.goto("/")
    press(page, "العربية")
    for path in ("/", "/charter/", "/charter/benefits/", "/stories/", "/resources/", "/help/", "/impact/", "/data/"):
        page.goto(path)
        look(path)
    assert faults(page) == []
    page.goto("/sign/")
    look("/sign/")
    page.locator("input[name=kind][value=resident]").check()
    with page.expect_navigation():
        page.locator("main button.btn-primary").first.click()
    look("who")
    page.locator("input[name=name]").fill("ليلى حداد")
    page.locator("input[name=email]").fill("leila@example.org")
    for fill in (
        lambda: None,
        lambda: page.locator("[name=district]").first.evaluate(
            "one => { if (one.tagName == 'SELECT') one.selectedIndex = 1; else one.checked = true }"
        ),
        lambda: page.locator("input[name=ideas]").first.check(),
    ):
        fill()
        with page.expect_navigation():
            page.locator("main form button.btn-primary").first.click()
        look(page.url.rstrip("/").rpartition("/")[2])
    assert "check" in page.url
    assert "ليلى حداد" in page.inner_text("main")
    assert faults(page) == []

    review = ReviewFactory(partner__name="مخبز الياسمين")
    pledge = PledgeFactory(approved=True, measured=True, partner=review.partner, area=scheme.spend)
    for part in ("", f"pledges/{pledge.pk}/", "ideas/", "outcomes/", "check/"):
        page.goto(f"/reviews/{review.token}/{part}")
        look(f"review {part}")
    assert len(seen) == 18
