"""Messages that partners report as abuse: who is told, and what the manager does about it."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.urls import reverse

from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import NotPossible
from partners import actions
from partners.models import BlockedSender, ContactMessage
from tests.factories import (
    ContactMessageFactory,
    MembershipFactory,
    PartnerFactory,
    UserFactory,
)
from tests.html import Page

pytestmark = pytest.mark.django_db
LETTER = {"purpose": "buy", "name": "Vera", "email": "vera@example.com", "message": "Buy my links.", "source": "x"}


@pytest.fixture
def lead():
    return UserFactory(email="lead@example.org", name="Lea Lead")


@pytest.fixture
def acorn(lead):
    return PartnerFactory(name="Acorn", approved=True, lead=lead, contact_purposes=["buy"])


@pytest.fixture
def letter(acorn):
    return ContactMessageFactory(partner=acorn, email="vera@example.com", name="Vera", message="Buy <b>my</b> links.")


@pytest.fixture
def client(client_of, lead):
    return client_of(lead)


def report(letter, actor, words="An advertisement."):
    return actions.report_message(message=letter, report=words, actor=actor)


# The partner ----------------------------------------------------------------------------------


def test_people_of_the_partner_read_what_was_passed_on(client, client_of, acorn, letter):
    ContactMessageFactory(message="To somebody else.")
    member = MembershipFactory(partner=acorn, role="member").user
    for browser in (client, client_of(member)):
        response = browser.get(reverse("account-messages", args=[acorn.slug]))
        page = Page(response)
        assert page.faults == []
        assert "Buy &lt;b&gt;my&lt;/b&gt; links." in response.content.decode()
        assert "vera@example.com" in page.text
        assert "To somebody else." not in page.text


def test_messages_come_in_pages_by_the_same_number_of_queries(client, acorn, django_assert_num_queries):
    address = reverse("account-messages", args=[acorn.slug])
    client.get(address)
    counts = []
    for more in (1, 20):
        ContactMessageFactory.create_batch(more, partner=acorn)
        with django_assert_num_queries(16):
            counts.append(len(client.get(address).context["page_obj"]))
    assert counts == [1, 20]
    assert len(client.get(address + "?page=2").context["page_obj"]) == 1


def test_a_partner_nobody_wrote_to_reads_so(client, acorn):
    assert "Nobody has written to you yet" in Page(client.get(reverse("account-messages", args=[acorn.slug]))).text


def test_report_tells_the_manager_once(client, acorn, letter, lead, mailbox):
    address = reverse("account-message-report", args=[acorn.slug, letter.pk])
    assert "Write what is wrong with this message." in Page(client.post(address, {"report": ""})).text
    for words in ("An\nadvertisement.", "Again."):  # a second tab, or a double click
        assert client.post(address, {"report": words}).url == reverse("account-messages", args=[acorn.slug])
    letter.refresh_from_db()
    assert (letter.report, letter.reported_by) == ("An advertisement.", lead)
    [mail] = mailbox()
    assert mail.to == [settings.CONTACT_EMAIL]
    assert f"/admin/partners/contactmessage/{letter.pk}/change/" in mail.body
    assert "> An advertisement.\n" in mail.body
    assert "Buy" not in mail.body
    page = Page(client.get(reverse("account-messages", args=[acorn.slug]))).text
    assert "Reported to us on" in page
    assert "We look at it." in page
    assert "Report this message" not in page
    assert client.get(address).status_code == 302


def test_partner_reads_what_came_of_its_report(client, acorn, letter, lead, manager):
    other = ContactMessageFactory(partner=acorn)
    report(letter, lead)
    report(other, lead)
    actions.block_sender(message=letter, actor=manager)
    assert actions.dismiss_report(message=other, actor=manager)
    assert not actions.dismiss_report(message=other, actor=manager)
    page = Page(client.get(reverse("account-messages", args=[acorn.slug]))).text
    assert "We blocked the sender on" in page
    assert "and left it." in page


# The sender -----------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["vera@example.com", "VERA@Example.COM", "vera+offers@example.com"])
def test_blocked_sender_is_refused_and_told_how_to_reach_us(client, acorn, letter, manager, spelling):
    actions.block_sender(message=letter, actor=manager)
    data = {**LETTER, "email": spelling}
    page = Page(client.post(f"{acorn.get_absolute_url()}contact/", data))
    assert "We do not pass on messages from this address any more" in page.text
    assert "Contact us" in page.text
    assert "Buy my links." in page.text  # what was written is not lost
    assert ContactMessage.objects.count() == 1
    assert not OutgoingEmail.objects.exists()


def test_others_still_write_and_the_blocked_reach_the_partnership(client, acorn, letter, manager, mailbox):
    actions.block_sender(message=letter, actor=manager)
    actions.pass_on_message(partner=acorn, **{**LETTER, "email": "vera2@example.com"})
    client.post("/contact/", {"name": "Vera", "email": "vera@example.com", "message": "Why?"})
    assert [mail.to for mail in mailbox()] == [["lead@example.org"], [settings.CONTACT_EMAIL]]


def test_no_address_is_kept_with_a_block(letter, manager):
    blocked = actions.block_sender(message=letter, actor=manager)
    values = BlockedSender.objects.values().get(pk=blocked.pk)
    assert re.fullmatch("[0-9a-f]{64}", blocked.key)
    assert "vera" not in str(values) + str(AuditEvent.objects.values_list("data", "note"))
    assert actions.block_sender(message=letter, actor=manager) == blocked
    assert AuditEvent.objects.filter(verb="blockedsender.blocked").count() == 1


def test_block_settles_all_reports_of_that_sender_and_can_be_lifted(acorn, letter, lead, manager):
    second = ContactMessageFactory(partner=acorn, email=letter.email)
    foreign = ContactMessageFactory()
    for message in (letter, second, foreign):
        report(message, lead)
    blocked = actions.block_sender(message=letter, actor=manager)
    assert list(ContactMessage.objects.to_settle()) == [foreign]
    with pytest.raises(NotPossible):
        actions.pass_on_message(partner=acorn, **LETTER)
    actions.unblock_sender(blocked=blocked, actor=manager)
    assert actions.pass_on_message(partner=acorn, **LETTER).pk
    verbs = AuditEvent.objects.filter(verb__startswith="blockedsender").values_list("verb", flat=True)
    assert sorted(verbs) == ["blockedsender.blocked", "blockedsender.unblocked"]


# The manager's desk ---------------------------------------------------------------------------


@pytest.fixture
def desk(client_of, manager):
    return client_of(manager)


def test_desk_leads_to_what_was_reported(desk, letter, lead):
    page = "/admin/partners/contactmessage/?figure=message-reported"
    assert f'href="{page}"><b>0</b>' in desk.get("/admin/").content.decode()
    report(letter, lead)
    ContactMessageFactory()
    assert f'class="tag-red" href="{page}"><b>1</b>' in desk.get("/admin/").content.decode()
    assert list(desk.get(page).context["cl"].result_list) == [letter]
    waiting = desk.get("/admin/partners/contactmessage/?reported=waiting")
    assert list(waiting.context["cl"].result_list) == [letter]
    assert list(desk.get("/admin/partners/contactmessage/?reported=settled").context["cl"].result_list) == []


@pytest.mark.parametrize(
    ("presses", "settlement", "blocked"),
    [(["block"], "blocked", 1), (["dismiss"], "dismissed", 0), (["block", "unblock"], "blocked", 0), (["x"], "", 0)],
)
def test_buttons_of_a_message(desk, letter, lead, manager, presses, settlement, blocked):
    report(letter, lead)
    page = f"/admin/partners/contactmessage/{letter.pk}/change/"
    assert "An advertisement." in desk.get(page).content.decode()
    for press in presses:
        assert f'value="{press}"' in desk.get(page).content.decode() or press == "x"
        assert desk.post(page.replace("change", "settle"), {"settle": press}).url == page
    letter.refresh_from_db()
    assert (letter.settlement, letter.settled_by) == (settlement, manager if settlement else None)
    assert BlockedSender.objects.count() == blocked


def test_several_are_settled_at_once(desk, acorn, lead):
    letters = ContactMessageFactory.create_batch(2, partner=acorn, email="vera@example.com")
    for letter in letters:
        report(letter, lead)
    data = {"action": "block_senders", "_selected_action": [letter.pk for letter in letters]}
    response = desk.post("/admin/partners/contactmessage/", data, follow=True)
    assert "1 sender is blocked." in response.content.decode()
    data["action"] = "dismiss_reports"
    response = desk.post("/admin/partners/contactmessage/", data, follow=True)
    assert "0 reports are dismissed." in response.content.decode()


def test_blocked_sender_is_found_by_the_whole_address_and_let_go(desk, letter, manager):
    blocked = actions.block_sender(message=letter, actor=manager)
    page = "/admin/partners/blockedsender/"
    assert desk.get(page, {"q": "Vera+x@example.com"}).context["cl"].result_count == 1
    for words in ("vera", "vera@example.org"):
        assert desk.get(page, {"q": words}).context["cl"].result_count == 0
    desk.post(f"{page}{blocked.pk}/delete/", {"post": "yes"})
    assert not BlockedSender.objects.exists()
    assert AuditEvent.objects.get(verb="blockedsender.unblocked").actor == manager


def test_staff_who_may_only_look_settle_nothing(client_of, letter, lead):
    user = UserFactory(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_contactmessage"))
    report(letter, lead)
    assert (
        'name="settle"'
        not in client_of(user).get(f"/admin/partners/contactmessage/{letter.pk}/change/").content.decode()
    )
    answer = client_of(user).post(f"/admin/partners/contactmessage/{letter.pk}/settle/", {"settle": "block"})
    assert answer.status_code == 403
    assert ContactMessage.objects.to_settle().count() == 1
