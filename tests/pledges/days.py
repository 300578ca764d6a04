"""Days that pass in a test: the clock stands at some minutes past 7 in London, and the day's work is done twice."""

import datetime
from zoneinfo import ZoneInfo

import time_machine
from django.utils import timezone

from oiep import email
from oiep.models import OutgoingEmail
from oiep.moderation import Move, move
from pledges.actions import answers, reviews
from pledges.actions.daily import run_day

LONDON = ZoneInfo("Europe/London")


def date(text):
    return datetime.date.fromisoformat(text)


def morning_of(day):
    """Clocks that change do so before 7: this moment exists once on each day of the year."""
    return datetime.datetime.combine(day, datetime.time(7, 5), LONDON).astimezone(datetime.UTC)


def on(day):
    """Within it, it is that morning."""
    return time_machine.travel(morning_of(day), tick=False)


def days_between(first, last):
    return [first + datetime.timedelta(days=n) for n in range((last - first).days + 1)]


def pass_days(days, happenings=(), run=run_day):
    """Lets these days pass, in their order; on those left out, the scheduler sleeps.

    happenings: (day, call) pairs, each done after the work of that day, if any is done on it. run: that work, the
    share of pledges unless it is given.
    """
    calls = {}
    for day, call in happenings:
        calls.setdefault(day, []).append(call)
    days = set(days)
    for day in sorted(days | calls.keys()):
        with on(day):
            if day in days:
                assert run(day)["failed"] == 0
                email.send_due()
                again = run(day)
                assert not any(again.values()), (day, again)
            for call in calls.get(day, ()):
                call()


def newest(partner):
    return partner.reviews.order_by("-round_on").first()


def send_in(partner):
    answers.send_in(review=newest(partner), actor=partner.lead.user)


def approve(partner, manager):
    move(newest(partner), Move.APPROVE, actor=manager)
    reviews.refresh_lapse(partner=partner)


def reminders_about(review):
    """The ledger of a review: the rows of its steps, not other mail about it."""
    return OutgoingEmail.objects.filter(key__regex=rf"^review/{review.pk}/\d{{4}}-")


def letters(partner):
    """The reminders that a partner was sent: [(day, step), …]; a second contact's as `final/second`."""
    found = []
    for review in partner.reviews.all():
        for row in reminders_about(review).filter(state=OutgoingEmail.State.SENT):
            step = "/".join(row.key.split("/")[3:5])
            found.append((timezone.localdate(row.sent_at).isoformat(), step))
    return sorted(found)


def not_sent(partner):
    """The steps of a partner's reviews that were not sent: [(due date, step, why), …]."""
    found = []
    for review in partner.reviews.all():
        for row in reminders_about(review).filter(state=OutgoingEmail.State.NOT_SENT):
            found.append((*row.key.split("/")[2:4], row.reason))
    return sorted(found)
