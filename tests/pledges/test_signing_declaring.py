"""The declaration, its message, and what keeps robots and strangers from using them."""

import datetime
import re
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from oiep.audit import trail
from oiep.models import OutgoingEmail, User
from partners.models import Membership, Partner
from pledges.actions import signing as actions
from pledges.forms.signing.people import EmailAddressField
from pledges.models import Pledge, Signature, Signing
from tests.factories import (
    CharterVersionFactory,
    PartnerFactory,
    ResidentFactory,
    SignatureFactory,
    SigningFactory,
    UserFactory,
)
from tests.pledges.signing import Visitor, link_in, pledge_of, scheme

__all__ = ["scheme"]


def _mails():
    return list(OutgoingEmail.objects.order_by("created_at").values_list("template", "to"))


def _done_page(visitor):
    """The lines of the page after declaring, without what is the signing's own."""
    text = visitor.client.get(visitor.url("sign-done")).content.decode()
    for own in (str(visitor.signing.pk), visitor.signing.reference, visitor.signing.email):
        text = text.replace(own, "…")
    text = re.sub(r"\d+\.\d\d[ap]\.m\.", "…", text)
    return [line for line in text.splitlines() if "csrfmiddlewaretoken" not in line]


def test_declaring_keeps_the_version_and_sends_one_link(scheme, mailbox):
    visitor = Visitor().fill_organisation(scheme)
    response = visitor.declare()
    assert response["Location"] == visitor.url("sign-done")
    assert visitor.signing.charter == scheme.charter
    [message] = mailbox()
    assert message.to == ["zoe@example.org"]
    assert message.subject == "Confirm that you sign the Inclusive Economy Charter"
    assert visitor.client.get(link_in(message)).status_code == 200
    assert [event.verb for event in trail(visitor.signing)] == ["signing.declared"]


def test_nothing_typed_reaches_the_first_message(scheme, mailbox):
    visitor = Visitor().fill_organisation(scheme, name="Visit evil.example now", description="Call 01865 000000")
    visitor.declare()
    [message] = mailbox()
    everything = message.subject + message.body + message.alternatives[0].content
    for typed in ("evil.example", "01865", "Zoë", "Müller", "Baker", "flour", "bakery.example"):
        assert typed not in everything


def test_nothing_of_an_unconfirmed_signing_is_in_any_table_that_pages_read(scheme):
    Visitor().fill_organisation(scheme).declare()
    for model in (Partner, Signature, Pledge, Membership, User):
        assert model.objects.count() == 0


def test_declaration_says_what_is_signed(scheme):
    visitor = Visitor().fill_organisation(scheme)
    page = visitor.client.get(visitor.url("sign-check")).content.decode()
    for words in (
        scheme.charter.commitment,
        "I may sign the Charter for <bdi>The Bakery Ltd</bdi>",
        "I am 16 or over",
        "may be published",
        "We will buy flour grown here.",
        "Target: 1,200.5 % by 4 May 2030",
        "You commit: 40 volunteer hours. Visits to the mill",
        "https://bakery.example",
        "Twice a year",
        "Our board",
    ):
        assert words in page
    newer = CharterVersionFactory(number=scheme.charter.number + 1, commitment="We will do even more.")
    assert newer.commitment in visitor.client.get(visitor.url("sign-check")).content.decode()


def test_double_click_declares_once(scheme):
    visitor = Visitor().fill_organisation(scheme)
    assert visitor.declare()["Location"] == visitor.declare()["Location"] == visitor.url("sign-done")
    assert _mails() == [("sign_confirm", "zoe@example.org")]
    assert visitor.signing.mails == 1


