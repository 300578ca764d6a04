"""Stories: offered by anybody, decided on by the manager, and gone at once when somebody in one withdraws."""

import datetime
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible, State
from oiep.privacy import clocks
from oiep.privacy.erasing import erase
from oiep.templatetags.charter import strangers_markdown
from partners.actions import TooMany
from pledges.actions import stories as actions
from pledges.actions.daily import run_day
from pledges.models import Consent, Story, StoryPictureSize
from tests.factories import (
    AnswerFactory,
    ConsentFactory,
    DistrictFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ReviewFactory,
    StoryFactory,
    StoryPictureSizeFactory,
    UserFactory,
)
from tests.pledges.days import on

pytestmark = pytest.mark.django_db

WORDS = {
    "kind": "story",
    "title": "From the school gate to the bakehouse",
    "summary": "Leila had been out of work for six years.",
    "body": "It began with *two* mornings.",
    "shows_people": "no",
}
VISITOR = {**WORDS, "name": "Vera Visitor", "email": "vera@example.org"}


def photograph(width=1500, height=900, name="IMG_4711.jpg"):
    """A JPEG that says where it was taken."""
    picture = Image.new("RGB", (width, height), "#336699")
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    exif.get_ifd(0x8825)[2] = (51.0, 45.0, 7.0)
    written = io.BytesIO()
    picture.save(written, format="JPEG", exif=exif)
    return SimpleUploadedFile(name, written.getvalue(), "image/jpeg")


def errors_of(response):
    return dict(response.context["form"].errors)


# Offering -------------------------------------------------------------------------------------


def test_visitor_s_story_waits_for_the_link_then_for_the_manager_and_is_public_then(
    client, client_of, manager, mailbox
):
    area = PriorityAreaFactory()
    assert client.post("/stories/offer/", {**VISITOR, "areas": [area.pk]}).url == "/stories/sent/"
    story = Story.objects.get()
    assert (story.state, story.confirmed_at) == (State.DRAFT, None)
    [letter] = mailbox()
    assert letter.to == ["vera@example.org"]
    assert "Leila" not in letter.body, "The first message to an address repeats nothing that was typed"
    link = story.confirmation_url.removeprefix("http://testserver")
    path = "/stories" + link.partition("/stories")[2]
    for _n in range(3):
        assert client.get(path).status_code == 200
    story.refresh_from_db()
    assert story.state == State.DRAFT, "Looking does nothing"
    client.post(path, {"confirm": "yes"})
    client.post(path, {"confirm": "yes"})
    story.refresh_from_db()
    assert story.state == State.SUBMITTED
    assert client.get(story.get_absolute_url()).status_code == 404
    client_of(manager).post(f"/admin/pledges/story/{story.pk}/decide/", {"move": "approve"})
    page = client.get(story.get_absolute_url()).content.decode()
    assert "From the school gate" in page
    assert "<em>two</em>" in page
    assert "Vera" not in page
    assert "vera@example.org" not in page
    assert mailbox()[-1].subject == "Your story is public"
    assert client.get(f"/areas/{area.slug}/").content.decode().count("From the school gate") >= 1


def test_partner_s_review_becomes_a_story_in_one_click(client_of):
    partner = PartnerFactory(approved=True, lead=True)
    review = ReviewFactory(partner=partner, submitted=True, retention="Nobody left.")
    answer = AnswerFactory(review=review, words="Two people began.", progress="achieved", next="close")
    browser = client_of(partner.lead.user)
    address = f"/account/partners/{partner.slug}/stories/offer/?review={review.pk}"
    form = browser.get(address).context["form"]
    assert form["body"].value() == "Two people began.\n\nNobody left."
    assert form["pledge"].value() == answer.pledge_id
    response = browser.post(address, {**WORDS, "pledge": answer.pledge.pk})
    assert response.url == f"/account/partners/{partner.slug}/stories/"
    story = Story.objects.get()
    assert (story.state, story.review, story.pledge, story.partner) == (
        State.SUBMITTED,
        review,
        answer.pledge,
        partner,
    )


