import datetime
import random

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from oiep.models import User
from oiep.moderation import State
from oiep.text import fold
from partners.models import District, Kind, Membership, Partner, PriorityArea, Sector, Size
from pledges.models import Pledge

_AT_A_TIME = 2000
_FIRST = (
    "Abbey", "Bridge", "Canal", "Dene", "Elm", "Forge", "Garden", "Harvest", "Isis", "Jericho", "Kiln", "Larch",
    "Meadow", "Nettle", "Orchard", "Quarry",
)  # fmt: skip
_SECOND = (
    "Bakery", "Builders", "Care", "Dental", "Energy", "Foods", "Garage", "Housing", "Joinery", "Kitchens",
    "Logistics", "Media", "Nursery", "Press",
)  # fmt: skip
_WORDS = (
    "apprentice", "local", "wage", "school", "bus", "route", "meal", "room", "training", "mentor", "refugee",
    "carer", "supplier", "garden", "tutor", "hours", "older", "worker",
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Fills a trial site with many approved partners, each with a lead and two live pledges, to see how quick it "
        "stays. Refused in production and where partners are that are no examples."
    )

    def add_arguments(self, parser):
        parser.add_argument("--partners", type=int, default=1000, help="Organisations.")
        parser.add_argument("--residents", type=int, default=0)

    def handle(self, *, partners, residents, **options):
        if settings.PRODUCTION or Partner.objects.filter(is_example=False).exists():
            raise CommandError("There are real partners here, or this is production. This is for a trial site alone.")
        chance = random.Random(partners)  # noqa: S311 - the same site each time
        self.areas, self.districts = list(PriorityArea.objects.all()), list(District.objects.all())
        self.sectors = list(Sector.objects.all())
        if not (self.areas and self.districts):
            raise CommandError("There are no priority areas yet. Run: python manage.py prepare")
        manager = (
            User.objects.filter(is_staff=True).first() or User.objects.get_or_create(email="scale@oiep.example")[0]
        )
        have = Partner.objects.filter(slug__startswith="scale-").count()
        for start in range(0, partners + residents, _AT_A_TIME):
            numbers = range(have + start, have + min(start + _AT_A_TIME, partners + residents))
            with transaction.atomic():
                self._add(numbers, have + partners, manager, chance)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        self.stdout.write(f"Added {partners} organisations and {residents} residents, with two pledges each.")

    def _add(self, numbers, residents_from, manager, chance):
        now = timezone.now()
        rows = [self._partner(number, number >= residents_from, manager, now, chance) for number in numbers]
        rows = Partner.objects.bulk_create(rows)
        users = User.objects.bulk_create(
            User(email=f"{row.slug}@scale.invalid", name=f"Lead of {row.pk}") for row in rows
        )
        Membership.objects.bulk_create(
            Membership(partner=row, user=user, role=Membership.Role.LEAD) for row, user in zip(rows, users, strict=True)
        )
        pledges, areas, districts = [], [], []
        for row in rows:
            chosen = chance.sample(self.areas, min(2, len(self.areas)))
            pledges += [self._pledge(row, area, manager, chance) for area in chosen]
            areas += [Partner.areas.through(partner=row, priorityarea=area) for area in chosen]
            if not row.county_wide:
                where = chance.sample(self.districts, chance.randint(1, 2))
                districts += [Partner.districts.through(partner=row, district=place) for place in where]
        Pledge.objects.bulk_create(pledges)
        Partner.areas.through.objects.bulk_create(areas)
        Partner.districts.through.objects.bulk_create(districts)

    def _partner(self, number, is_resident, manager, now, chance):
        approved = now - datetime.timedelta(days=chance.randint(1, 300), seconds=number % 86400)
        name = f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {number}"
        row = Partner(
            kind=Kind.RESIDENT if is_resident else chance.choice([kind for kind in Kind if kind != Kind.RESIDENT]),
            name=name,
            slug=f"scale-{number}",
            show_name=not is_resident,
            size="" if is_resident else chance.choice(Size.values),
            sector=chance.choice(self.sectors) if self.sectors and not is_resident else None,
            county_wide=not is_resident and chance.random() < 0.1,
            description=" ".join(chance.choices(_WORDS, k=12)).capitalize() + ".",
            is_example=True,
            next_round_on=timezone.localdate(approved) + datetime.timedelta(days=365),
            approved_at=approved,
            **_approved(approved, manager),
        )
        row.clean()
        return row

    def _pledge(self, partner, area, manager, chance):
        statement = " ".join(chance.choices(_WORDS, k=10)).capitalize() + "."
        return Pledge(
            partner=partner,
            area=area,
            capacity=Pledge.Capacity.RESIDENT if partner.kind == Kind.RESIDENT else Pledge.Capacity.EMPLOYER,
            statement=statement,
            search_text=fold(statement),
            started_on=timezone.localdate(partner.approved_at),
            **_approved(partner.approved_at, manager),
        )


def _approved(moment, manager):
    return {"state": State.APPROVED, "submitted_at": moment, "decided_at": moment, "decided_by": manager}
