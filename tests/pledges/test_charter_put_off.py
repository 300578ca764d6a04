"""The last day to sign a new version of the Charter: it can be put off, and after it pages say which version stands."""

import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from oiep import watch
from oiep.moderation import NotPossible
from pledges.actions.charter import put_off_signing_again
from pledges.actions.daily import run_day
from pledges.models import Signature
from tests.factories import CharterVersionFactory, ManagerFactory, ResidentFactory, SignatureFactory
from tests.html import Page
from tests.pledges.test_charter_again import UNTIL, bakery, day, mails, new, old, signed

__all__ = ["bakery", "new", "old"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db):
    return ManagerFactory()


def on(today):
    return time_machine.travel(datetime.datetime.combine(today, datetime.time(9), datetime.UTC), tick=False)


def rows_of(name):
    return list(next(figure for figure in watch.all_figures() if figure.name == name).rows())


def page_of(client, partner):
    return Page(client.get(partner.get_absolute_url())).text


@pytest.mark.parametrize(
    ("put_off_on", "wanted"),
    [
        (day(3, 20), ["asked", "reminded-2027-06-30"]),  # before anybody was reminded
        (day(4, 20), ["asked", "reminded", "reminded-2027-06-30"]),
        (day(5, 20), ["asked", "reminded", "reminded-2027-06-30"]),  # when the day was over
    ],
)
def test_each_last_day_has_a_reminder_of_its_own(new, bakery, manager, put_off_on, wanted):
    june = day(6, 30)
    days = sorted({*(day(3, 1) + datetime.timedelta(n) for n in range(0, 130, 9)), put_off_on, UNTIL, june})
    for today in days:
        with on(today):
            run_day(today)
            if today == put_off_on:
                put_off_signing_again(version=new, until=june, actor=manager)
            run_day(today)
    assert mails(bakery) == wanted


def test_who_signed_is_not_reminded_of_the_new_day(new, bakery, manager):
    the_days_before = [day(3, 1), day(4, 20)]
    for today in the_days_before:
        with on(today):
            run_day(today)
    with on(day(4, 21)):
        SignatureFactory(partner=bakery, charter=new)
        put_off_signing_again(version=new, until=day(6, 30), actor=manager)
    with on(day(6, 20)):
        run_day(day(6, 20))
    assert mails(bakery) == ["asked", "reminded"]


@pytest.mark.parametrize("until", [UNTIL, day(4, 1), day(3, 9)])
def test_a_day_that_is_no_later_is_refused(new, manager, until):
    with on(day(3, 10)), pytest.raises(ValidationError, match="later than the one that stands"):
        put_off_signing_again(version=new, until=until, actor=manager)


def test_only_the_version_in_force_is_put_off(old, new, manager):
    with on(day(3, 10)):
        with pytest.raises(NotPossible):
            put_off_signing_again(version=old, until=day(6, 1), actor=manager)
        CharterVersionFactory(number=3, published_on=day(3, 9))
        with pytest.raises(NotPossible):
            put_off_signing_again(version=new, until=day(6, 1), actor=manager)


def test_after_the_last_day_pages_say_which_version_stands_and_the_desk_lists_them(old, new, bakery, client):
    resident = signed(old, ResidentFactory)
    words = "It stands by version 1 of the Charter. It was asked to sign version 2 by 30 April 2027, and did not."
    with on(UNTIL):
        assert words not in page_of(client, bakery)
        assert (rows_of("charter-asked"), rows_of("charter-earlier")) == ([bakery], [])
    with on(day(5, 1)):
        assert words in page_of(client, bakery)
        assert "Signed on" in page_of(client, bakery)
        assert "stands by version" not in page_of(client, resident)  # who was not asked
        assert (rows_of("charter-asked"), rows_of("charter-earlier")) == ([], [bakery])
    with on(day(5, 2)):
        Signature.objects.filter(partner=bakery).update(charter=new)
        assert words not in page_of(client, bakery)
        assert rows_of("charter-earlier") == []


def test_the_manager_puts_the_day_off_and_the_partner_signs_then(new, bakery, client_of, manager, client):
    address = reverse("admin:pledges_charterversion_put-off", args=[new.pk])
    with on(day(5, 10)):
        browser = client_of(manager)
        page = Page(browser.get(address))
        assert "1 partner has not signed this version. The last day to do so is 30 April 2027." in page.text
        assert page.faults == []
        refused = browser.post(address, {"until": "2027-05-09"})
        assert "later than the one that stands" in Page(refused).text
        browser.post(address, {"until": "2027-06-30"})
        new.refresh_from_db()
        assert (new.again_until, new.again_was_until) == (day(6, 30), UNTIL)
        assert "stands by version" not in page_of(client, bakery)
        assert new.asks(bakery)