def test_another_partner_s_review_and_pledge_are_not_told(client_of):
    partner = PartnerFactory(approved=True, lead=True)
    other = ReviewFactory(submitted=True, retention="A secret.")
    pledge = PledgeFactory(approved=True)
    browser = client_of(partner.lead.user)
    address = f"/account/partners/{partner.slug}/stories/offer/?review={other.pk}&pledge={pledge.pk}"
    assert browser.get(address).context["form"]["body"].value() is None
    response = browser.post(address, {**WORDS, "pledge": pledge.pk})
    assert "pledge" in errors_of(response)
    assert not Story.objects.exists()


def test_partner_that_is_not_approved_offers_none():
    partner = PartnerFactory(submitted=True)
    with pytest.raises(NotPossible):
        actions.offer_story(values={}, partner=partner, actor=UserFactory())


def test_robot_and_flood_are_stopped(client, settings):
    assert "fax" in errors_of(client.post("/stories/offer/", {**VISITOR, "fax": "1"}))
    for _n in range(settings.STORY_LIMITS_BY_SOURCE[0][0]):
        client.post("/stories/offer/", VISITOR)
    assert client.post("/stories/offer/", VISITOR).status_code == 429
    assert Story.objects.count() == settings.STORY_LIMITS_BY_SOURCE[0][0]
    with pytest.raises(TooMany):
        actions.offer_story(values={}, teller=("V", "v@example.org"), source=Story.objects.first().source)


def test_two_stories_of_one_title_have_addresses_of_their_own(client):
    client.post("/stories/offer/", {**VISITOR, "title": "Offer"})
    client.post("/stories/offer/", {**VISITOR, "title": "Offer"})
    first, second = Story.objects.values_list("slug", flat=True)
    assert first != second
    assert "offer" not in (first, second), "That is the form's own address"


def test_link_that_came_too_late_confirms_nothing(client, settings):
    story = StoryFactory(
        visitors=True,
        confirmed_at=None,
        offered_at=timezone.now() - datetime.timedelta(days=settings.CONFIRMATION_DAYS),
    )
    path = "/stories/confirm/" + story.confirmation_url.rstrip("/").rpartition("/")[2] + "/"
    assert client.post(path, {"confirm": "yes"}).status_code == 410
    story.refresh_from_db()
    assert story.confirmed_at is None


# Pictures -------------------------------------------------------------------------------------


def test_picture_is_kept_in_several_widths_without_what_else_its_file_said(client):
    upload = photograph()
    assert b"A camera" in upload.read()
    upload.seek(0)
    client.post("/stories/offer/", {**VISITOR, "picture_1": upload, "alt_1": "A blue sky"})
    picture = Story.objects.get().pictures.get()
    assert picture.alt == "A blue sky"
    assert sorted((size.width, size.height) for size in picture.sizes.all()) == [
        (400, 240),
        (800, 480),
        (1200, 720),
        (1500, 900),
    ]
    for size in picture.sizes.all():
        with size.file.open("rb") as file:
            content = file.read()
        assert b"A camera" not in content
        with Image.open(io.BytesIO(content)) as drawn:
            assert (drawn.format, drawn.size, dict(drawn.getexif())) == ("WEBP", (size.width, size.height), {})


def test_picture_needs_words(client):
    response = client.post("/stories/offer/", {**VISITOR, "picture_1": photograph(10, 10)})
    assert errors_of(response)["alt_1"] == ["Say what the picture shows, for people who cannot see it."]


