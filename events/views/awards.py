"""The public pages of the awards. What a page shows follows from the clock, each time that somebody asks."""

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events.honours import honours_of_rounds
from events.models import AwardRound, Category, Nomination
from oiep.rules import rules
from partners.models import Partner
from pledges.models import Story


@never_cache  # a copy that was kept would still hide, or still promise, what the clock has settled since
@require_safe
def awards(request):
    """What the awards are, where this year's stand, and who has won so far."""
    rounds = list(AwardRound.objects.published())
    now = timezone.now()
    over = [award_round for award_round in rounds if award_round.is_announced(now)]
    winners = honours_of_rounds(over, now)
    context = {
        "current": [award_round for award_round in rounds if award_round not in over],
        "years": [{"round": award_round, "winners": winners.get(award_round.pk, ())} for award_round in over],
        "now": now,
        "rules": rules(),
    }
    return render(request, "awards/awards.html", context)


@never_cache
@require_safe
def year(request, year):
    """A year's awards, for ever: what they are for and, each from its time on, the shortlist and the winners."""
    award_round = get_object_or_404(AwardRound.objects.published().select_related("event"), year=year)
    now = timezone.now()
    context = {
        "round": award_round,
        "now": now,
        "is_announced": award_round.is_announced(now),
        "takes_votes": award_round.takes_votes(now),
        "is_open": award_round.takes_nominations(now),
        "categories": _categories(award_round, now),
        "criteria": award_round.criteria.all(),
        "published_partners": set(_published_partners(award_round)),
        "event": award_round.event if award_round.event and award_round.event.published_at else None,
        "rules": rules(),
    }
    return render(request, "awards/year.html", context)


def _categories(award_round, now):
    """The categories, each with who won and who else was on its shortlist: also those who have withdrawn since, whose
    names were public."""
    rows = Nomination.objects.approved().filter(is_shortlisted=True, category__round__shortlisted_at__isnull=False)
    stories = Prefetch("story", Story.objects.published(), to_attr="shown_story")
    rows = rows.select_related("partner", "pledge__area").prefetch_related(stories).order_by("partner__sort_name", "pk")
    categories = Category.objects.filter(round=award_round).select_related("area")
    placed = dict(Nomination.objects.placed(now).filter(category__round=award_round).values_list("pk", "place"))
    return [
        {
            "category": category,
            "winners": [row for row in category.shortlist if placed.get(row.pk) == Nomination.WINNER],
            "commended": [row for row in category.shortlist if placed.get(row.pk) == Nomination.COMMENDED],
            "others": [row for row in category.shortlist if row.pk not in placed],
        }
        for category in categories.prefetch_related(Prefetch("nominations", rows, to_attr="shortlist"))
    ]


def _published_partners(award_round):
    nominated = Nomination.objects.filter(category__round=award_round, is_shortlisted=True).values("partner")
    return Partner.objects.published().filter(pk__in=nominated).values_list("pk", flat=True)
