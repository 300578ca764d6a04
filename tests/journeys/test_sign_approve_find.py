"""The portal's main job, whole: sign, confirm, be approved, be found; in a real browser, on a phone."""

import re

import pytest
from django.core import mail
from django.test import Client
from playwright.sync_api import expect

from partners.models import District, Partner, PriorityArea
from pledges.models import CharterVersion, Pledge, Signing
from tests.crawl import crawl, words_of
from tests.factories import PartnerFactory, PledgeFactory, SignatureFactory, UserFactory
from tests.journeys.conftest import PASSWORD
from tests.journeys.keyboard import Keyboard

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "Windrush Wholemeal"
SIGNER = "hanna@wholemeal.example"
DESCRIPTION = "We bake sourdough from Cotswold grain."
TREES = "We will plant 300 fruit trees with schools in Witney."
HOURS = "We will teach breadmaking to young people who look for work."
MILL = "From May on: "


@pytest.fixture
def phone(open_page, reference):
    """A new page on a phone; `phone(java_script_enabled=False)` is one without JavaScript."""
    return lambda **options: open_page(width=320, height=640, reduced_motion="reduce", **options)


def main(page):
    return page.locator("main")


def go(page, button):
    """Presses a button of the page and waits for the next one."""
    with page.expect_navigation():
        main(page).get_by_role("button", name=button, exact=True).click()


# What the public sees -------------------------------------------------------------------------


def everything_public():
    """All that a stranger comes to, by address; without what differs from visit to visit."""
    answers = crawl(Client(), follow=lambda address: not address.startswith(("/static/", "/accounts/")))
    # 405: where a form of the page only posts to.
    assert {answer.status_code for answer in answers.values()} <= {200, 302, 405}
    differs = r"""(csrfmiddlewaretoken" value="|csrftoken=)\w+|expires=[^;]*|X-Request-ID': '[^']*"""
    return {address: re.sub(differs, r"\1", words_of(answer)) for address, answer in answers.items()}


def assert_nothing_is_public_of(partner, before, *words):
    """Pages, counts, totals, search and sitemaps are what they were before anybody signed, letter for letter."""
    assert everything_public() == before
    assert len(before) > 50
    client = Client()
    for address in ("/partners/", "/pledges/"):
        for word in words:
            found = client.get(address, {"q": word})
            assert found.context["listing"].total == 0, word
    hidden = [partner.get_absolute_url(), *(pledge.get_absolute_url() for pledge in partner.pledges.all())]
    assert {client.get(address).status_code for address in hidden} == {404}


def find(page, *, choices=(), words=""):
    """The names of the partners that the directory shows for these choices and words."""
    page.goto("/partners/")
    for summary, choice in choices:
        page.locator("summary", has_text=summary).click()
        page.get_by_label(re.compile(rf"^{re.escape(choice)} \(\d+\)$")).check()
        page.wait_for_url(re.compile(r"\?.*="))
    if words:
        page.get_by_label("Name or words").fill(words)
        page.wait_for_url(re.compile("q="))
    expect(page.locator("#results-title")).to_have_text(re.compile(r"^[01] partners?$"))
    return page.locator("#results .card-title").all_inner_texts()


# The manager ----------------------------------------------------------------------------------


def sign_in_with_password(page, manager):
    page.goto("/admin/")
    page.get_by_role("link", name="Use a password instead").click()
    page.get_by_label("E-mail address").fill(manager.email)
    page.get_by_label("Password").fill(PASSWORD)
    go(page, "Sign in")


def sign_in_with_code(page, address, email, letters):
    page.goto(address)
    page.get_by_label("E-mail address").fill(email)
    go(page, "E-mail me a sign-in code")
    page.get_by_label("Code").fill(letters(email)[-1].code)
    go(page, "Sign in")


def open_queue(page):
    with page.expect_navigation():
        page.get_by_role("navigation", name="Sections").get_by_role("link", name="Waiting").click()


def open_in_queue(page, name):
    open_queue(page)
    with page.expect_navigation():
        page.get_by_role("link", name=name).click()


def approve_in_two_clicks(page, name):
    """All that waits of a partner: the first click opens it from the queue, the second approves."""
    open_in_queue(page, name)
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("^Approve")).first.click()
    assert "Nothing of it waits for your decision." in main(page).inner_text()


# A business, by keyboard ----------------------------------------------------------------------


