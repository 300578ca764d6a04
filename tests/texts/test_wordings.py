"""The manager's words for e-mails and pages: safe, checked, kept with their history."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from oiep import email as mail
from oiep.models import AuditEvent
from oiep.texts import actions
from oiep.texts.admin import WordingForm
from oiep.texts.models import Revision, Wording
from oiep.texts.passages import passages_of, templates
from tests.factories import ManagerFactory

pytestmark = pytest.mark.django_db
OFFER = "email/event_offered.txt"
TERMS = "pages/terms.html"


def passage(template, beginning):
    return next(found for found in passages_of(template) if found.marks.startswith(beginning))


def save(template, beginning, text, actor, plural=""):
    marks = {passage(template, beginning).msgid: (text, plural)}
    seen = Wording.objects.filter(template=template).values_list("version", flat=True).first() or 0
    return actions.save_wording(template=template, words=actions.checked(template, marks), seen=seen, actor=actor)


def offer():
    class Booking:
        manage_url = "https://charter.example/events/booking/key/"
        offered_until = None

    class Event:
        when = "Tuesday"

        def __str__(self):
            return "Fair {code} %(x)s {{ secret }}"

    return mail.compose("event_offered", {"booking": Booking(), "event": Event()})


# All of them ----------------------------------------------------------------------------------


def test_every_mail_and_page_can_be_edited_and_every_mail_tried():
    found = templates()
    assert len(found) > 80
    assert {OFFER, TERMS, "email/account/email/login_code.txt"} <= {*found}
    for template in found:
        for one in passages_of(template):
            one.check(one.marks, one.marks)
            if template.startswith("email/"):
                assert "{%" not in one.marks
        if template.startswith("email/"):
            subject, text = actions.preview(template, {})
            assert text
            assert subject or "/_" in template


@pytest.mark.parametrize("template", [TERMS, "pages/privacy.html", "contact.html", OFFER])
def test_what_is_saved_as_it_was_is_no_change(template):
    marks = {one.msgid: (one.marks, one.plural_marks) for one in passages_of(template)}
    assert actions.checked(template, marks) == {}


def test_marks_and_back():
    link = passage(TERMS, "you support [the Charter](charter_url)")
    assert (
        link.html_of(link.marks)
        == 'you support <a href="{charter_url}">the Charter</a>, in the version that you were shown'
    )


# In an e-mail ---------------------------------------------------------------------------------


def test_a_mail_goes_in_the_managers_words(manager):
    before = offer()
    save(OFFER, "There is room", "A place for you at {event}", manager)
    subject, text = offer()
    assert subject == "A place for you at Fair {code} %(x)s {{ secret }}"
    assert text == before[1]
    assert AuditEvent.objects.get(verb="wording.changed").actor == manager


def test_what_a_variable_says_is_never_read_as_words_of_ours(manager):
    save(OFFER, "Hello. Places", "100% sure: {event}", manager)
    assert "100% sure: Fair {code} %(x)s {{ secret }}" in offer()[1]


def test_several_are_counted_in_the_managers_words(manager):
    template = "email/account/email/login_code.txt"
    save(template, "The code works for {minutes} minute", "{minutes} minute left.", manager, "{minutes} minutes left.")
    for minutes, words in ((1, "1 minute left."), (15, "15 minutes left.")):
        assert words in mail.compose("account/email/login_code", {"code": "X", "minutes": minutes})[1]


def test_other_languages_keep_their_own_words(manager):
    save(OFFER, "There is room", "A place for you at {event}", manager)
    with translation.override("pl"):
        assert not offer()[0].startswith("A place for you")


def test_words_for_a_passage_that_is_there_no_more_are_not_used(manager):
    Wording.objects.create(template=OFFER, words={"There was room": ["Gone", ""]})
    assert offer()[0].startswith("There is room for you now")


@pytest.mark.parametrize(
    ("beginning", "text"),
    [
        ("There is room", "Room at {event} {% url 'home' %}"),
        ("There is room", "Room at {event|safe}"),
        ("There is room", "Room at {{ event }}"),
        ("There is room", "Room at {settings}"),
        ("There is room", "Room at {event"),
        ("There is room", "Room at {event}\u202e"),
        ("There is room", ""),
        ("After that time", "> They go to the next in line."),
        ("Say yes or no", "Say yes: or no"),  # it would be a button no more
        ("Say yes or no", "Y"),
        ("There is room", "x" * 1300),
    ],
)
def test_what_would_break_a_mail_is_refused(beginning, text):
    with pytest.raises(ValidationError):
        actions.checked(OFFER, {passage(OFFER, beginning).msgid: (text, "")})


def test_a_link_within_a_passage_may_not_get_lost():
    found = [
        (template, one)
        for template in templates()
        if template.startswith("email/")
        for one in passages_of(template)
        if any(name.endswith("url") for name in one.variables)
    ]
    for template, one in found:
        with pytest.raises(ValidationError):
            actions.checked(template, {one.msgid: ("Nothing here.", "Nothing here." if one.plural else "")})


def test_a_line_break_becomes_a_space_so_no_header_is_added(manager):
    save(OFFER, "There is room", "Room at {event}\r\nBcc: everybody@example.org", manager)
    assert offer()[0].startswith("Room at Fair")
    assert "\n" not in offer()[0]


# On a page ------------------------------------------------------------------------------------


def test_a_page_is_drawn_in_the_managers_words_and_no_html_of_theirs(client, manager):
    save(
        TERMS,
        "It stays yours.",
        "It **stays** yours <script>alert(1)</script> & {% now %}".replace("{% now %}", ""),
        manager,
    )
    page = client.get("/terms/").content.decode()
    assert "It <strong>stays</strong> yours &lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page


def test_a_link_leads_only_where_the_page_leads_already(client, manager):
    beginning = "If you find something here"
    save(TERMS, beginning, "Something wrong? [Write to us](contact_url).", manager)
    assert 'Something wrong? <a href="/contact/">Write to us</a>.' in client.get("/terms/").content.decode()
    for address in ("https://evil.example/", "javascript:alert(1)", "home", "SECRET_KEY"):
        with pytest.raises(ValidationError):
            save(TERMS, beginning, f"Something wrong? [Write to us]({address}).", manager)


def test_figures_of_the_rules_stay_figures_of_the_rules(client, manager, settings):
    settings.MINIMUM_AGE = 17
    save(TERMS, "you are {age} or over", "you are at least {age}", manager)
    assert "you are at least 17" in client.get("/terms/").content.decode()


def test_other_pages_ask_for_no_words(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/terms/")


# History --------------------------------------------------------------------------------------


def test_history_says_who_and_when_and_leads_back(manager):
    first, second = ManagerFactory(), manager
    save(OFFER, "There is room", "First {event}", first)
    wording = save(OFFER, "There is room", "Second {event}", second)
    newest, older, oldest = Revision.objects.of(wording)
    assert (newest.by, older.by, oldest.by) == (second, first, None)
    assert oldest.words["words"] == {}
    actions.save_wording(template=OFFER, words=oldest.words["words"], seen=wording.version, actor=second)
    assert offer()[0].startswith("There is room for you now")


def test_of_two_who_write_the_second_is_told(manager):
    save(OFFER, "There is room", "First {event}", manager)
    with pytest.raises(actions.Conflict):
        actions.save_wording(template=OFFER, words={}, seen=0, actor=manager)


def fields_of(response):
    """What the form of a page holds."""
    form = next(context["form"] for context in response.context if isinstance(context.get("form"), WordingForm))
    return {name: form[name].value() for name in form.fields}


# The manager's page ---------------------------------------------------------------------------


def test_the_manager_edits_previews_and_goes_back(client_of, manager):
    desk = client_of(manager)
    assert "/admin/texts/wording/edit/email.event_offered/" in desk.get("/admin/texts/wording/").content.decode()
    address = "/admin/texts/wording/edit/email.event_offered/"
    data = fields_of(desk.get(address))
    data["text-0"] = "A place for you at {event}"
    preview = desk.post(address, {**data, "preview": "yes"}).content.decode()
    assert "A place for you at Lunch for local buyers" in preview
    assert not Wording.objects.exists()
    refused = desk.post(address, {**data, "text-0": "A place at {place}"}).content.decode()
    assert "We do not know {place} here. You can use: {event}." in refused
    assert desk.post(address, data).status_code == 302
    assert offer()[0].startswith("A place for you at")
    first = Revision.objects.order_by("pk").first()
    desk.post(address, fields_of(desk.get(f"{address}?earlier={first.pk}")))
    assert offer()[0].startswith("There is room")


@pytest.mark.parametrize("key", ["pages.terms", "email.event_offered"])
def test_links_of_a_preview_lead_nowhere(client_of, manager, key):
    page = client_of(manager).get(f"/admin/texts/wording/edit/{key}/").content.decode()
    preview = page.partition('<section aria-labelledby="preview">')[2].partition("</section>")[0]
    assert "<a" in preview
    assert "href=" not in preview
