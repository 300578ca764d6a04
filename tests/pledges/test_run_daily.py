"""The day's work, by the scheduler's tick and by hand."""

import datetime

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from oiep.day import tick
from oiep.models import AuditEvent, OutgoingEmail
from pledges.actions import daily
from pledges.models import DueDate, Review
from tests.factories import PartnerFactory, ResidentFactory
from tests.pledges.days import date, letters, newest, not_sent, on, pass_days

pytestmark = pytest.mark.django_db

SIGNED = date("2026-05-04")


@pytest.fixture
def partner():
    with on(SIGNED):
        return PartnerFactory(approved=True, lead=True)


@pytest.fixture
def run_daily(capsys):
    def run(*arguments):
        call_command("run_daily", *arguments)
        return capsys.readouterr().out

    return run


def at(text):
    """A moment in UTC."""
    return time_machine.travel(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC), tick=False)


# The tick -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2027-04-03T23:30", False),  # 00:30 on the day, in summer time
        ("2027-04-04T05:59", False),
        ("2027-04-04T06:00", True),  # 7 in the morning
        ("2027-04-04T22:59", True),
    ],
)
def test_tick_does_nothing_before_seven_in_london(partner, moment, opened):
    with at(moment):
        tick()
    assert partner.reviews.exists() is opened


@pytest.mark.parametrize(("moment", "opened"), [("2027-01-04T06:59", False), ("2027-01-04T07:00", True)])
def test_tick_in_winter(moment, opened):
    with at("2026-02-03T12:00"):
        partner = PartnerFactory(approved=True, lead=True)
    with at(moment):
        tick()
    assert partner.reviews.exists() is opened


def test_ticks_of_a_whole_day_do_its_work_once(partner):
    for hour in range(24):
        for minute in (3, 33):
            with at(f"2027-04-04T{hour:02}:{minute:02}"):
                tick()
    assert OutgoingEmail.objects.count() == 1
    assert AuditEvent.objects.filter(verb="review.opened").count() == 1


def test_beat_names_the_tick_and_lets_it_expire_before_the_next():
    entry = settings.CELERY_BEAT_SCHEDULE["run-day"]
    assert entry["task"] == tick.name
    assert entry["options"]["expires"] < entry["schedule"] <= 600


# By hand --------------------------------------------------------------------------------------


def test_by_hand_does_what_the_tick_does_and_says_so(partner, run_daily):
    with on(date("2027-04-04")):
        assert run_daily() == (
            "The day's work for 4 April 2027:\n"
            "- Residents forgotten, after two years without an answer: 0\n"
            "- Partners that withdrew whose contact data was deleted: 0\n"
            "- Declined signatures, pledges, changes, reviews, recognitions and stories deleted: 0\n"
            "- Old messages from visitors deleted: 0\n"
            "- Old invitations and requests to join deleted: 0\n"
            "- Stories deleted that nobody confirmed, or that somebody in them withdrew from: 0\n"
            "- Accounts erased that were made to answer an invitation and never used for anything: 0\n"
            "- Old e-mails emptied or deleted: 0\n"
            "- Old notes in the audit trail emptied: 0\n"
            "- People forgotten who came to events, and bookings deleted that nobody confirmed: 0\n"
            "- Lists deleted that were not brought in: 0\n"
            "- Sessions that had run out deleted: 0\n"
            "- Rows about people who were erased, that came meanwhile, deleted: 0\n"
            "- Reviews opened: 1\n"
            "- Reminders recorded, each with its e-mail or the reason why there is none: 1\n"
            "- Partners asked to sign the new version of the Charter: 0\n"
            "- Partners marked as lapsed: 0\n"
            "- Logos deleted that were in use no more: 0\n"
            "- Meetings to which members were invited who had joined since: 0\n"
            "- People asked what they thought of an event: 0\n"
            "- Answers about events of which nobody can tell any more whose they were: 0\n"
            "- Digests recorded for who follows something, each with its e-mail or why there is none: 0\n"
            "- Requests to follow something deleted that nobody confirmed: 0\n"
            "- Failed; the log says why, and the next run tries again: 0\n"
        )
        assert "- Reviews opened: 0\n" in run_daily()
        tick()
    assert OutgoingEmail.objects.count() == 1


