"""Two at once, with real connections: a list comes in once, a message goes once to each, and a stop stops."""

import threading
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from desk.actions import imports, messages
from desk.models import Message, Recipient
from oiep.models import OutgoingEmail
from pledges.actions.signing import ask_to_confirm
from pledges.models import Signing
from tests.desk import lists
from tests.factories import (
    CharterVersionFactory,
    DistrictFactory,
    ManagerFactory,
    MessageToManyFactory,
    PartnerFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager(transactional_db):
    return ManagerFactory()


@pytest.fixture
def found(manager):
    CharterVersionFactory()
    DistrictFactory(name="Oxford")
    return imports.keep_list(
        kind="partners", content=lists.workbook(lists.partners(5)), file_name="list", actor=manager
    )


def bring_in_twice(found, manager, at_once):
    seen = imports.plan_of(found).fingerprint
    return at_once(*2 * [partial(imports.bring_in, found=found, actor=manager, seen=seen)])


def test_a_button_that_is_pressed_twice_at_once_brings_a_list_in_once(found, manager, at_once):
    results = bring_in_twice(found, manager, at_once)
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    assert Signing.objects.count() == 5


def test_without_locks_it_would_come_in_twice(found, manager, at_once, monkeypatch):
    """The control of the test above."""
    monkeypatch.setattr(imports, "lock_on", lambda name: None)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **how: rows)
    both_have_planned, plan_of = threading.Barrier(2, timeout=20), imports.plan_of

    def plan_together(found):
        planned = plan_of(found)
        if threading.current_thread() is not threading.main_thread():
            both_have_planned.wait()
        return planned

    monkeypatch.setattr(imports, "plan_of", plan_together)
    bring_in_twice(found, manager, at_once)
    assert Signing.objects.count() == 10


def test_asking_at_once_writes_once(found, manager, at_once):
    imports.bring_in(found=found, actor=manager, seen=imports.plan_of(found).fingerprint)
    signing = Signing.objects.first()
    results = at_once(*4 * [partial(ask_to_confirm, signing=signing, actor=manager)])
    assert sorted(results) == [False, False, False, True]
    assert OutgoingEmail.objects.filter(template="sign_listed").count() == 1


def test_a_message_is_begun_once_and_fed_once_to_each(manager, at_once):
    PartnerFactory.create_batch(6, approved=True, lead=True)
    message = MessageToManyFactory(created_by=manager)
    begin = partial(messages.start, message=message, actor=manager, seen=messages.fingerprint(message))
    results = at_once(begin, begin)
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    at_once(*4 * [partial(messages.feed, message.pk)])
    messages.feed_all()
    assert Recipient.objects.count() == 6
    assert OutgoingEmail.objects.filter(key__startswith="message/").count() == 6


def test_nothing_is_fed_after_a_stop(manager, at_once, settings):
    PartnerFactory.create_batch(6, approved=True, lead=True)
    for _round in range(3):
        message = MessageToManyFactory(created_by=manager)
        settings.MESSAGES_AT_A_TIME = 0
        messages.start(message=message, actor=manager, seen=messages.fingerprint(message))
        settings.MESSAGES_AT_A_TIME = 200
        at_once(partial(messages.feed, message.pk), partial(messages.stop, message=message, actor=manager))
        assert Message.objects.get(pk=message.pk).state == "stopped"
        waiting = OutgoingEmail.objects.filter(state="waiting", key__startswith=f"message/{message.pk}/")
        assert not waiting.exists()
