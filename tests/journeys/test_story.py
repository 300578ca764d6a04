"""A story in a real browser: told on a phone, approved, read, and gone with one press of who is in it."""

import io

import pytest
from django.core.cache import cache
from PIL import Image

from oiep import email as mail
from oiep.models import OutgoingEmail
from pledges.models import Consent, Story
from tests.axe import faults
from tests.factories import ManagerFactory, PriorityAreaFactory

pytestmark = pytest.mark.django_db(transaction=True)


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def _photograph():
    written = io.BytesIO()
    Image.new("RGB", (900, 600), "#b5762a").save(written, format="JPEG")
    return {"name": "loaves.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def test_story_is_told_approved_read_and_withdrawn_from(open_page, sign_in):
    cache.clear()
    PriorityAreaFactory(short_name="Good jobs", slug="jobs")
    teller = open_page(width=320)
    teller.goto("/stories/offer/")
    press(teller, "Send it in")
    assert faults(teller) == []
    teller.get_by_label("Title", exact=True).fill("From the school gate to the bakehouse")
    teller.get_by_label("The story in one or two sentences").fill("Leila had been out of work for six years.")
    teller.get_by_label("The story", exact=True).fill("It began with *two* mornings.")
    teller.get_by_label("Good jobs").check()
    teller.get_by_label("Picture 1 (optional)", exact=True).set_input_files(_photograph())
    teller.get_by_label("What picture 1 shows").fill("Loaves on a shelf")
    teller.get_by_label("Yes", exact=True).check()
    person = teller.get_by_role("group", name="Person 1")
    person.get_by_label("Name (optional)").fill("Leila Haddad")
    person.get_by_label("How did they agree?").fill("Signed a form on 4 May.")
    person.get_by_label("Their e-mail address").fill("leila@example.org")
    teller.get_by_label("Your name").fill("Vera Visitor")
    teller.get_by_label("Your e-mail address").fill("vera@example.org")
    press(teller, "Send it in")
    assert teller.get_by_role("heading", name="Check your e-mail").count() == 1
    assert faults(teller) == []
    story = Story.objects.get()
    teller.goto(story.confirmation_url)
    assert faults(teller) == []
    press(teller, "Send in my story")
    assert "We have your story" in teller.inner_text("main")

    desk = open_page(bypass_csp=True)  # axe itself needs inline styles in admin
    sign_in(desk, ManagerFactory())
    desk.goto("/admin/")
    desk.get_by_role("link", name="1 story waiting for you").click()
    desk.get_by_role("link", name="From the school gate to the bakehouse").click()
    assert faults(desk) == []
    desk.get_by_role("link", name="Read and decide").click()
    assert "Leila Haddad" in desk.inner_text("main")
    assert faults(desk) == []
    desk.get_by_label("Approve").check()
    press(desk, "Decide")

    reader = open_page()
    reader.goto("/stories/")
    reader.get_by_role("link", name="From the school gate to the bakehouse").click()
    picture = reader.get_by_role("img", name="Loaves on a shelf")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0  # rejects what is broken
    assert faults(reader) == []

    mail.send_due()
    letter = OutgoingEmail.objects.get(to="leila@example.org")
    link = Consent.objects.get().url
    assert link in letter.text
    leila = open_page(width=320)
    leila.goto(link)
    assert faults(leila) == []
    press(leila, "Take me off now")
    assert leila.get_by_role("heading", name="You have withdrawn").count() == 1
    assert faults(leila) == []
    assert reader.reload().status == 404
    reader.goto("/stories/")
    assert "bakehouse" not in reader.inner_text("main")