def test_business_with_four_pledges_signs_by_keyboard_is_approved_and_found(phone, letters, manager):
    before = everything_public()
    page = phone()
    sign_as_business_by_keyboard(page)
    assert re.search(r"Your reference: \w{4}-\w{4}", main(page).inner_text())
    assert_nothing_is_declared_yet()

    [letter] = letters(SIGNER)
    assert WORDS not in letter.text + letter.html, "Nothing that a stranger typed is in the first message"
    page.goto(letter.link("/sign/confirm/"))
    assert Partner.objects.count() == 0, "A link that is opened, by a scanner too, changes nothing"
    keys = Keyboard(page)
    keys.press("Confirm my signature")
    assert main(page).get_by_role("heading", level=1).inner_text() == "Thank you. You have confirmed"

    bakery = Partner.objects.get()
    assert (bakery.name, bakery.state, bakery.kind, bakery.review_months) == (WORDS, "submitted", "business", 6)
    assert {district.slug for district in bakery.districts.all()} == {"cherwell", "west-oxfordshire"}
    assert_pledges_are_as_written(bakery)
    assert_nothing_is_public_of(bakery, before, WORDS, "sourdough", "breadmaking")

    desk = phone()
    sign_in_with_password(desk, manager)
    assert desk.url.endswith("/admin/")
    assert main(desk).get_by_role("link", name="1 partner", exact=True).count() == 1
    approve_in_two_clicks(desk, WORDS)
    bakery.refresh_from_db()
    assert {bakery.state, *bakery.pledges.values_list("state", flat=True)} == {"approved"}

    decision = letters(SIGNER)[-1]
    assert decision.subject == "Your signature of the Charter is approved"
    assert decision.text.count("Your pledge in") == 4
    visitor = phone()
    visitor.goto(decision.link("/partners/"))
    assert main(visitor).get_by_role("heading", level=1).inner_text() == WORDS
    for words in (TREES, HOURS, "from 40 trees to 300 trees by 5 May 2031", "60 volunteer hours"):
        assert words in main(visitor).inner_text()
    assert find(visitor, choices=[("Priority area", "Place-based investment")]) == [WORDS]
    assert find(visitor, choices=[("Priority area", "Housing affordability")]) == []
    assert find(visitor, choices=[("District", "West Oxfordshire")]) == [WORDS]
    assert find(visitor, choices=[("District", "South Oxfordshire")]) == []
    assert find(visitor, words="windrush whole") == [WORDS]
    visitor.goto("/")
    assert visitor.locator(".totals div").first.inner_text().split("\n") == ["organisation has signed", "1"]


@pytest.mark.parametrize(
    ("style", "trouble"),
    [
        ("a {outline: none}", "has no ring"),
        ("a {position: absolute; left: -9999px}", "is out of sight"),
        ("body::after {content: ''; position: fixed; inset: 0; background: white}", "is covered"),
    ],
)
def test_keyboard_sees_planted_faults(page, style, trouble):
    page.set_content(f"<style>{style}</style><main><a href='/'>First</a> <a href='/'>Second</a></main>")
    with pytest.raises(AssertionError, match=trouble):
        Keyboard(page).follow("Second")


def sign_as_business_by_keyboard(page):
    keys = Keyboard(page)
    page.goto("/")
    keys.follow("Sign the Charter", within="header")
    keys.skip_to_main()
    keys.choose("An organisation: a business, charity, school, college or public body")
    keys.press("Start")

    keys.skip_to_main()
    keys.write("Your name", "Hanna Okoye")
    keys.write("Your job title", "Miller")
    keys.write("Your e-mail address", SIGNER)
    keys.press("Continue")

    keys.skip_to_main()
    keys.write("Your organisation’s name", WORDS)
    keys.choose("Business")
    keys.choose("10 to 49 people")
    keys.select("Which sector is it in?", "Food, hospitality and tourism")
    keys.tick("Cherwell", "West Oxfordshire")
    keys.write("What does your organisation do? (optional)", DESCRIPTION)
    keys.press("Continue")

    keys.skip_to_main()
    for area in ("Local spend and procurement", "Place-based investment", "Education, skills and jobs"):
        keys.tick(re.compile(f"^{area}"))
    keys.press("Continue")

    for idea in ("Ask a local supplier first", "Pay small suppliers quickly"):
        keys.skip_to_main()
        keys.follow(idea)
        keys.skip_to_main()
        keys.write("What do you promise?", MILL)
        keys.press("Save this pledge")

    keys.skip_to_main()
    keys.follow(re.compile("Write your own ?: Place-based investment"))
    keys.skip_to_main()
    keys.write("What do you promise?", TREES)
    keys.choose("As a community member")
    keys.write("What will you measure? (optional)", "Trees that grow")
    keys.write("What is it counted in? (optional)", "trees")
    keys.write("Where do you start from? (optional)", "40")
    keys.write("What is your target? (optional)", "300")
    keys.write("By when? (optional)", "05052031")
    keys.press("Save this pledge")

    keys.skip_to_main()
    keys.follow(re.compile("Write your own ?: Education, skills and jobs"))
    keys.skip_to_main()
    keys.write("What do you promise?", HOURS)
    keys.choose("As an employer")
    keys.select("What do you put in? (optional)", "Volunteer hours")
    keys.write("How much? (optional)", "60")
    keys.back_to(main(page).get_by_label("What do you promise?"))
    keys.press("Save this pledge")

    keys.skip_to_main()
    keys.press("Continue")
    keys.skip_to_main()
    keys.tick("Buy from us")
    keys.choose("Twice a year")
    keys.press("Continue")

    shown = main(page).inner_text()
    for words in ("Step 6 of 6", WORDS, DESCRIPTION, TREES, HOURS, "West Oxfordshire", "Twice a year", SIGNER):
        assert words in shown
    keys.skip_to_main()
    keys.press("Sign the Charter")


