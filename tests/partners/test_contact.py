"""Messages are passed on by e-mail, within limits, and no address is ever shown."""

import threading

import pytest
from django.db import connections
from django.utils import timezone

from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from partners import actions
from partners.models import ContactMessage
from tests.factories import ContactMessageFactory, PartnerFactory, ResidentFactory, UserFactory
from tests.html import Page

LETTER = {
    "purpose": "buy",
    "name": "Vera Visitor",
    "email": "vera@example.com",
    "message": "Could you cater for forty people in June?\n\nWe meet in Witney.",
}


@pytest.fixture
def partner(db):
    lead = UserFactory(email="canary-lead@example.org", name="Leah Lead")
    return PartnerFactory(name="Acorn", approved=True, lead=lead, contact_purposes=["buy", "pledge"])


def _address(partner):
    return f"{partner.get_absolute_url()}contact/"


def test_message_reaches_the_lead_and_a_reply_goes_to_the_visitor(client, partner, mailbox):
    response = client.post(_address(partner), LETTER)
    assert response.url == "/partners/acorn/contact/sent/"
    page = Page(client.get(response.url))
    assert "We are passing it on to Acorn by e-mail." in page.text
    assert page.faults == []
    [mail] = mailbox()
    assert mail.to == ["canary-lead@example.org"]
    assert mail.reply_to == ["vera@example.com"]
    assert mail.subject == "Somebody wrote to you through the Inclusive Economy Charter"
    assert "> Vera Visitor\n> vera@example.com\n" in mail.body
    assert "> Could you cater for forty people in June?\n>\n> We meet in Witney.\n" in mail.body
    letter = ContactMessage.objects.get()
    own_place = "http://testserver/account/partners/acorn"
    assert f"Change who may write to you: {own_place}/contact/" in mail.body
    assert f"Report this message: {own_place}/messages/{letter.pk}/report/" in mail.body
    assert (letter.partner, letter.purpose, letter.email) == (partner, "buy", "vera@example.com")
    assert len(letter.source) == 64


def test_lead_s_address_is_in_no_page_nor_header(client, partner):
    pages = [
        client.get(partner.get_absolute_url()),
        client.get(_address(partner)),
        client.post(_address(partner), {}),
        client.post(_address(partner), LETTER),
        client.get(_address(partner) + "sent/"),
    ]
    for response in pages:
        assert "canary" not in response.content.decode() + str(response.headers) + str(response.cookies)


def test_visitor_chooses_among_what_the_partner_allows(client, partner):
    page = Page(client.get(_address(partner)))
    assert "Buying from them" in page.text
    assert "One of their pledges" in page.text
    assert "Volunteering" not in page.text
    assert page.faults == []
    response = client.post(_address(partner), LETTER | {"purpose": "volunteer"})
    assert response.context["form"].errors["purpose"] == ["Choose again: that is no longer in the list."]
    assert not ContactMessage.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("purpose", "", "Choose an answer."),
        ("name", "", "Enter your name."),
        ("name", "Vera\x0bBcc: all@example.com", "Take out the characters that cannot be shown, then try again."),
        ("name", "Vera\u202eolleh", "Take out the hidden marks that change the direction of text, then try again."),
        ("email", "vera", "Enter an e-mail address in the form name@example.org."),
        ("email", "vera@example.com\nBcc: all@example.com", "Enter an e-mail address in the form name@example.org."),
        ("message", "", "Enter your message."),
        ("message", "x" * 4001, "Use 4000 characters or fewer. You have used 4001."),
        ("message", "a\x00b", "Take out the characters that cannot be shown, then try again."),
    ],
)
def test_bad_answer_is_explained_and_the_rest_is_kept(client, partner, field, value, error):
    response = client.post(_address(partner), LETTER | {field: value})
    assert response.status_code == 200
    assert error in response.context["form"].errors[field]
    page = Page(response)
    assert page.faults == []
    assert response.content.decode().count("<title>Error: Write to Acorn") == 1
    if field != "message":
        assert "Could you cater for forty people in June?" in page.text
    assert not OutgoingEmail.objects.exists()


def test_robot_that_fills_in_the_trap_gets_nowhere_and_a_person_is_told(client, partner):
    response = client.post(_address(partner), LETTER | {"fax": "01865 000000"})
    assert "This looks like it was written by a robot." in Page(response).text
    assert not ContactMessage.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"contact_purposes": []},
        {"contact_paused_at": timezone.now()},
        {"withdrawn": True, "contact_purposes": ["buy"]},
    ],
)
def test_partner_that_takes_no_messages_is_kindly_said_to(client, db, change):
    partner = PartnerFactory(**{"approved": True, "lead": True, "contact_purposes": ["buy"], **change})
    for response in (client.get(_address(partner)), client.post(_address(partner), LETTER)):
        page = Page(response)
        assert response.status_code == 200
        assert "This partner cannot be written to through this site just now." in page.text
        assert page.faults == []
    assert "Write a message" not in Page(client.get(partner.get_absolute_url())).text
    assert not ContactMessage.objects.exists()


def test_partner_without_a_lead_cannot_be_written_to(client, db):
    partner = PartnerFactory(approved=True, contact_purposes=["buy"])
    assert "cannot be written to" in Page(client.post(_address(partner), LETTER)).text
    with pytest.raises(NotPossible):
        actions.pass_on_message(partner=partner, source="s", **LETTER)