def test_missed_day_is_run_by_its_date_and_today_catches_up(partner, run_daily):
    pass_days([date("2027-04-04")])
    with on(date("2027-05-20")):
        assert run_daily("--date", "2027-04-28").startswith("The day's work for 28 April 2027:\n")
        letter = OutgoingEmail.objects.get(template="review_week")
        assert "Your progress review was due on Tuesday 4 May 2027, and we have no answer yet." in letter.text
        assert run_daily("--date", "2027-05-20") == run_daily().replace("recorded, each with its e-mail or the reason "
            "why there is none: 0", "recorded, each with its e-mail or the reason why there is none: 1")  # fmt: skip
    assert [step for _due, step, _why in not_sent(partner)] == ["due"]


def test_missed_day_that_opens_a_review_leaves_the_days_since_as_they_were(partner, run_daily):
    with on(date("2027-04-20")):
        run_daily("--date", "2027-04-04")
    assert DueDate.objects.get().known_from == date("2027-04-20")


@pytest.mark.parametrize("text", ["2027-13-01", "2027-02-29", "04.05.2027", "tomorrow", "20270504", "2027-5-4x"])
def test_malformed_date_is_refused(run_daily, text):
    with pytest.raises(CommandError, match=rf"^“{text}” is not a day. Write it as year, month and day: 2027-05-04.$"):
        run_daily("--date", text)


def test_day_to_come_is_refused_unless_it_is_a_trial(partner, run_daily):
    with on(date("2027-04-01")), pytest.raises(CommandError, match=r"^4 April 2027 is still to come: .* Add --dry-run"):
        run_daily("--date", "2027-04-04")
    assert not partner.reviews.exists()


def test_trial_says_what_a_day_would_bring_and_does_nothing(partner, run_daily, django_capture_on_commit_callbacks):
    with on(date("2026-11-22")), django_capture_on_commit_callbacks() as callbacks:
        said = run_daily("--date", "2027-05-18", "--dry-run")
    assert said.startswith("A trial of the day's work for 18 May 2027:\n")
    assert "- Reviews opened: 1\n" in said
    assert "none: 1\n" in said
    assert said.endswith("Nothing was changed and nothing will be sent.\n")
    assert callbacks == []
    assert not Review.objects.exists()
    assert not OutgoingEmail.objects.exists()
    partner.refresh_from_db()
    assert partner.next_round_on == date("2027-05-04")


def test_failure_fails_the_command_after_the_rest_was_done(partner, run_daily, caplog):
    with on(SIGNED):
        sound = PartnerFactory(approved=True, lead=True)
    type(partner).objects.filter(pk=partner.pk).update(slug="")
    with on(date("2027-04-04")), pytest.raises(CommandError, match=r"^Some of the day's work failed.$"):
        run_daily()
    assert OutgoingEmail.objects.about(newest(sound)).count() == 1
    assert "The day's work failed for pledges.Review" in caplog.text


def test_day_of_residents_and_organisations_together():
    with on(SIGNED):
        organisation, resident = PartnerFactory(approved=True, lead=True), ResidentFactory(approved=True, lead=True)
    pass_days([date("2027-04-04"), date("2027-05-04")])
    assert letters(organisation) == [("2027-04-04", "opened"), ("2027-05-04", "due")]
    assert letters(resident) == [("2027-05-04", "yearly")]


def test_other_work_waits_for_the_disk_again_after_the_day_has_been_done(monkeypatch):
    def setting():
        """What it is, and whether it was set for this session: the tests' database as a whole does not wait."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT setting, source = 'session' FROM pg_settings WHERE name = 'synchronous_commit'")
            return cursor.fetchone()

    before, seen = setting(), []
    monkeypatch.setattr(daily, "partners_to_lapse", lambda today: seen.append(setting()) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        daily.run_day()
    assert seen == [("off", True)]
    assert setting() == before == (before[0], False)