def assert_nothing_is_declared_yet():
    signing = Signing.objects.get()
    assert (signing.confirmed_at, signing.signature) == (None, None)
    assert Partner.objects.count() == Pledge.objects.count() == 0
    assert mail.outbox == []


def assert_pledges_are_as_written(partner):
    first, second, trees, hours = partner.pledges.order_by("pk")
    for pledge in (first, second):
        assert pledge.statement == MILL + pledge.idea.statement
        assert (pledge.area, pledge.capacity, pledge.measure) == (
            pledge.idea.area,
            pledge.idea.capacity,
            pledge.idea.measure,
        )
    assert (trees.idea, trees.statement, trees.capacity) == (None, TREES, "community")
    assert (trees.measure, trees.unit, trees.baseline, trees.target) == ("Trees that grow", "trees", 40, 300)
    assert trees.target_date.isoformat() == "2031-05-05"
    assert (hours.statement, hours.commitment, hours.commitment_amount) == (HOURS, "hours", 60)


# A resident, in two minutes -------------------------------------------------------------------

RESIDENT, RESIDENTS_MAIL = "Rosalind Featherstonehaugh", "rosalind@orchard.example"


def questions_on(page):
    """The questions of a page as a reader counts them: a group of boxes or buttons is one."""
    return page.locator("main form").evaluate_all("""forms => {
        const inputs = forms.flatMap(form => [...form.querySelectorAll("input, select, textarea")]);
        return [...new Set(inputs.filter(i => i.type !== "hidden" && i.tabIndex >= 0).map(i => i.name))];
    }""")


def test_resident_answers_seven_questions_in_four_steps_and_stays_unnamed(phone, letters, manager):
    before = everything_public()
    page = phone()
    page.goto("/sign/")
    page.get_by_label("I sign as a resident").check()
    go(page, "Start")
    questions, steps = [], []

    def read():
        questions.extend(questions_on(page))
        steps.append(main(page).get_by_text(re.compile(r"^Step \d of \d$")).inner_text())

    read()
    page.get_by_label("Your name").fill(RESIDENT)
    page.get_by_label("Your e-mail address").fill(RESIDENTS_MAIL)
    go(page, "Continue")
    read()
    page.get_by_label("Cherwell").check()
    go(page, "Continue")
    read()
    page.get_by_label("Choose businesses that do the right thing").check()
    go(page, "Continue")
    read()
    go(page, "Sign the Charter")
    assert steps == ["Step 1 of 4", "Step 2 of 4", "Step 3 of 4", "Step 4 of 4"]
    # And whether to get news: a box that is left alone.
    assert questions == ["name", "email", "district", "ideas", "own_words", "own_area", "news", "show_name"]

    page.goto(letters(RESIDENTS_MAIL)[0].link("/sign/confirm/"))
    go(page, "Confirm my signature")
    resident = Partner.objects.get()
    assert_nothing_is_public_of(resident, before, RESIDENT, "Rosalind")

    desk = phone()
    sign_in_with_code(desk, "/admin/", manager.email, letters)
    assert desk.url.endswith("/admin/")
    approve_in_two_clicks(desk, RESIDENT)

    decision = letters(RESIDENTS_MAIL)[-1]
    assert decision.subject == "Your signature of the Charter is approved"
    visitor = phone()
    visitor.goto(decision.link("/partners/"))
    assert main(visitor).get_by_role("heading", level=1).inner_text() == "A resident of Cherwell"
    assert find(visitor, choices=[("Priority area", "Responsible business")]) == ["A resident of Cherwell"]
    assert find(visitor, choices=[("District", "Cherwell")]) == ["A resident of Cherwell"]
    assert find(visitor, words="Featherstonehaugh") == []
    after = everything_public()
    assert resident.get_absolute_url() in after
    for address, words in after.items():
        assert not re.search("rosalind|featherstonehaugh", words, re.IGNORECASE), address