@pytest.mark.django_db(transaction=True)
def test_twelve_declarations_at_once_are_one(scheme):
    visitor = Visitor().fill_organisation(scheme)
    cookies = visitor.client.cookies
    answers = []

    def post():
        client = Client()
        client.cookies = cookies
        answers.append(client.post(visitor.url("sign-check")).status_code)
        connection.close()

    threads = [threading.Thread(target=post) for _n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 12
    assert _mails() == [("sign_confirm", "zoe@example.org")]


def test_declared_signing_cannot_be_changed_any_more(scheme):
    visitor = Visitor().fill_organisation(scheme)
    visitor.declare()
    before = visitor.signing.answers
    for name, *args in (("sign-step", "who"), ("sign-pledge-add",), ("sign-pledge", 1), ("sign-save",)):
        response = visitor.client.post(visitor.url(name, *args), {"name": "Other", "email": "other@example.org"})
        assert response["Location"] == visitor.url("sign-done")
    visitor.signing.refresh_from_db()
    assert visitor.signing.answers == before
    with pytest.raises(Signing.DoesNotExist):
        actions.save_answers(signing=visitor.signing, step="who", answers={})


def test_unfinished_signing_cannot_be_declared(scheme):
    visitor = Visitor()
    visitor.start("resident")
    with pytest.raises(actions.NotReady):
        actions.declare(signing=visitor.signing, source="here", browser="")
    response = visitor.declare()
    assert response["Location"] == visitor.url("sign-step", "who")


# Robots and limits ----------------------------------------------------------------------------


def test_robot_reads_the_same_as_everybody_and_nothing_is_sent(scheme):
    person, robot = Visitor().fill_resident(scheme), Visitor().fill_resident(scheme)
    person.declare(show_name="no")
    response = robot.declare(show_name="no", comments="Buy now")
    assert response["Location"] == robot.url("sign-done")
    assert robot.signing.declared_at is None
    assert _mails() == [("sign_confirm", "ana@example.org")]

    assert _done_page(person) == _done_page(robot)
    assert robot.client.post(robot.url("sign-done"), {"send": "again"}).status_code == 302
    assert OutgoingEmail.objects.count() == 1


def test_trap_is_out_of_the_way_of_people(scheme):
    visitor = Visitor().fill_resident(scheme)
    page = visitor.client.get(visitor.url("sign-check")).content.decode()
    assert '<div class="visually-hidden" aria-hidden="true">' in page
    assert '<label for="id_comments">Leave this empty</label>' in page
    assert '<input type="text" name="comments" id="id_comments" tabindex="-1" autocomplete="off">' in page


def _another_address(scheme, number, **visitor):
    return Visitor(**visitor).fill_resident(scheme, email=f"person{number}@example.org")


def test_one_signature_a_minute_from_one_browser(scheme):
    first = _another_address(scheme, 1)
    first.declare(show_name="no")
    second = _another_address(scheme, 2, client=first.client)
    response = second.declare(show_name="yes")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    page = response.content.decode()
    assert "Try again in 1 minute." in page
    assert "<title>Error: " in page
    assert response.context["form"]["show_name"].value() == "yes"
    assert second.signing.declared_at is None
    Signing.objects.filter(pk=first.signing.pk).update(declared_at=timezone.now() - datetime.timedelta(seconds=61))
    assert second.declare(show_name="yes").status_code == 302
    assert second.signing.answers["publicity"] == {"show_name": True}


def test_five_signatures_in_five_minutes_from_one_source(scheme):
    for number in range(5):
        assert _another_address(scheme, number, address="203.0.113.9").declare(show_name="no").status_code == 302
    assert _another_address(scheme, 5, address="203.0.113.9").declare(show_name="no").status_code == 429
    assert _another_address(scheme, 6, address="203.0.113.10").declare(show_name="no").status_code == 302


def test_ten_signatures_an_hour_from_one_source(scheme):
    visitor = _another_address(scheme, 11, address="203.0.113.9")
    half_an_hour_ago = timezone.now() - datetime.timedelta(minutes=30)
    SigningFactory.create_batch(10, declared=True, declared_at=half_an_hour_ago, source=visitor.signing.source)
    response = visitor.declare(show_name="no")
    assert response.status_code == 429
    assert 29 * 60 <= int(response["Retry-After"]) <= 30 * 60


@pytest.mark.django_db(transaction=True)
def test_many_at_once_from_one_source_stay_within_the_limit(scheme):
    visitors = [_another_address(scheme, number, address="203.0.113.9") for number in range(10)]
    answers = []

    def post(visitor):
        answers.append(visitor.client.post(visitor.url("sign-check"), {"show_name": "no"}).status_code)
        connection.close()

    threads = [threading.Thread(target=post, args=[visitor]) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302] * 5 + [429] * 5
    assert len(_mails()) == 5


# The same again -------------------------------------------------------------------------------


def _spellings(address):
    """A hundred ways to type one address: case, space around it, Unicode forms, a dot at the end."""
    wide = "".join(chr(ord(character) + 0xFEE0) for character in address)
    forms = [address, f" {address} ", wide, f"{address}.", f"\u3000{wide}"]

    def shout(form, number):
        letters = [place for place, character in enumerate(form) if character.isalpha()]
        loud = {place for bit, place in enumerate(letters) if number >> bit & 1}
        return "".join(c.upper() if place in loud else c for place, c in enumerate(form))

    return [shout(forms[number % 5], number // 5 * 2 + 1) for number in range(100)]


def test_hundred_spellings_of_one_address_are_one_mailbox(db):
    spellings = _spellings("ana@example.org")
    assert len(set(spellings)) == 100
    assert {EmailAddressField().clean(spelling) for spelling in spellings} == {"ana@example.org"}


def test_spellings_of_one_address_make_one_mail_and_one_partner(scheme):
    for spelling in _spellings("ana@example.org")[-10:]:
        visitor = Visitor().fill_resident(scheme, email=spelling)
        assert visitor.declare(show_name="no").status_code == 302
    assert _mails() == [("sign_confirm", "ana@example.org")]
    for signing in Signing.objects.all():
        Client().post(signing.confirmation_url.removeprefix("http://testserver"))
    assert Partner.objects.count() == 1


def test_same_organisation_in_other_spellings_gets_no_second_mail_within_the_hour(scheme):
    for name in ("The Bakery Ltd", "bakery limited", "THE BAKERY"):
        Visitor().fill_organisation(scheme, name=name).declare()
    assert _mails() == [("sign_confirm", "zoe@example.org")]
    Visitor().fill_organisation(scheme, name="The Mill").declare()
    assert _mails() == [("sign_confirm", "zoe@example.org")] * 2


def test_three_mails_a_day_at_most_to_one_address(scheme):
    for name in ("One", "Two", "Three", "Four"):
        assert Visitor().fill_organisation(scheme, name=name).declare().status_code == 302
    assert _mails() == [("sign_confirm", "zoe@example.org")] * 3


def test_done_page_is_the_same_whoever_has_signed(scheme):
    partner = PartnerFactory(name="Known Ltd", submitted=True)
    SignatureFactory(partner=partner, signer__email="known@example.org")
    taken = Visitor().fill_organisation(scheme, name="Known", email="stranger@example.org")
    already = Visitor().fill_organisation(scheme, name="Known Ltd", email="known@example.org")
    new = Visitor().fill_organisation(scheme, name="New Ltd", email="new@example.org")
    pages = []
    for visitor in (taken, already, new):
        assert visitor.declare()["Location"] == visitor.url("sign-done")
        pages.append(_done_page(visitor))
    assert pages[0] == pages[1] == pages[2]
    assert _mails() == [
        ("sign_confirm", "stranger@example.org"),
        ("sign_already", "known@example.org"),
        ("sign_confirm", "new@example.org"),
    ]
    assert partner.name not in "".join(pages[0])


def test_resident_who_has_signed_learns_it_by_mail_alone(scheme, mailbox):
    partner = ResidentFactory(approved=True, lead=UserFactory(email="ana@example.org"))
    Visitor().fill_resident(scheme).declare(show_name="no")
    Visitor().fill_resident(scheme).declare(show_name="no")
    [message] = mailbox()
    assert message.subject == "You have signed the Inclusive Economy Charter already"
    assert "/sign/confirm/" not in message.body
    assert Partner.objects.get() == partner


def test_member_of_an_organisation_may_sign_as_a_resident_too(scheme):
    PartnerFactory(approved=True, lead=UserFactory(email="ana@example.org"))
    Visitor().fill_resident(scheme).declare(show_name="no")
    assert _mails() == [("sign_confirm", "ana@example.org")]


# Again, and corrected -------------------------------------------------------------------------


def _an_hour_later(visitor, minutes=61):
    ago = timezone.now() - datetime.timedelta(minutes=minutes)
    Signing.objects.filter(pk=visitor.signing.pk).update(last_mailed_at=ago)
    OutgoingEmail.objects.update(created_at=ago)


def test_link_is_sent_again_once_an_hour_and_five_times_in_all(scheme, settings):
    settings.UNPROVEN_ADDRESS_MAILS_A_DAY = 100
    visitor = Visitor().fill_resident(scheme)
    visitor.declare(show_name="no")
    table = []
    for _hour in range(6):
        page = visitor.client.get(visitor.url("sign-done")).content.decode()
        assert ("Send the link again" in page) is False
        visitor.client.post(visitor.url("sign-done"), {"send": "again"})  # too soon
        table.append(OutgoingEmail.objects.count())
        _an_hour_later(visitor)
        visitor.client.post(visitor.url("sign-done"), {"send": "again"})
    assert table == [1, 2, 3, 4, 5, 5]
    page = visitor.client.get(visitor.url("sign-done")).content.decode()
    assert "as often as we can" in page


def test_sending_again_answers_the_same_once_it_was_confirmed(scheme, mailbox):
    visitor = Visitor().fill_resident(scheme)
    visitor.declare(show_name="no")
    before = _done_page(visitor)
    Client().post(link_in(mailbox()[0]))
    assert _done_page(visitor) == before
    _an_hour_later(visitor)
    mails = OutgoingEmail.objects.count()
    response = visitor.client.post(visitor.url("sign-done"), {"send": "again"}, follow=True)
    assert "We have sent the link again." in response.content.decode()
    assert OutgoingEmail.objects.count() == mails


def test_corrected_answers_take_the_place_of_those_declared_before(scheme, mailbox):
    visitor = Visitor().fill_organisation(scheme, email="zoe@exmaple.org")
    visitor.declare()
    [first] = mailbox()
    response = visitor.client.post(visitor.url("sign-done"), {"correct": "yes"})
    again = Visitor(client=visitor.client)
    again.signing = Signing.objects.latest("started_at")
    assert response["Location"] == again.url("sign-check")
    again.answer("who", {"name": "Zoë", "job_title": "Baker", "email": "zoe@example.org"}, "?from=check")
    assert Client().get(link_in(first)).status_code == 200  # until the new one is declared
    Signing.objects.filter(pk=visitor.signing.pk).update(declared_at=timezone.now() - datetime.timedelta(minutes=2))
    again.declare()
    assert [message.to for message in mailbox()] == [["zoe@exmaple.org"], ["zoe@example.org"]]
    assert Client().get(link_in(first)).status_code == 410
    assert [pledge["statement"] for pledge in again.signing.pledges] == ["We will buy flour grown here."]


def test_too_many_pledges_are_refused_by_the_action_too(scheme, settings):
    settings.PLEDGES_AT_MOST = 1
    visitor = Visitor().fill_organisation(scheme)
    with pytest.raises(ValidationError):
        actions.save_pledges(signing=visitor.signing, pledges=[pledge_of(scheme), pledge_of(scheme)])
