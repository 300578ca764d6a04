"""Many who book at one moment, with real connections: exactly as many get a place as there are."""

import threading

import pytest
from django.db import connection

from events.actions import bookings as actions
from events.models import Registration
from tests.factories import EventFactory, RegistrationFactory

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 12
State = Registration.State


def all_at_once(functions):
    """Runs the functions in THREADS threads that start together; returns what went wrong."""
    barrier, faults, todo = threading.Barrier(THREADS, timeout=30), [], list(functions)

    def work():
        try:
            barrier.wait()
            while todo:
                try:
                    function = todo.pop()
                except IndexError:
                    return
                function()
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return faults


def confirming(event, number):
    bookings = Registration.objects.bulk_create(RegistrationFactory.build_batch(number, event=event))
    return [lambda booking=booking: actions.confirm_booking(booking=booking) for booking in bookings]


def test_five_hundred_ask_for_the_last_ten_places():
    event = EventFactory(published=True, capacity=10)
    assert all_at_once(confirming(event, 500)) == []
    assert event.registrations.booked().count() == 10
    waiting = list(event.registrations.waiting())
    assert len(waiting) == 490
    latest = max(booking.confirmed_at for booking in event.registrations.booked())
    assert all(booking.queued_at > latest for booking in waiting)
    assert [actions.number_in_line(waiting[place]) for place in (0, 1, 250, 489)] == [1, 2, 251, 490]


def test_without_the_lock_there_would_be_more(monkeypatch):
    """The negative control: all have counted the places before the first has taken one."""
    event = EventFactory(published=True, capacity=1)
    counted = threading.Barrier(THREADS, timeout=30)
    monkeypatch.setattr(actions, "lock_event", lambda event: (counted.wait() and event) or event)
    all_at_once(confirming(event, THREADS))
    assert event.registrations.booked().count() > 1


def test_places_given_back_by_many_go_to_as_many():
    event = EventFactory(published=True, capacity=10)
    held = RegistrationFactory.create_batch(10, event=event, booked=True)
    RegistrationFactory.create_batch(15, event=event, waiting=True)
    assert all_at_once([lambda b=booking: actions.cancel_booking(booking=b) for booking in held]) == []
    assert event.registrations.filter(state=State.OFFERED).count() == 10
    assert event.registrations.waiting().count() == 5


def test_one_address_twice_at_one_moment_is_one_booking():
    event = EventFactory(published=True, capacity=10)
    twins = [RegistrationFactory(event=event, email="rosa@example.org") for _n in range(THREADS)]
    assert all_at_once([lambda b=twin: actions.confirm_booking(booking=b) for twin in twins]) == []
    assert [booking.state for booking in event.registrations.all()] == [State.BOOKED]


def test_offer_is_accepted_while_it_lapses():
    event = EventFactory(published=True, capacity=1)
    offered = RegistrationFactory(event=event, offered=True)
    next_one = RegistrationFactory(event=event, waiting=True)
    late = offered.offered_until.replace(year=2199)
    all_at_once([lambda: actions.accept_offer(booking=offered), lambda: actions.lapse_offers(late)])
    states = sorted([Registration.objects.get(pk=offered.pk).state, Registration.objects.get(pk=next_one.pk).state])
    assert states in ([State.BOOKED, State.WAITING], sorted([State.LAPSED, State.OFFERED]))
