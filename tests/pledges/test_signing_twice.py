"""The same person, or the same organisation, twice and at the same moment."""

import threading

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oiep.models import OutgoingEmail
from partners.actions import answer_join_request
from partners.models import JoinRequest, Partner
from tests.factories import PartnerFactory
from tests.pledges.signing import declared, rows, scheme

__all__ = ["scheme"]


def test_other_signings_of_the_same_are_closed_with_it(scheme):
    first, second = declared(scheme), declared(scheme, name="bakery")
    other = declared(scheme, name="The Mill")
    Client().post(first)
    page = Client().post(second, follow=True).content.decode()
    assert "You had signed the Charter before" in page
    assert Partner.objects.count() == 1
    Client().post(other)
    assert Partner.objects.count() == 2


def test_second_person_of_an_organisation_is_offered_to_join(scheme, mailbox):
    Client().post(declared(scheme))
    link = declared(scheme, name="BAKERY", email="yan@example.org")
    page = Client().post(link, follow=True).content.decode()
    today = timezone.localdate().strftime("%-d %B %Y")
    assert f"<bdi>The Bakery Ltd</bdi> signed the Charter on {today}." in page
    assert "different organisation" in page
    assert reverse("contact") in page
    assert rows() == [1, 1, 1, 1, 2]
    assert JoinRequest.objects.count() == 0
    for _n in range(2):
        page = Client().post(link, {"join": "yes"}, follow=True).content.decode()
        assert "We have asked the person who leads" in page
    request = JoinRequest.objects.get()
    assert (request.user.email, request.job_title, request.signing.confirmed_at is not None) == (
        "yan@example.org",
        "Baker",
        True,
    )
    assert [message.to for message in mailbox()][-1] == ["zoe@example.org"]
    assert rows() == [1, 1, 1, 1, 2]


def test_who_was_refused_is_told_when_they_may_ask_again(scheme):
    partner = PartnerFactory(name="The Bakery", approved=True, lead=True)
    link = declared(scheme)
    Client().post(link)
    Client().post(link, {"join": "yes"})
    answer_join_request(request=partner.join_requests.get(), accept=False, actor=partner.lead.user)
    page = Client().get(link).content.decode()
    assert "said no. You can ask again from" in page
    assert 'name="join"' not in page
    Client().post(link, {"join": "yes"})
    assert partner.join_requests.count() == 1


def test_asking_to_join_before_confirming_does_nothing(scheme):
    PartnerFactory(name="The Bakery", approved=True, lead=True)
    link = declared(scheme)
    Client().post(link, {"join": "yes"})
    assert JoinRequest.objects.count() == 0


def test_organisation_that_was_declined_or_withdrew_may_sign_again(scheme):
    PartnerFactory(name="The Bakery", declined=True)
    PartnerFactory(name="The Bakery", withdrawn=True)
    Client().post(declared(scheme))
    assert Partner.objects.submitted().get().name == "The Bakery Ltd"


@pytest.mark.django_db(transaction=True)
def test_organisation_renamed_to_the_same_name_at_the_last_moment_is_not_doubled(scheme):
    """The other partner's name is taken in a transaction that ends while this one is about to write its own."""
    other = PartnerFactory(name="The Mill", approved=True, lead=True)
    link = declared(scheme)
    started, renamed = threading.Event(), threading.Event()

    def rename():
        with transaction.atomic():
            other.name = "Bakery"
            other.save()
            started.set()
            renamed.wait(1)
        connection.close()

    thread = threading.Thread(target=rename)
    thread.start()
    started.wait()
    page = Client().post(link, follow=True).content.decode()
    renamed.set()
    thread.join()
    assert "Your organisation has signed already" in page
    assert Partner.objects.count() == 1


def _all_at_once(*requests):
    """Posts to each of the links at the same moment, from browsers of their own. Returns the answers' codes."""
    barrier, codes = threading.Barrier(len(requests)), []

    def post(link):
        barrier.wait()
        try:
            codes.append(Client(raise_request_exception=False).post(link).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=[link]) for link in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


@pytest.mark.django_db(transaction=True)
def test_twelve_confirmations_at_once_make_one_partner(scheme):
    link = declared(scheme)
    assert _all_at_once(*[link] * 12) == [302] * 12
    assert rows() == [1, 1, 1, 1, 1]
    assert OutgoingEmail.objects.filter(template="sign_received").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_of_one_organisation_at_once_make_one_partner(scheme):
    links = [declared(scheme, email=f"person{n}@example.org", name=n % 2 * "The " + "Bakery") for n in range(6)]
    assert _all_at_once(*links) == [302] * 6
    assert rows() == [1, 1, 1, 1, 6]
    pages = [Client().get(link).content.decode() for link in links]
    assert sorted("Ask to be added" in page for page in pages) == [False] + [True] * 5


@pytest.mark.django_db(transaction=True)
def test_same_resident_with_two_links_at_once_makes_one_partner(scheme):
    links = [declared(scheme, "resident") for _n in range(6)]
    assert _all_at_once(*links) == [302] * 6
    assert rows() == [1, 1, 1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_same_resident_at_once_is_not_safe_without_the_lock(scheme, monkeypatch):
    """The negative control of the test above: with the lock off there is a deadlock or a second partner."""
    monkeypatch.setattr("pledges.actions.signing.confirming.lock_on", lambda name: None)
    links = [declared(scheme, "resident") for _n in range(4)]
    codes = _all_at_once(*links)
    assert (codes, Partner.objects.count()) != ([302] * 4, 1)
