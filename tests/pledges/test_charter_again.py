"""A new version of the Charter: who is asked to sign again, when, and how they do."""

import datetime
import threading

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from pledges.actions.charter import sign_again
from pledges.actions.daily import run_day
from pledges.models import CharterVersion, Signature
from tests.factories import CharterVersionFactory, PartnerFactory, ResidentFactory, SignatureFactory, UserFactory

pytestmark = pytest.mark.django_db
PUBLISHED, UNTIL = datetime.date(2027, 3, 1), datetime.date(2027, 4, 30)


def day(month, number):
    return datetime.date(2027, month, number)


def mails(partner):
    keys = OutgoingEmail.objects.filter(key__startswith="charter/").about(partner).order_by("key")
    return [key.rpartition("/")[2] for key in keys.values_list("key", flat=True)]


@pytest.fixture
def old():
    CharterVersion.objects.all().delete()
    return CharterVersionFactory(number=1, published_on=datetime.date(2026, 1, 1))


@pytest.fixture
def new(old):
    return CharterVersionFactory(
        number=2, published_on=PUBLISHED, again="organisations", again_until=UNTIL, summary="It is shorter."
    )


def signed(charter, make=PartnerFactory, **values):
    partner = make(approved=True, approved_at=datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC), lead=True, **values)
    partner.next_round_on = day(12, 1)
    partner.save()
    SignatureFactory(partner=partner, charter=charter, signer=partner.lead.user)
    return partner


@pytest.fixture
def bakery(old):
    return signed(old, name="Bakery")


def the_days(*days):
    for today in days:
        with time_machine.travel(datetime.datetime.combine(today, datetime.time(9), datetime.UTC), tick=False):
            run_day(today)


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        ([day(2, 28)], []),  # not published yet
        ([day(3, 1)], ["asked"]),
        ([day(3, 1), day(3, 1), day(3, 2), day(4, 15)], ["asked"]),
        ([day(3, 1), day(4, 16), day(4, 17)], ["asked", "reminded"]),
        ([day(4, 20)], ["reminded"]),  # nobody looked for seven weeks: the latest goes, once
        ([day(5, 1)], []),  # it is over
    ],
)
def test_each_is_asked_and_reminded_once_whatever_is_run_twice_or_late(new, bakery, days, wanted):
    the_days(*days)
    assert mails(bakery) == wanted


def test_only_those_are_asked_whom_the_version_asks(old, new):
    resident, left = signed(old, ResidentFactory), signed(old, name="Left")
    left.withdrawn_at, left.withdrawn_by = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC), UserFactory()
    left.save()
    of_the_new = signed(new, name="New")
    the_days(day(3, 1))
    assert [mails(partner) for partner in (resident, left, of_the_new)] == [[], [], []]
    new.again = "everybody"
    new.save()
    the_days(day(3, 2))
    assert mails(resident) == ["asked"]


def test_nobody_is_asked_where_earlier_signatures_stand(old, bakery):
    CharterVersionFactory(number=2, published_on=PUBLISHED)
    the_days(day(3, 1), day(4, 20))
    assert mails(bakery) == []


@pytest.mark.parametrize(
    "values",
    [
        {"again": "organisations", "again_until": None},
        {"again": "nobody", "again_until": UNTIL},
        {"again": "everybody", "again_until": PUBLISHED},
    ],
)
def test_rules_that_contradict_themselves_are_refused(old, values):
    version = CharterVersionFactory.build(number=3, published_on=PUBLISHED, **values)
    with pytest.raises(ValidationError):
        version.full_clean()


@time_machine.travel(datetime.datetime(2027, 3, 5, 9, tzinfo=datetime.UTC), tick=False)
def test_from_the_mail_to_the_signature(new, bakery, client_of, mailbox, client):
    run_day(day(3, 5))
    letter = next(mail for mail in mailbox() if mail.to == [bakery.lead.user.email])
    assert letter.subject == "The Charter has a new version: sign it"
    there = f"/account/partners/{bakery.slug}/charter/"
    assert there in letter.body
    assert "> It is shorter." in letter.body
    lead = client_of(bakery.lead.user)
    assert there in lead.get("/account/").content.decode()
    page = lead.get(there).content.decode()
    assert "It is shorter." in page
    wrong = lead.post(there, {"name": "", "version": new.pk})
    assert "Tick this box to go on." in wrong.content.decode()
    lead.post(there, {"name": "Lee Lead", "job_title": "Baker", "agree": "on", "version": new.pk})
    signature = Signature.objects.get(charter=new)
    assert (signature.partner, signature.signer, signature.signer_name) == (bakery, bakery.lead.user, "Lee Lead")
    assert there not in lead.get("/account/").content.decode()
    assert lead.post(there, {"name": "Lee", "agree": "on", "version": new.pk}).status_code == 302
    assert Signature.objects.filter(charter=new).count() == 1
    the_days(day(4, 20))
    assert mails(bakery) == ["asked"]


def test_another_version_that_came_meanwhile_is_not_signed_unread(old, new, bakery):
    with time_machine.travel(datetime.datetime(2027, 3, 5, 9, tzinfo=datetime.UTC), tick=False):
        CharterVersionFactory(number=3, published_on=day(3, 4), again="organisations", again_until=UNTIL)
        with pytest.raises(NotPossible):
            sign_again(partner=bakery, actor=bakery.lead.user, name="Lee", version=new)
    assert Signature.objects.count() == 1


def test_only_the_lead_signs_and_only_in_time(new, bakery):
    in_time = time_machine.travel(datetime.datetime(2027, 3, 5, 9, tzinfo=datetime.UTC), tick=False)
    too_late = time_machine.travel(datetime.datetime(2027, 5, 1, 9, tzinfo=datetime.UTC), tick=False)
    with in_time, pytest.raises(NotPossible):
        sign_again(partner=bakery, actor=UserFactory(), name="Eve", version=new)
    with too_late, pytest.raises(NotPossible):
        sign_again(partner=bakery, actor=bakery.lead.user, name="Lee", version=new)


@pytest.mark.django_db(transaction=True)
def test_of_many_presses_at_once_one_signs():
    today = datetime.date.today()  # noqa: DTZ011 - threads cannot share a clock that is set
    old = CharterVersionFactory(number=1, published_on=today - datetime.timedelta(days=90))
    new = CharterVersionFactory(
        number=2,
        published_on=today - datetime.timedelta(days=9),
        again="organisations",
        again_until=today + datetime.timedelta(days=9),
    )
    partner = signed(old)
    user, start, refused = partner.lead.user, threading.Barrier(4), []

    def press():
        start.wait()
        try:
            sign_again(partner=partner, actor=user, name="Lee", version=new)
        except NotPossible as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    presses = [threading.Thread(target=press) for _n in range(4)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert Signature.objects.filter(charter=new).count() == 1
    assert len(refused) == 3


def test_the_manager_sees_what_publishing_does(new, bakery, client_of, manager):
    desk: Client = client_of(manager)
    page = desk.get(f"/admin/pledges/charterversion/{new.pk}/preview/").content.decode()
    assert "1 partner that signed an earlier version is asked by e-mail to sign it by 30 April 2027." in page
    assert "It is shorter." in page
