import datetime
import tomllib
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from events.models import Event, Feedback, LearningPoint, ProgrammeItem, Registration
from oiep.locks import lock_on
from partners.models import District, PriorityArea
from pledges.management.commands.load_reference import save
from working_groups.times import instant_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "events.toml"
State = Registration.State
_SUNDAY = 6


class Command(BaseCommand):
    help = "Adds example events with bookings to a local machine, once, after load_examples and load_events."

    @transaction.atomic
    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("These are examples for a local machine; nothing was loaded with SITE=production.")
        lock_on("load_example_events")
        if Event.objects.filter(is_example=True).exists():
            self.stdout.write("Example events: they are here already.")
            return
        entries = tomllib.loads(EXAMPLES.read_text("utf-8"))["event"]
        for entry in entries:
            self.add(entry)
        self.stdout.write(f"Example events: added {len(entries)} events.")

    def add(self, entry):
        starts_at = _at(entry["day"], entry["time"])
        published_at = min(timezone.now(), starts_at) - datetime.timedelta(days=30)
        words = ("slug", "kind", "title", "summary", "about", "place", "online_url", "access")
        event = save(
            Event,
            starts_at=starts_at,
            ends_at=starts_at + datetime.timedelta(hours=entry["hours"]),
            published_at=published_at,
            cancelled_at=timezone.now() if "cancelled" in entry else None,
            cancelled_why=entry.get("cancelled", ""),
            capacity=entry.get("capacity"),
            district=District.objects.filter(slug=entry.get("district")).first(),
            organiser=self.organiser(entry),
            is_example=True,
            **{name: entry.get(name, "").strip() for name in words},
            **({"who_may_come": entry["who_may_come"]} if "who_may_come" in entry else {}),
        )
        event.areas.set(PriorityArea.objects.filter(slug__in=entry.get("areas", [])))
        for number, item in enumerate(entry.get("programme", [])):
            at = datetime.time.fromisoformat(item.pop("at"))
            save(ProgrammeItem, event=event, starts_at=at, order=number, **item)
        for number, text in enumerate(entry.get("learning", [])):
            save(LearningPoint, event=event, text=text, order=number)
        self.add_bookings(event, entry)

    def organiser(self, entry):
        users = get_user_model().objects.filter(is_example=True, email=entry.get("organiser", ""))
        if "organiser" in entry and not users:
            raise CommandError(f"There is no example account {entry['organiser']}. Run first: load_examples")
        return users.first()

    def add_bookings(self, event, entry):
        booked, waiting = entry.get("booked", 0), entry.get("waiting", 0)
        for number in range(1, booked + waiting + 1):
            at = event.published_at + datetime.timedelta(hours=number)
            waits = number > booked
            came = number <= entry.get("came", 0)
            booking = save(
                Registration,
                event=event,
                name=f"Example Guest {number}",
                email=f"guest{number}@example.org",
                state=State.WAITING if waits else State.BOOKED,
                created_at=at,
                confirmed_at=at,
                queued_at=at if waits else None,
                arrived=int(came),
                checked_in_at=event.starts_at if came else None,
                dietary_needs="Vegan" if number % 5 == 0 else "",
                photographs=number % 3 == 0,
            )
            if number <= len(entry.get("feedback", [])):
                said = dict(entry["feedback"][number - 1])
                save(Feedback, event=event, registration=booking, may_quote=said.pop("quote", False), **said)


def _at(days, time):
    """A time in Oxfordshire on the day that many days from today; on the day after where that is a Sunday."""
    day = timezone.localdate() + datetime.timedelta(days=days)
    day += datetime.timedelta(days=day.weekday() == _SUNDAY)
    return instant_of(day, datetime.time.fromisoformat(time))