@pytest.mark.parametrize("state", [{}, {"submitted": True}, {"declined": True}, {"changes_asked": True}])
def test_unpublished_partner_has_no_contact_page(client, db, state):
    partner = PartnerFactory(lead=True, contact_purposes=["buy"], **state)
    assert client.get(_address(partner)).status_code == 404
    assert client.post(_address(partner), LETTER).status_code == 404
    assert client.get(_address(partner) + "sent/").status_code == 404


def test_withdrawal_while_somebody_writes_is_said_and_nothing_is_kept(db, partner):
    partner.contact_paused_at = timezone.now()
    partner.save()
    stale = PartnerFactory._meta.model(pk=partner.pk)
    with pytest.raises(NotPossible, match="does not take such messages any more"):
        actions.pass_on_message(partner=stale, source="s", **LETTER)
    assert not ContactMessage.objects.exists()


# Limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["source", "sender", "partner"])
def test_message_beyond_a_limit_is_refused_with_its_words_kept(client, partner, settings, what):
    settings.CONTACT_LIMIT_BY_SOURCE, settings.CONTACT_LIMIT_BY_SENDER = (2, 3600), (2, 3600)
    settings.CONTACT_LIMIT_BY_PARTNER = (2, 3600)
    client.post(_address(partner), LETTER)
    source = ContactMessage.objects.get().source
    ContactMessage.objects.all().delete()
    same = {"source": ("source", source), "sender": ("email", "vera@example.com"), "partner": ("partner", partner)}
    ContactMessageFactory(**dict([same[what]]))
    assert client.post(_address(partner), LETTER).status_code == 302
    response = client.post(_address(partner), LETTER)
    assert response.status_code == 429
    page = Page(response)
    assert "send it again in 60 minutes." in page.text
    assert "Could you cater for forty people in June?" in page.text
    assert page.faults == []
    assert ContactMessage.objects.count() == 2


def test_limit_ends_with_its_time(client, partner, settings, time_machine):
    settings.CONTACT_LIMIT_BY_SENDER = (1, 600)
    time_machine.move_to("2027-03-01 10:00Z", tick=False)
    assert client.post(_address(partner), LETTER).status_code == 302
    time_machine.move_to("2027-03-01 10:09Z", tick=False)
    response = client.post(_address(partner), LETTER)
    assert (response.status_code, "in 1 minute." in Page(response).text) == (429, True)
    time_machine.move_to("2027-03-01 10:10Z", tick=False)
    assert client.post(_address(partner), LETTER).status_code == 302


def test_spellings_of_one_sender_share_a_limit(client, partner, settings):
    settings.CONTACT_LIMIT_BY_SENDER = (1, 3600)
    assert client.post(_address(partner), LETTER).status_code == 302
    assert client.post(_address(partner), LETTER | {"email": " VERA@Example.COM "}).status_code == 429


def _eight_write_at_once(partner):
    outcomes, start = [], threading.Barrier(8, timeout=20)

    def write(number):
        start.wait()
        try:
            actions.pass_on_message(
                partner=partner, source="one", **(LETTER | {"email": f"visitor{number}@example.com"})
            )
            outcomes.append("sent")
        except actions.TooMany:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return sorted(outcomes)


@pytest.fixture
def room_for_three(transactional_db, settings):
    settings.CONTACT_LIMIT_BY_SOURCE, settings.CONTACT_LIMIT_BY_PARTNER = (3, 3600), (100, 3600)
    return PartnerFactory(approved=True, lead=True, contact_purposes=["buy"])


def test_simultaneous_messages_cannot_all_see_room_for_one_more(room_for_three):
    assert _eight_write_at_once(room_for_three) == ["refused"] * 5 + ["sent"] * 3
    assert OutgoingEmail.objects.count() == 3


def test_without_the_lock_they_could(room_for_three, monkeypatch):
    """The negative control: all have passed the limit by source before the first message is written."""
    all_have_looked = threading.Barrier(8, timeout=20)
    look = lambda name: all_have_looked.wait() if "by email" in name else None  # noqa: E731
    monkeypatch.setattr(actions.messages, "lock_on", look)
    assert _eight_write_at_once(room_for_three) == ["sent"] * 8


# To the partnership ---------------------------------------------------------------------------


def test_question_to_the_partnership_reaches_it(client, db, mailbox, settings):
    settings.CONTACT_EMAIL = "office@example.org"
    page = client.get("/contact/")
    assert Page(page).faults == []
    assert b"office@example.org" not in page.content
    response = client.post("/contact/", LETTER)
    assert response.url == "/contact/sent/"
    assert Page(client.get(response.url)).faults == []
    [mail] = mailbox()
    assert (mail.to, mail.reply_to) == (["office@example.org"], ["vera@example.com"])
    assert "> We meet in Witney." in mail.body
    assert ContactMessage.objects.get().partner is None


def test_partnership_shares_the_limits_by_source_and_sender(client, db, settings):
    settings.CONTACT_LIMIT_BY_SOURCE = (1, 3600)
    assert client.post("/contact/", LETTER).status_code == 302
    response = client.post("/contact/", LETTER | {"email": "other@example.com"})
    assert (response.status_code, "Could you cater" in Page(response).text) == (429, True)


def test_resident_s_private_name_is_not_told_to_who_writes(client, db):
    resident = ResidentFactory(name="Rowan Unseen", approved=True, lead=True, contact_purposes=["pledge"])
    assert b"Rowan" not in client.get(_address(resident)).content


def test_pages_to_write_from_are_kept_by_no_shared_cache(client, partner):
    assert "private" in client.get(_address(partner))["Cache-Control"]
