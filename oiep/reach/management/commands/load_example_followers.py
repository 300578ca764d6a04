import datetime

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from oiep.locks import lock_on
from oiep.reach.models import Follow, Follower
from partners.models import District, Partner, PriorityArea

_WEEKLY, _MONTHLY = Follow.Rhythm.WEEKLY, Follow.Rhythm.MONTHLY
# address, language, what is followed, how often, whether it was confirmed
_FOLLOWS = [
    ("hannah.follows@example.org", "en-gb", ("area", "local-spend"), _WEEKLY, True),
    ("hannah.follows@example.org", "en-gb", ("place", "oxford"), _MONTHLY, True),
    ("journalist@example.org", "en-gb", ("partner", "Thameside Health Partnership (example)"), _WEEKLY, True),
    ("marek.follows@example.org", "pl", ("area", "education-skills-jobs"), _WEEKLY, True),
    ("layla.follows@example.org", "ar", ("place", "cherwell"), _MONTHLY, True),
    ("not.confirmed@example.org", "en-gb", ("area", "housing-affordability"), _WEEKLY, False),
]


class Command(BaseCommand):
    help = "Adds example followers of areas, places and partners to a local machine, once, after load_examples."

    @transaction.atomic
    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("These are examples for a local machine; nothing was loaded with SITE=production.")
        lock_on("load_example_followers")
        if Follower.objects.filter(email__in={row[0] for row in _FOLLOWS}).exists():
            self.stdout.write("Example followers: they are here already.")
            return
        if not Partner.objects.filter(is_example=True).exists():
            raise CommandError("There are no examples to follow yet. Run first: python manage.py load_examples")
        for row in _FOLLOWS:
            self.add(*row)
        self.stdout.write(f"Example followers: added {len(_FOLLOWS)} things that somebody follows.")

    def add(self, email, language, followed, rhythm, confirmed):
        kind, name = followed
        models = {"area": (PriorityArea, "slug"), "place": (District, "slug"), "partner": (Partner, "name")}
        model, field = models[kind]
        follower, _new = Follower.objects.get_or_create(email=email, defaults={"language": language})
        asked_at = timezone.now() - datetime.timedelta(days=20 if confirmed else 2)
        follow = Follow(follower=follower, rhythm=rhythm, source="0" * 64, asked_at=asked_at)
        setattr(follow, kind, model.objects.get(**{field: name}))
        if confirmed:
            follow.confirmed_at, follow.told_until = asked_at, timezone.localdate(asked_at)
        follow.full_clean(exclude=["area", "place", "partner"])  # two of them are empty
        follow.save()
