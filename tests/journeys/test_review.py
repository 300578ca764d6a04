"""A partner answers its yearly e-mail: a review of four pledges, from the link, on a phone, without JavaScript."""

import datetime

import pytest
from django.utils import timezone

from pledges.actions.reminders import remind
from pledges.models import Answer, Review
from tests.axe import faults
from tests.factories import AnswerFactory, PledgeFactory, PledgeIdeaFactory, ResidentFactory, ReviewFactory

pytestmark = pytest.mark.django_db(transaction=True)
PDF = {"name": "Our year.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 %%EOF"}


@pytest.fixture
def review():
    review = ReviewFactory(partner__name="Oak Farm Bakery", partner__lead__email="lead@example.org")
    for n in range(4):
        measured = {"measured": True} if n == 0 else {}
        PledgeFactory(approved=True, partner=review.partner, **measured)
    past = ReviewFactory(partner=review.partner, approved=True, round_on=review.round_on - datetime.timedelta(days=365))
    AnswerFactory(review=past, pledge=review.partner.pledges.first(), words="We hired one.", figure=1)
    PledgeIdeaFactory(title="Pay a fair wage", statement="We will pay a fair wage.", why="People can live on it.")
    return review


@pytest.fixture
def link(review, mailbox):
    """The link, as it stands in the e-mail."""
    remind(review=review)
    (message,) = mailbox()
    return next(word for word in message.body.split() if word.startswith("http") and "/reviews/" in word)


def check_page(page):
    """No violation, and nothing to scroll sideways for."""
    assert faults(page) == [], page.url