def _png_of(width, height):
    """The head of a PNG that says it is so large, and holds next to nothing."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\xff\xd8\xff" + b"0" * (60 * 1024 * 1024), "big.jpg"),
        (_png_of(40_000, 40_000), "wide.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "drawing.svg"),
        (b"GIF89a<script>alert(1)</script>", "both.png"),
        (b"", "empty.png"),
    ],
)
def test_hostile_picture_is_refused_in_words(client, content, name):
    upload = SimpleUploadedFile(name, content)
    response = client.post("/stories/offer/", {**VISITOR, "picture_1": upload, "alt_1": "x"})
    assert response.status_code == 200
    assert "picture_1" in errors_of(response)
    assert not StoryPictureSize.objects.exists()


def test_no_file_is_left_where_the_rest_is_refused(monkeypatch):
    from pledges.actions.stories.offering import widths_of

    made = widths_of(photograph(500, 300))
    kept = []
    monkeypatch.setattr("pledges.actions.stories.offering.move", lambda *a, **k: 1 / 0)
    real_save = StoryPictureSize.save

    def save(self, *args, **kwargs):
        kept.append(self.file)
        real_save(self, *args, **kwargs)

    monkeypatch.setattr(StoryPictureSize, "save", save)
    values = {**WORDS, "shows_people": False}
    with pytest.raises(ZeroDivisionError):
        actions.offer_story(values=values, pictures=[(made, "A sky")], actor=UserFactory())
    assert len(kept) == 2
    assert not any(file.storage.exists(file.name) for file in kept if file.name)


# What anybody may write -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[press](javascript:alert(1))", 'href="javascript'),
        ("[press](JaVaScRiPt:alert(1))", "href"),
        ("[press](data:text/html;base64,PHNjcmlwdD4=)", "href"),
        ("[press](vbscript:x)", "href"),
        ("![x](https://evil.example/pixel.png)", "<img"),
        ('<img src=x onerror="alert(1)">', "<img"),
        ("<javascript:alert(1)>", "href"),
        ('[a](https://x.example "x" onmouseover="y")', "<a "),
    ],
)
def test_markdown_runs_nothing_and_fetches_nothing(text, never):
    assert never not in strangers_markdown(text)


def test_markdown_s_links_are_not_vouched_for():
    html = strangers_markdown("[there](https://example.org/) and\n\n# Head")
    assert '<a href="https://example.org/" rel="nofollow ugc noopener">there</a>' in html
    assert "<h2>Head</h2>" in html


# Deciding -------------------------------------------------------------------------------------


def test_story_with_people_is_not_approved_without_their_consent(manager):
    story = StoryFactory(submitted=True, shows_people=True)
    with pytest.raises(NotPossible, match="Record who agreed"):
        actions.decide_story(story=story, decision=Move.APPROVE, actor=manager)
    consent = ConsentFactory(story=story, uses=["press"])
    with pytest.raises(NotPossible, match="has not agreed to be on this site"):
        actions.decide_story(story=story, decision=Move.APPROVE, actor=manager)
    consent.uses = ["site"]
    consent.save()
    actions.decide_story(story=story, decision=Move.APPROVE, actor=manager)
    assert list(Story.objects.published()) == [story]


def test_changes_are_asked_for_made_and_sent_in_again(client, manager, mailbox):
    story = StoryFactory(submitted=True, visitors=True)
    actions.decide_story(story=story, decision=Move.ASK, actor=manager, message="Say where it was.")
    path = "/stories/confirm/" + story.confirmation_url.rstrip("/").rpartition("/")[2] + "/"
    assert "Say where it was." in client.get(path).content.decode()
    assert path in mailbox()[-1].body
    assert client.post(path + "change/", {**WORDS, "body": "It was in Witney."}).url == path
    story.refresh_from_db()
    assert (story.state, story.body) == (State.SUBMITTED, "It was in Witney.")
    actions.decide_story(story=story, decision=Move.DECLINE, actor=manager, message="Not about the Charter.")
    assert client.get(path + "change/").url == path
    with pytest.raises(NotPossible):
        actions.change_story(story=story, values={}, areas=[], districts=[])


def test_undone_decision_is_told_to_nobody_and_hides_the_story(manager, mailbox):
    story = StoryFactory(submitted=True, visitors=True)
    actions.decide_story(story=story, decision=Move.APPROVE, actor=manager)
    actions.decide_story(story=story, decision=Move.UNDO, actor=manager)
    assert not Story.objects.published().exists()
    assert mailbox() == []


def test_story_of_a_resident_who_left_is_not_shown():
    StoryFactory(approved=True, partner=ResidentFactory(withdrawn=True))
    assert not Story.objects.published().exists()


def test_manager_writes_a_story_that_waits_like_all_others(client_of, manager):
    browser = client_of(manager)
    inlines = {
        f"{name}-{key}": value
        for name in ("pictures", "consents")
        for key, value in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))
    }
    sent = {**WORDS, **inlines, "picture": photograph(500, 300), "alt": "A sky"}
    del sent["shows_people"]
    response = browser.post("/admin/pledges/story/add/", sent)
    assert response.status_code == 302, response.context["adminform"].form.errors
    story = Story.objects.get()
    assert (story.state, story.offered_by, story.pictures.count()) == (State.SUBMITTED, manager, 1)
    browser.post(f"/admin/pledges/story/{story.pk}/decide/", {"move": "approve"})
    assert list(Story.objects.published()) == [story]


# Changing what is public ------------------------------------------------------------------------

NEW = {**WORDS, "title": "From the bakehouse on", "body": "Now she runs *three* mornings."}


def changed(story, **more):
    """Who offered it sends in a change by their own page; returns what then waits, or None."""
    values = {name: getattr(story, name) for name in ("kind", "title", "summary", "body", "shows_people")}
    parts = {"areas": story.areas.all(), "districts": story.districts.all()}
    parts |= {name: more.pop(name) for name in list(more) if name not in values}
    actions.change_story(story=story, values=values | more, actor=story.offered_by, **parts)
    return Story.objects.get(pk=story.pk).open_change


def test_change_waits_beside_the_story_which_stays_public_as_it_was(client, client_of, manager, mailbox):
    partner = PartnerFactory(approved=True, lead=True)
    story = StoryFactory(approved=True, partner=partner, title="Once", offered_by=partner.lead.user)
    browser = client_of(partner.lead.user)
    own = f"/account/partners/{partner.slug}/stories/"
    assert browser.post(f"{own}{story.pk}/", NEW).url == own
    public = client.get(story.get_absolute_url()).content.decode()
    assert "Once" in public
    assert "bakehouse on" not in public + client.get("/stories/").content.decode()
    change = story.open_change
    assert (change.state, change.title) == (State.SUBMITTED, "From the bakehouse on")
    assert client.get(f"/stories/{change.slug}/").status_code == 404
    assert "Take the change back" in browser.get(own).content.decode()
    assert browser.get(f"{own}{story.pk}/").context["form"]["title"].value() == "From the bakehouse on"
    desk = client_of(manager)
    page = desk.get(f"/admin/pledges/story/{change.pk}/decide/").content.decode()
    assert "Once" in page
    assert "From the bakehouse on" in page
    desk.post(f"/admin/pledges/story/{change.pk}/decide/", {"move": "approve"})
    public = client.get(story.get_absolute_url()).content.decode()
    assert "<em>three</em>" in public
    assert "Last changed" in public
    assert mailbox()[-1].subject == "The change to your story is public"
    assert client.get("/stories/").content.decode().count("From the bakehouse on") == 1
    desk.post(f"/admin/pledges/story/{change.pk}/undo/")
    story.refresh_from_db()
    assert (story.title, story.state, story.revised_at) == ("Once", State.APPROVED, None)
    assert "Once" in client.get(story.get_absolute_url()).content.decode()


def test_approving_and_undoing_a_change_exchanges_pictures_and_people_exactly(manager):
    story = StoryFactory(approved=True, shows_people=True, areas=[PriorityAreaFactory()])
    stays, goes = ConsentFactory(story=story), ConsentFactory(story=story)
    old = StoryPictureSizeFactory(picture__story=story).picture

    def stands():
        story.refresh_from_db()
        return (
            story.body,
            set(story.pictures.all()),
            set(story.consents.all()),
            set(story.areas.all()),
        )

    before = stands()
    until = timezone.localdate() + datetime.timedelta(days=90)
    person = {"name": "Ben", "how": "A form", "uses": ["site"], "until": until, "email": ""}
    area = PriorityAreaFactory()
    change = changed(
        story, body="Anew.", areas=[area], people=[person], drop_people=[str(goes.pk)], drop_pictures=[str(old.pk)]
    )
    new = StoryPictureSizeFactory(picture__story=change).picture
    assert stands() == before
    actions.decide_story(story=change, decision=Move.APPROVE, actor=manager)
    ben = Consent.objects.get(name="Ben")
    assert stands() == ("Anew.", {new}, {stays, ben}, {area})
    assert list(Story.objects.published()) == [story]
    actions.decide_story(story=change, decision=Move.UNDO, actor=manager)
    assert stands() == before
    actions.decide_story(story=change, decision=Move.APPROVE, actor=manager)
    actions.withdraw_consent(consent=goes)
    assert Story.objects.published().exists(), "Who was taken out is not in it any more"
    with pytest.raises(NotPossible):
        actions.decide_story(story=change, decision=Move.UNDO, actor=manager)
    assert stands()[0] == "Anew."


def test_change_without_consent_is_not_approved_and_changes_nothing(manager):
    story = StoryFactory(approved=True)
    change = changed(story, shows_people=True)
    with pytest.raises(NotPossible, match="Record who agreed"):
        actions.decide_story(story=change, decision=Move.APPROVE, actor=manager)
    ConsentFactory(story=change, uses=["press"])
    with pytest.raises(NotPossible, match="has not agreed"):
        actions.decide_story(story=change, decision=Move.APPROVE, actor=manager)
    story.refresh_from_db()
    assert not story.shows_people
    assert Story.objects.published().count() == 1


def test_change_that_changes_nothing_is_none_and_is_taken_back():
    story = StoryFactory(approved=True, title="Once", quote="", quote_by="")
    assert changed(story) is None
    assert changed(story, title="Twice").title == "Twice"
    assert changed(story, title="Thrice").title == "Thrice"
    assert Story.objects.count() == 2, "One change waits at a time"
    assert changed(story) is None
    assert Story.objects.count() == 1


def test_taking_a_story_down_takes_its_change_back_and_a_change_alone_leaves_the_story():
    story = StoryFactory(approved=True)
    change = changed(story, title="Twice")
    actions.take_down(story=change, actor=None)
    assert story.open_change is None
    assert Story.objects.published().exists()
    change = changed(story, title="Thrice")
    actions.take_down(story=story, actor=None)
    change.refresh_from_db()
    assert change.taken_down == "offerer"
    with pytest.raises(NotPossible):
        changed(story, title="Again")


def test_change_to_a_story_that_is_not_approved_any_more_cannot_be_approved(manager):
    story = StoryFactory(approved=True)
    change = changed(story, title="Twice")
    actions.decide_story(story=story, decision=Move.UNDO, actor=manager)
    with pytest.raises(NotPossible, match="not approved now"):
        actions.decide_story(story=change, decision=Move.APPROVE, actor=manager)


def test_only_the_latest_change_is_undone_and_none_beside_another_that_waits(manager):
    story = StoryFactory(approved=True, title="One")
    first = changed(story, title="Two")
    actions.decide_story(story=first, decision=Move.APPROVE, actor=manager)
    story.refresh_from_db()
    second = changed(story, title="Three")
    with pytest.raises(NotPossible):
        actions.decide_story(story=first, decision=Move.UNDO, actor=manager)
    actions.decide_story(story=second, decision=Move.APPROVE, actor=manager)
    with pytest.raises(NotPossible):
        actions.decide_story(story=first, decision=Move.UNDO, actor=manager)
    for change in (second, first):
        actions.decide_story(story=change, decision=Move.UNDO, actor=manager)
        actions.take_down(story=change, actor=manager)
    story.refresh_from_db()
    assert story.title == "One"


def test_visitor_changes_their_public_story_by_their_own_link_and_takes_the_change_back(client):
    story = StoryFactory(approved=True, visitors=True, title="Once")
    path = "/stories/confirm/" + story.confirmation_url.rstrip("/").rpartition("/")[2] + "/"
    assert "Change it" in client.get(path).content.decode()
    assert client.post(path + "change/", NEW).url == path
    change = story.open_change
    assert (change.teller_email, change.state) == (story.teller_email, State.SUBMITTED)
    client.post(path, {"take_back_change": "yes"})
    assert story.open_change is None
    assert Story.objects.published().get() == story


def test_story_that_changed_after_it_was_opened_is_not_decided_on(client_of, manager):
    story = StoryFactory(submitted=True)
    address = f"/admin/pledges/story/{story.pk}/decide/"
    browser = client_of(manager)
    seen = browser.get(address).context["seen"]
    ConsentFactory(story=story)
    response = browser.post(address, {"move": "approve", "seen": seen})
    assert "changed after you opened it" in response.content.decode()
    assert Story.objects.get().state == State.SUBMITTED
    browser.post(address, {"move": "approve", "seen": browser.get(address).context["seen"]})
    assert Story.objects.get().state == State.APPROVED


def test_many_are_decided_at_once_after_a_page_that_shows_what_will_happen(client_of, manager, mailbox):
    fine, other = StoryFactory(submitted=True, title="Fine"), StoryFactory(submitted=True, title="Other")
    alone = StoryFactory(submitted=True, shows_people=True, title="Nobody agreed")
    change = changed(StoryFactory(approved=True), title="A change")
    keys = [row.pk for row in (fine, other, alone, change)]
    browser = client_of(manager)
    page = browser.post("/admin/pledges/story/", {"action": "approve_many", "_selected_action": keys})
    text = page.content.decode()
    assert "Confirm for 3" in text
    assert "Record who agreed to that" in text
    assert "The story becomes public as it is changed." in text
    assert Story.objects.submitted().count() == 4, "Nothing has happened yet"
    seen = {f"seen-{row['thing'].pk}": row["seen"] for row in page.context["rows"]}
    Story.objects.filter(pk=other.pk).update(body="Rewritten meanwhile.")
    sent = {"move": "approve", "thing": keys, "confirm": "yes", **seen}
    response = browser.post("/admin/pledges/story/decide/", sent, follow=True)
    said = [str(message) for message in response.context["messages"]]
    assert sum("left as it was" in words for words in said) == 2
    assert "Decided on 2." in said
    assert set(Story.objects.submitted()) == {other, alone}
    declined = {"move": "decline", "thing": [other.pk], "confirm": "yes"}
    assert "Choose a reason" in browser.post("/admin/pledges/story/decide/", declined).content.decode()
    assert browser.get("/admin/pledges/story/decide/").status_code == 302


# Consent --------------------------------------------------------------------------------------


@pytest.fixture
def told(manager):
    """A public story with a picture and one person in it, and all the pages that show it."""
    area, place = PriorityAreaFactory(), DistrictFactory()
    partner = PartnerFactory(approved=True, lead=True, districts=[place])
    pledge = PledgeFactory(approved=True, partner=partner, area=area)
    story = StoryFactory(
        approved=True, shows_people=True, partner=partner, pledge=pledge, areas=[area], districts=[place]
    )
    consent = ConsentFactory(story=story)
    size = StoryPictureSizeFactory(picture__story=story)
    pages = ["/", "/stories/", f"/areas/{area.slug}/", f"/places/{place.slug}/", partner.get_absolute_url()]
    pages += [pledge.get_absolute_url(), "/feeds/stories/", f"/feeds/stories/areas/{area.slug}/"]
    pages += [f"/feeds/stories/places/{place.slug}/", "/sitemap-stories.xml"]
    return story, consent, size, pages


def shown_on(client, story, pages):
    words = (story.title, story.slug)
    return [page for page in pages if any(word in client.get(page).content.decode() for word in words)]


def test_who_withdraws_is_off_everything_at_once_and_the_manager_is_told(client, told, mailbox, settings):
    story, consent, size, pages = told
    assert shown_on(client, story, pages) == pages
    picture = client.get(size.get_absolute_url())
    assert picture.status_code == 200
    assert "no-cache" in picture["Cache-Control"], "A browser asks again each time"
    path = "/stories/consent/" + consent.url.rstrip("/").rpartition("/")[2] + "/"
    client.get(path)
    assert Story.objects.published().exists(), "Mail scanners follow links"
    client.post(path)
    client.post(path)
    assert shown_on(client, story, pages) == []
    assert client.get(story.get_absolute_url()).status_code == 404
    assert client.get(size.get_absolute_url()).status_code == 404
    assert client.get(size.get_absolute_url(), headers={"If-None-Match": picture["ETag"]}).status_code == 404
    [letter] = mailbox()
    assert (letter.to, letter.subject) == ([settings.CONTACT_EMAIL], "Somebody has withdrawn from a story")
    story.refresh_from_db()
    assert story.taken_down == "consent"


def test_withdrawn_story_comes_back_only_without_that_person(told, manager):
    story, consent, _size, _pages = told
    actions.withdraw_consent(consent=consent, actor=manager)
    with pytest.raises(NotPossible):
        actions.put_back(story=story, actor=manager)
    consent.delete()
    Story.objects.update(shows_people=False)
    actions.put_back(story=story, actor=manager)
    assert Story.objects.published().exists()


def test_consent_holds_up_to_its_last_day_and_nothing_has_to_run_for_its_end(told):
    _story, consent, _size, _pages = told
    assert Story.objects.published(on=consent.until).exists()
    assert not Story.objects.published(on=consent.until + datetime.timedelta(days=1)).exists()


def test_ended_consent_is_off_everything_at_midnight_also_where_pages_are_kept(client, told):
    story, consent, size, pages = told
    with on(consent.until):
        assert shown_on(client, story, pages) == pages
        assert client.get(size.get_absolute_url()).status_code == 200
    with on(consent.until + datetime.timedelta(days=1)):
        assert shown_on(client, story, pages) == []
        gone = [story.get_absolute_url(), f"{story.get_absolute_url()}share.png", size.get_absolute_url()]
        assert {client.get(page).status_code for page in gone} == {404}


@pytest.mark.parametrize(
    ("days", "letters", "step"),
    [(61, 0, None), (60, 1, "soon"), (59, 1, "soon"), (14, 1, "fortnight"), (0, 1, "fortnight"), (-1, 1, "over")],
)
def test_manager_is_warned_once_before_it_ends_of_missed_steps_the_latest(told, days, letters, step):
    _story, consent, _size, _pages = told
    today = consent.until - datetime.timedelta(days=days)
    for _n in range(2):
        run_day(today)
    sent = OutgoingEmail.objects.filter(template="story_consent_ending", state="waiting")
    assert sent.count() == letters
    if step:
        assert sent.get().key == f"consent/{consent.pk}/{consent.until}/{step}"


def test_renewed_consent_is_warned_of_anew(told, manager):
    _story, consent, _size, _pages = told
    run_day(consent.until)
    later = timezone.localdate() + datetime.timedelta(days=700)
    actions.renew_consent(consent=consent, until=later, uses=["site"], how="By telephone.", actor=manager)
    assert not OutgoingEmail.objects.filter(template="story_consent_ending", state="waiting").exists()
    run_day(later)
    assert OutgoingEmail.objects.filter(template="story_consent_ending", state="waiting").count() == 1
    actions.withdraw_consent(consent=consent)
    with pytest.raises(NotPossible):
        actions.renew_consent(consent=consent, until=later, uses=["site"], how="Again.", actor=manager)


@pytest.mark.parametrize(("field", "days"), [("until", -1), ("until", 366 * 6), ("agreed_on", 1)])
def test_consent_of_impossible_days_is_refused(manager, field, days):
    consent = ConsentFactory()
    setattr(consent, field, timezone.localdate() + datetime.timedelta(days=days))
    from pledges.actions.stories.offering import require_sound_dates

    with pytest.raises(ValidationError):
        require_sound_dates(consent)


def test_form_asks_for_who_can_be_recognised_and_for_all_of_it(client):
    asked = {**VISITOR, "shows_people": "yes"}
    assert "person_1_name" in errors_of(client.post("/stories/offer/", asked))
    errors = errors_of(client.post("/stories/offer/", {**asked, "person_1_name": "Leila", "person_1_uses": ["press"]}))
    assert set(errors) == {"person_1_how", "person_1_until", "person_1_uses"}
    until = timezone.localdate() + datetime.timedelta(days=100)
    whole = {"person_1_name": "Leila", "person_1_uses": ["site", "press"], "person_1_how": "Signed a form."}
    client.post("/stories/offer/", {**asked, **whole, "person_1_until": until.isoformat()})
    consent = Consent.objects.get()
    assert (consent.name, consent.uses, consent.until) == ("Leila", ["site", "press"], until)


def test_person_gets_their_link_once_when_the_story_is_public(manager, mailbox):
    story = StoryFactory(submitted=True, shows_people=True)
    consent = ConsentFactory(story=story)
    for move in (Move.APPROVE, Move.UNDO, Move.APPROVE):
        actions.decide_story(story=story, decision=move, actor=manager)
    to_them = [letter for letter in mailbox() if letter.to == [consent.email]]
    assert len(to_them) == 1, "The first was withheld when the decision was undone"
    actions.decide_story(story=story, decision=Move.UNDO, actor=manager)
    actions.decide_story(story=story, decision=Move.APPROVE, actor=manager)
    assert [letter for letter in mailbox() if letter.to == [consent.email]] == to_them


# People's data --------------------------------------------------------------------------------


def test_erased_person_takes_the_story_that_they_are_in_with_them(told, django_capture_on_commit_callbacks):
    story, consent, size, _pages = told
    user = UserFactory(email=consent.email)
    name, storage = size.file.name, size.file.storage
    with django_capture_on_commit_callbacks(execute=True):
        erase(user=user, actor=user)
    assert not Story.objects.filter(pk=story.pk).exists()
    assert not storage.exists(name)


def test_erased_teller_s_story_goes_and_a_partner_s_stays():
    own = StoryFactory(approved=True, visitors=True)
    user = UserFactory(email=own.teller_email)
    partners = StoryFactory(approved=True, offered_by=user)
    erase(user=user, actor=user)
    assert list(Story.objects.all()) == [partners]


def test_clock_deletes_what_was_not_confirmed_and_what_was_withdrawn(settings):
    today = timezone.localdate()
    old = timezone.now() - datetime.timedelta(days=settings.CONFIRMATION_DAYS + 2)  # London may be a day ahead
    gone = timezone.now() - datetime.timedelta(days=settings.DECLINED_KEPT_DAYS + 2)
    StoryFactory(visitors=True, confirmed_at=None, offered_at=old)
    StoryFactory(approved=True, taken_down_at=gone, taken_down="consent")
    declined = StoryFactory(declined=True)
    Story.objects.filter(pk=declined.pk).update(decided_at=gone)
    keep = [
        StoryFactory(visitors=True, confirmed_at=None),
        StoryFactory(approved=True, taken_down_at=gone, taken_down="manager"),
        StoryFactory(approved=True),
    ]
    keep.append(StoryFactory(approved=True, replaces=keep[-1]))
    Story.objects.filter(pk=StoryFactory(approved=True, replaces=keep[2]).pk).update(decided_at=gone)
    done = clocks.run_day(today)
    assert done["stories"] == 3
    assert set(Story.objects.all()) == set(keep)


# Feeds ----------------------------------------------------------------------------------------


def test_feed_is_atom_with_whole_addresses(client, told, settings):
    from xml.etree import ElementTree

    story, _consent, _size, _pages = told
    Story.objects.update(summary="<b onclick='x()'>Bread</b> & more")
    response = client.get("/feeds/stories/")
    assert response["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(response.content)  # noqa: S314 - our own
    atom = "{http://www.w3.org/2005/Atom}"
    assert feed.tag == f"{atom}feed"
    [entry] = feed.findall(f"{atom}entry")
    assert entry.find(f"{atom}title").text == story.title
    assert entry.find(f"{atom}summary").text == "<p>&lt;b onclick=&#x27;x()&#x27;&gt;Bread&lt;/b&gt; &amp; more</p>"
    assert entry.find(f"{atom}link").get("href") == settings.SITE_URL + story.get_absolute_url()
    assert feed.find(f"{atom}link[@rel='self']").get("href") == settings.SITE_URL + "/feeds/stories/"


def test_list_of_stories_costs_the_same_with_one_and_with_many(client, django_assert_num_queries):
    for number in (1, 7):
        for _n in range(number):
            StoryPictureSizeFactory(picture__story=StoryFactory(approved=True, areas=[PriorityAreaFactory()]))
        client.get("/stories/")
        with django_assert_num_queries(7):
            client.get("/stories/")