def test_organisation_answers_about_twelve_questions_in_six_steps(phone):
    """With one pledge, made of an idea; nothing that may be left out is answered."""
    page = phone()
    page.goto("/sign/")
    page.get_by_label("An organisation").check()
    go(page, "Start")
    needed, asked, steps = [], [], []

    def read():
        names = questions_on(page)
        asked.append(len(names))
        optional = page.locator("main form").get_by_text("(optional)", exact=True).count()
        needed.append(len(names) - optional)
        steps.append(main(page).get_by_text(re.compile(r"^Step \d of \d$")).inner_text())

    read()
    for label, words in {
        "Your name": "Bo",
        "Your job title": "Clerk",
        "Your e-mail address": "bo@mill.example",
    }.items():
        page.get_by_label(label).fill(words)
    go(page, "Continue")
    read()
    page.get_by_label("Your organisation’s name").fill("Mill")
    for choice in ("Business", "10 to 49 people", "The whole county"):
        page.get_by_label(choice).check()
    page.get_by_label("Which sector is it in?").select_option("Other")
    go(page, "Continue")
    read()
    page.get_by_label("Local spend and procurement").check()
    go(page, "Continue")
    page.get_by_role("link", name="Ask a local supplier first").click()
    read()
    go(page, "Save this pledge")
    go(page, "Continue")
    read()
    go(page, "Continue")
    read()
    go(page, "Sign the Charter")
    page.wait_for_url("**/done/")
    assert [step[-6:] for step in steps] == ["1 of 6", "2 of 6", "3 of 6", "4 of 6", "5 of 6", "6 of 6"]
    # The last is whether to get news: a box that was left alone.
    assert needed == [3, 5, 1, 3, 1, 1]
    assert asked == [3, 8, 1, 11, 3, 1]


# Without JavaScript ---------------------------------------------------------------------------


def test_business_signs_is_approved_and_found_without_javascript(phone, letters, manager):
    page = phone(java_script_enabled=False)
    sign_briefly(page)
    page.goto(letters(SIGNER)[0].link("/sign/confirm/"))
    go(page, "Confirm my signature")
    desk = phone(java_script_enabled=False)
    sign_in_with_password(desk, manager)
    approve_in_two_clicks(desk, WORDS)
    page.goto(letters(SIGNER)[-1].link("/partners/"))
    assert main(page).get_by_role("heading", level=1).inner_text() == WORDS
    for summary, choice, found in (
        ("Priority area", "Local spend and procurement", [WORDS]),
        ("Priority area", "Housing affordability", []),
        ("District", "Cherwell", [WORDS]),
        ("District", "Oxford", []),
    ):
        page.goto("/partners/")
        page.locator("summary", has_text=summary).click()
        page.get_by_label(re.compile(rf"^{choice} \(\d\)$")).check()
        go(page, "Show partners")
        assert page.locator("#results .card-title").all_inner_texts() == found
    page.get_by_label("Name or words").fill("wholemeal")
    page.get_by_label(re.compile("^Oxford ")).uncheck()
    go(page, "Show partners")
    assert page.locator("#results .card-title").all_inner_texts() == [WORDS]


def sign_briefly(page):
    """A small business takes the short route: ready-made pledges, no figures."""
    page.goto("/sign/")
    page.get_by_label("An organisation").check()
    go(page, "Start")
    page.get_by_label("Your name").fill("Hanna Okoye")
    page.get_by_label("Your job title").fill("Miller")
    page.get_by_label("Your e-mail address").fill(SIGNER)
    go(page, "Continue")
    page.get_by_label("Your organisation’s name").fill(WORDS)
    for choice in ("Business", "Fewer than 10 people", "Cherwell"):
        page.get_by_label(choice).check()
    page.get_by_label("Which sector is it in?").select_option("Food, hospitality and tourism")
    go(page, "Continue")
    page.get_by_label("Ask a local supplier first").check()
    go(page, "Continue")
    go(page, "Continue")
    go(page, "Sign the Charter")