def go(page, name):
    """Presses the button, and waits for the page that comes."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def follow(page, link):
    with page.expect_navigation():
        link.click()


def answer_four(page, check=lambda page: None):
    """Walks through the four pledges: on track, achieved, changed, stopped."""
    follow(page, page.get_by_role("link", name="Start"))
    page.get_by_role("heading", name="Pledge 1 of 4").wait_for()
    check(page)
    assert page.get_by_label("What happened?").input_value() == "We hired one."
    page.get_by_label("On track").check()
    page.get_by_label("What figure have you reached?").fill("2")
    page.get_by_label("What happened?").fill("We hired two apprentices.")
    page.get_by_label("We go on with it").check()
    page.get_by_label("A file as evidence").set_input_files(PDF)
    go(page, "Save and add another file")
    page.get_by_role("link", name="Our year.pdf").wait_for()
    page.get_by_label("What figure have you reached?").press("Enter")  # saves, and removes no file
    page.get_by_role("heading", name="Pledge 2 of 4").wait_for()
    go(page, "Save and continue")
    page.get_by_role("heading", name="There is a problem").wait_for()
    assert page.title().startswith("Error: ")
    check(page)
    page.get_by_label("Achieved").check()
    page.get_by_label("What happened?").fill("All done.")
    page.get_by_label("It is done").check()
    go(page, "Save and continue")
    page.get_by_role("heading", name="Pledge 3 of 4").wait_for()
    page.get_by_label("Changed").check()
    page.get_by_label("What happened?").fill("We do it otherwise.")
    go(page, "Save and continue")
    page.get_by_role("heading", name="Change this pledge").wait_for()
    check(page)
    page.get_by_label("What do you promise?").fill("We will do it with our neighbours.")
    page.get_by_label("Why does it change?").fill("Together it is easier.")
    go(page, "Save and continue")
    page.get_by_role("heading", name="Pledge 4 of 4").wait_for()
    page.get_by_label("Stopped").check()
    page.get_by_label("What happened?").fill("We had to move.")
    go(page, "Save and continue")
    page.get_by_role("heading", name="Why you stopped").wait_for()
    check(page)
    page.get_by_label("Why did you stop it?").fill("We moved out of the county.")
    go(page, "Save and continue")


def send_in(page, check=lambda page: None):
    page.get_by_role("heading", name="Pledges you have not taken yet").wait_for()
    page.locator("summary", has_text="Area").last.click()
    check(page)
    follow(page, page.get_by_role("link", name="Pay a fair wage"))
    check(page)
    page.get_by_label("We take it up now").check()
    go(page, "Save")
    page.get_by_role("heading", name="You have added").wait_for()
    check(page)
    follow(page, page.get_by_role("link", name="Continue"))
    check(page)
    page.get_by_label("keeping your people").fill("Nobody left.")
    go(page, "Save and continue")
    check(page)
    page.get_by_label("What would help you most").fill("A mentor.")
    go(page, "Save and continue")
    check(page)
    follow(page, page.get_by_role("link", name="Change What happened: ").first)
    page.get_by_label("What happened?").fill("We hired three apprentices.")
    go(page, "Save and continue")
    page.locator("dd", has_text="We hired three apprentices.").wait_for()
    go(page, "Send the review in")
    page.get_by_role("heading", name="We have your review. Thank you").wait_for()
    check(page)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_every_page_is_accessible_on_the_way(open_page, review, link, width, scheme):
    page = open_page(width=width, color_scheme=scheme)
    page.goto(link)
    check_page(page)
    answer_four(page, check_page)
    send_in(page, check_page)


def test_review_of_four_pledges_is_done_on_a_phone_without_javascript(open_page, review, link):
    page = open_page(width=320, height=640, java_script_enabled=False)
    page.goto(link)
    answer_four(page)
    send_in(page)
    review = Review.objects.get(pk=review.pk)
    assert (review.state, review.retention, review.help_wanted) == ("submitted", "Nobody left.", "A mentor.")
    said = Answer.objects.filter(review=review).order_by("pk").values_list("progress", "next", "figure", "reason")
    assert list(said) == [
        ("on_track", "renew", 2, ""),
        ("achieved", "close", None, ""),
        ("changed", "change", None, "Together it is easier."),
        ("stopped", "", None, "We moved out of the county."),
        ("not_started", "renew", None, ""),
    ]
    assert [row.name for row in review.answers.first().evidence.all()] == ["Our year.pdf"]


def test_pledge_is_answered_by_keyboard_alone(open_page, review, link):
    page = open_page(width=320)
    page.goto(link)
    page.get_by_role("link", name="Start").press("Enter")
    page.wait_for_url("**/pledges/*/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    for _n in range(2):  # past the link back
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "progress"
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("On track").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    page.keyboard.type(" And two more.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Pledge 2 of 4").wait_for()
    answer = review.answers.get()
    assert (answer.progress, answer.figure, answer.words, answer.next) == (
        "on_track",
        3,
        "We hired one. And two more.",
        "renew",
    )


def test_what_comes_next_is_asked_only_of_what_goes_on(open_page, review, link):
    page = open_page()
    page.goto(link)
    follow(page, page.get_by_role("link", name="Start"))
    following = page.get_by_role("group", name="What comes next?")
    assert following.is_visible()
    page.get_by_label("Stopped").check()
    assert not following.is_visible()
    page.get_by_label("Behind").check()
    assert following.is_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_right_of_reply_a_residents_page_and_links_that_are_over_are_accessible(open_page, review, width):
    page = open_page(width=width)
    due_on = timezone.localdate() - datetime.timedelta(days=20)
    Review.objects.filter(pk=review.pk).update(due_on=due_on, round_on=due_on)
    page.goto(review.url + "explanation/")
    check_page(page)
    page.get_by_label("Your explanation").fill("We moved house in May.")
    go(page, "Save your explanation")
    page.get_by_text("Review overdue. The partner explains: “We moved house in May.”").wait_for()
    check_page(page)
    resident = ReviewFactory(partner=ResidentFactory(approved=True))
    PledgeFactory(approved=True, partner=resident.partner, capacity="resident")
    page.goto(resident.url)
    check_page(page)
    go(page, "Send")
    check_page(page)
    page.get_by_label("I am doing it").check()
    page.get_by_label("Yes, I keep it").check()
    go(page, "Send")
    check_page(page)
    Review.objects.filter(pk=review.pk).update(closed_at=timezone.now(), closing="missed")
    page.goto(review.url)
    check_page(page)
    page.goto(review.url[:-2] + "/")
    assert page.get_by_role("heading", level=1).inner_text() == "We do not know this link"
    check_page(page)
