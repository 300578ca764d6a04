"""Erasing at the same moment as something else, with real connections."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet

from oiep import email
from oiep.email import sending
from oiep.models import Erasure, OutgoingEmail
from oiep.moderation import Move
from oiep.privacy import erasing
from oiep.privacy.erasing import erase
from pledges.actions.moderation import Decision, decide
from pledges.actions.signing import confirm
from tests.factories import (
    CharterVersionFactory,
    DistrictFactory,
    ManagerFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    ReviewFactory,
    SigningFactory,
    UserFactory,
)
from tests.person import ADDRESS, NAME, SURNAME, WORD, places_with
from tests.pledges.conftest import at_once

__all__ = ["at_once"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(transactional_db):
    return UserFactory(email=ADDRESS, name=NAME)


def refusals(results):
    return [result for result in results if isinstance(result, ValidationError)]


@pytest.mark.parametrize("locked", [True, False])
def test_twice_at_once_is_once(person, at_once, monkeypatch, locked):
    """Both wait for the other once they have looked; without the locks, both get that far, and the database decides."""
    if not locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self.all())
        monkeypatch.setattr(erasing, "lock_on", lambda name: None)
    both = threading.Barrier(2, timeout=1 if locked else 10)
    met = []

    def wait(user):
        try:
            both.wait()
            met.append(user.pk)
        except threading.BrokenBarrierError:
            pass

    monkeypatch.setattr(erasing, "_require_another_administrator", wait)
    PartnerFactory(approved=True, lead=person)

    def press():
        try:
            return erase(user=person, actor=person)
        except Exception as error:
            return error if isinstance(error, ValidationError) else None

    results = at_once(press, press)
    assert len(met) == (0 if locked else 2)
    assert len(refusals(results)) == (1 if locked else 0)
    assert Erasure.objects.count() == 1
    assert OutgoingEmail.objects.filter(template="erased").count() == 1


def test_while_a_review_of_theirs_is_approved(person, at_once):
    manager = ManagerFactory()
    for _round in range(3):
        user = person if not Erasure.objects.exists() else UserFactory(email=ADDRESS, name=NAME)
        partner = PartnerFactory(approved=True, lead=user)
        review = ReviewFactory(partner=partner, submitted=True)
        results = at_once(
            lambda user=user: erase(user=user, actor=user),
            lambda review=review: decide(decisions=[Decision(review, Move.APPROVE)], actor=manager),
        )
        assert refusals(results) == []
        review.refresh_from_db()
        assert review.state == "approved"
        email.send_due()
        assert places_with(WORD, SURNAME) == []


def test_while_their_signature_is_confirmed(person, at_once):
    signing = SigningFactory(
        declared=True,
        resident=True,
        email=ADDRESS,
        charter=CharterVersionFactory(),
        answers={
            "who": {"name": NAME},
            "publicity": {"show_name": True},
            "where": {"district": DistrictFactory().pk},
            "pledges": [],
        },
    )

    def sign():
        try:
            return confirm(signing=signing)
        except signing.DoesNotExist:
            return None

    at_once(lambda: erase(user=person, actor=person), sign)
    email.send_due()
    # Erased first, the signing is gone; confirmed first, what it made is erased.
    assert places_with(WORD, SURNAME) == []


def test_while_a_message_is_on_its_way(person):
    """The mail server has the message already when the person is erased; nothing is written back into its row."""
    row = OutgoingEmailFactory(to=ADDRESS, text=NAME)

    def erase_elsewhere():
        erase(user=person, actor=person)
        connection.close()

    send = sending.message_of

    def erase_before_sending(*args):
        thread = threading.Thread(target=erase_elsewhere)
        message = send(*args)
        if args[0].pk == row.pk:
            thread.start()
            thread.join()
        return message

    sending.message_of = erase_before_sending
    try:
        email.send_due()
    finally:
        sending.message_of = send
    row.refresh_from_db()
    assert (row.state, row.to, row.text) == ("not_sent", "", "")
    assert places_with(WORD, SURNAME) == []