# Changes --------------------------------------------------------------------------------------


@pytest.fixture
def bakery(reference):
    """A business that has signed, with a pledge that waits, and no second one."""
    area = PriorityArea.objects.get(slug="local-spend")
    partner = PartnerFactory(
        submitted=True, name=WORDS, districts=[District.objects.get(slug="cherwell")], lead=UserFactory(email=SIGNER)
    )
    SignatureFactory(partner=partner, charter=CharterVersion.objects.current(), signer=partner.lead.user)
    PledgeFactory(submitted=True, partner=partner, area=area, statement="We will buy flour nearby.", measure="")
    return partner


def test_partner_answers_what_was_asked_and_is_approved(phone, letters, manager, bakery):
    desk = phone()
    sign_in_with_password(desk, manager)
    open_in_queue(desk, WORDS)
    thing = desk.locator(".thing", has_text="We will buy flour nearby.")
    thing.get_by_label("Ask for changes").check()
    thing.locator("summary").click()
    thing.get_by_label("Message to the partner", exact=True).fill("How much flour, and by when?")
    signature = desk.locator(".thing", has_text="The signature")
    signature.get_by_label("Decide later").check()
    go(desk, "Send these decisions")
    asked = letters(SIGNER)[-1]
    assert "How much flour, and by when?" in asked.text

    partner = phone()
    sign_in_with_code(partner, "/account/", SIGNER, letters)
    partner.goto(asked.link("/account/"))
    assert "How much flour, and by when?" in main(partner).inner_text()
    partner.get_by_role("link", name=re.compile("^Change your pledge")).first.click()
    partner.get_by_label("What do you promise?").fill("We will buy 9 tonnes of flour nearby each year.")
    partner.get_by_label("A word to us").fill("Nine tonnes.")
    go(partner, "Save and send in again")

    open_in_queue(desk, WORDS)
    again = desk.locator(".thing", has_text="We will buy 9 tonnes")
    assert "How much flour, and by when?" in again.inner_text()
    assert "Nine tonnes." in main(desk).inner_text()
    desk.get_by_role("button", name=re.compile("^Approve everything that waits")).click()
    assert letters(SIGNER)[-1].subject == "Your signature of the Charter is approved"
    visitor = phone()
    assert find(visitor, words="wholemeal") == [WORDS]
    visitor.goto(bakery.get_absolute_url())
    assert "We will buy 9 tonnes of flour nearby each year." in main(visitor).inner_text()
    assert "We will buy flour nearby." not in main(visitor).inner_text()


def test_changed_pledge_waits_beside_the_live_one_and_the_record_shows_both(phone, letters, manager, bakery):
    old, new = "We will buy flour nearby.", "We will buy flour and butter nearby."
    desk = phone()
    sign_in_with_password(desk, manager)
    approve_in_two_clicks(desk, WORDS)
    partner = phone()
    sign_in_with_code(partner, "/account/", SIGNER, letters)
    main(partner).get_by_role("link", name=WORDS).click()
    main(partner).get_by_role("link", name="Pledges", exact=True).click()
    main(partner).get_by_role("link", name=re.compile("^Change ?: We will buy flour")).click()
    partner.get_by_label("What do you promise?").fill(new)
    go(partner, "Send your change in")

    visitor = phone()
    visitor.goto(bakery.get_absolute_url())
    assert old in main(visitor).inner_text()
    assert new not in main(visitor).inner_text()
    open_in_queue(desk, WORDS)
    [beside] = desk.locator(".thing").all()
    assert re.search(rf"Public now\s+{old}.*New\s+{new}", beside.inner_text(), re.DOTALL)
    desk.get_by_role("button", name="Approve", exact=True).click()
    assert letters(SIGNER)[-1].subject == "Your pledge is approved"
    visitor.reload()
    assert visitor.locator(".pledge-card").count() == 1
    assert new in visitor.locator(".pledge-card").inner_text()
    record = visitor.locator(".timeline").inner_text()
    assert f"Before: “{old}” Now: “{new}”" in record
    assert record.count("Pledged on Local spend and procurement") == 1
    assert find(visitor, choices=[("Priority area", "Local spend and procurement")]) == [WORDS]
