import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from events.eligibility import obstacles, pledges_of
from events.models import AwardRound, Category, Criterion, Nomination
from oiep.locks import lock_on
from oiep.moderation import State
from partners.models import Kind, Partner, Size

TITLE = "Inclusive Economy Awards (example)"
ABOUT = "We honour what came of a pledge: what a partner did, what it reported, and what others can learn from it."
CATEGORIES = (
    {"name": "Pledge of the year", "slug": "pledge-of-the-year", "about": "A promise that made a difference."},
    {"name": "Small and mighty", "slug": "small-and-mighty", "size": Size.MICRO},
    {"name": "People's choice", "slug": "peoples-choice", "is_peoples_choice": True},
)
CRITERIA = (
    ("What changed", "Somebody is better off, and it can be seen.", 2),
    ("Evidence", "The figures and words that were reported show it.", 1),
    ("Others can do it", "It can be copied, and the partner says how.", 1),
)
WHY = "What they reported speaks for itself: they did what they promised, and showed others how to do it."
REFUSAL = "It says nothing of what the partner did. Tell us in a sentence or two what changed, and for whom."


class Command(BaseCommand):
    help = (
        "Adds example awards to a local machine, once, after load_examples: last year's with winners, this year's open."
    )

    @transaction.atomic
    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("These are examples for a local machine; nothing was loaded with SITE=production.")
        lock_on("load_example_awards")
        if AwardRound.objects.exists():
            self.stdout.write("Example awards: they are here already.")
            return
        users = get_user_model().objects.filter(is_example=True)
        self.member = users.filter(is_staff=False).order_by("pk").first()
        self.manager = users.filter(is_staff=True).order_by("pk").first()
        organisations = Partner.objects.listed().filter(is_example=True).exclude(kind=Kind.RESIDENT).order_by("pk")
        if not (self.member and self.manager and organisations):
            raise CommandError("There are no example partners. Run first: load_examples")
        self.organisations = list(organisations)
        now = timezone.now().replace(minute=0, second=0, microsecond=0)
        self.add_last_year(now)
        self.add_this_year(now)
        self.stdout.write("Example awards: added 2 years.")

    def add_round(self, now, year, days, **values):
        """days: from today until nominations open, close, are judged, and the winners are announced."""
        names = ("opens_at", "closes_at", "judged_until", "announced_at")
        times = {name: now + datetime.timedelta(days=n) for name, n in zip(names, days, strict=True)}
        award_round = AwardRound.objects.create(
            year=year, title=TITLE, about=ABOUT, published_at=times["opens_at"], is_example=True, **times, **values
        )
        for order, category in enumerate(CATEGORIES):
            Category.objects.create(round=award_round, order=order, **category)
        for order, (name, about, weight) in enumerate(CRITERIA):
            Criterion.objects.create(round=award_round, name=name, about=about, weight=weight, order=order)
        return award_round

    def add_last_year(self, now):
        award_round = self.add_round(
            now, now.year - 1, (-430, -380, -350, -330), shortlisted_at=now - datetime.timedelta(days=349)
        )
        for category in award_round.categories.all():
            for place, partner in zip((1, 2, None), self.fitting(category), strict=False):
                self.nominate(category, partner, State.APPROVED, is_shortlisted=True, place=place)

    def add_this_year(self, now):
        award_round = self.add_round(now, now.year, (-20, 25, 55, 75))
        category = award_round.categories.first()
        states = (State.SUBMITTED, State.APPROVED, State.CHANGES_ASKED, State.DECLINED)
        for state, partner in zip(states, self.fitting(category), strict=False):
            self.nominate(category, partner, state)

    def fitting(self, category):
        return (partner for partner in self.organisations if not obstacles(category, partner))

    def nominate(self, category, partner, state, **values):
        nominated_at = category.round.opens_at + datetime.timedelta(days=2)
        decided = state in (State.APPROVED, State.CHANGES_ASKED, State.DECLINED)
        nomination = Nomination(
            category=category,
            partner=partner,
            nominated_by=self.member,
            nominated_at=nominated_at,
            why=WHY,
            pledge=pledges_of(partner).first(),
            state=state,
            submitted_at=nominated_at,
            decided_at=nominated_at if decided else None,
            decided_by=self.manager if decided else None,
            decision_message=REFUSAL if state in (State.CHANGES_ASKED, State.DECLINED) else "",
            **values,
        )
        nomination.full_clean()
        nomination.save()
