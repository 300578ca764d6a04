"""What waits for the manager, a partner at a time."""

import datetime
import hashlib
import json

from django.core import serializers
from django.db import models
from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.moderation import State, Urgency, sent_in_before
from partners.models import Partner, PartnerQuerySet, ProfileChange, Recognition
from pledges.models.pledges import Pledge
from pledges.models.reviews import Review

# Where a partner has to be for its pledges and changes to wait for the manager: those of a partner that was asked for
# changes wait for the partner, and those of a declined one for nobody.
_BEFORE_THE_MANAGER = (State.SUBMITTED, State.APPROVED)


def _pledges():
    return Pledge.objects.submitted().filter(ended_at=None).order_by()


def _changes():
    return ProfileChange.objects.submitted().order_by()


def _reviews():
    return Review.objects.submitted().filter(closed_at=None).order_by()


def _recognitions():
    return Recognition.objects.submitted().filter(ended_at=None).order_by()


# What belongs to a partner and waits, beside its signature.
_PARTS = (_pledges, _changes, _reviews, _recognitions)


def _of_each(rows, aggregate):
    """For each partner, a figure over its rows."""
    rows = rows.filter(partner=OuterRef("pk"))
    return Subquery(rows.values("partner").annotate(figure=aggregate).values("figure"))


class CaseQuerySet(PartnerQuerySet):
    def waiting(self):
        """Partners of which something waits for a decision, with how much of it and since when, the oldest first.

        `waiting_since`: when the signature was sent in, or else the oldest pledge, change, review or recognition of
        an approved partner.
        """
        signatures = Partner.objects.submitted().order_by()
        # One set of keys from small indexes, whatever the number of partners that do not wait.
        keys = signatures.values("pk").union(*(rows().values("partner") for rows in _PARTS))
        sent_in = Min("submitted_at")
        return (
            self.filter(pk__in=keys, withdrawn_at=None, state__in=_BEFORE_THE_MANAGER)
            .annotate(
                pledges_waiting=Coalesce(_of_each(_pledges(), Count("pk")), 0),
                changes_waiting=Coalesce(_of_each(_changes(), Count("pk")), 0),
                reviews_waiting=Coalesce(_of_each(_reviews(), Count("pk")), 0),
                recognitions_waiting=Coalesce(_of_each(_recognitions(), Count("pk")), 0),
                waiting_since=models.Case(
                    When(state=State.SUBMITTED, then="submitted_at"),
                    default=Least(*(_of_each(rows(), sent_in) for rows in _PARTS)),
                ),
            )
            .order_by("waiting_since", "pk")
        )

    def urgent(self, urgency, today=None):
        """Those of `waiting()` that are in time, soon due or late."""
        return self.filter(urgency_condition(urgency, today))

    def with_waiting(self, what):
        """Those of `waiting()` with a signature, pledges, a changed profile, a review or a recognition that waits."""
        return {
            "signature": self.submitted,
            "pledges": lambda: self.filter(pk__in=_pledges().values("partner")),
            "change": lambda: self.filter(pk__in=_changes().values("partner")),
            "review": lambda: self.filter(pk__in=_reviews().values("partner")),
            "recognition": lambda: self.filter(pk__in=_recognitions().values("partner")),
        }.get(what, self.none)()

    def figures(self):
        """How many of `waiting()` there are, by urgency, and by what waits (where one can count more than once)."""
        counted = {urgency.value: urgency_condition(urgency) for urgency in Urgency}
        parts = {"pledges": _pledges(), "changes": _changes(), "reviews": _reviews()}
        parts["recognitions"] = _recognitions()
        counted |= {name: Q(pk__in=rows.values("partner")) for name, rows in parts.items()}
        counted["signatures"] = Q(state=State.SUBMITTED)
        return self.aggregate(total=Count("pk"), **{name: Count("pk", filter=q) for name, q in counted.items()})

    def decided_lately(self, days=90):
        """Partners with a decision in the last days, and when the latest was (`decided_last`), the latest first."""
        since = timezone.now() - datetime.timedelta(days=days)
        partners, *parts = (
            model.objects.filter(decided_at__gte=since).order_by()
            for model in (Partner, Pledge, ProfileChange, Review, Recognition)
        )
        latest = Max("decided_at")
        return (
            self.filter(pk__in=partners.values("pk").union(*(rows.values("partner") for rows in parts)))
            .annotate(decided_last=Greatest("decided_at", *(_of_each(rows, latest) for rows in parts)))
            .order_by("-decided_last", "pk")
        )

    def to_decide_on(self):
        """With all that `things_waiting` and a letter to the lead need."""
        return self.prefetch_related(
            "pledges__area",
            "pledges__replaces",
            "profile_changes",
            "reviews",
            "recognitions__kind",
            "recognitions__replaces",
            "districts",
            "memberships__user",
            "signatures",
        )


def urgency_condition(urgency, today=None):
    """The condition on `waiting_since` for how late a decision is (product.md, *Moderation*)."""
    amber, red = sent_in_before(Urgency.AMBER, today), sent_in_before(Urgency.RED, today)
    return {
        Urgency.GREEN: Q(waiting_since__gte=amber),
        Urgency.AMBER: Q(waiting_since__lt=amber, waiting_since__gte=red),
        Urgency.RED: Q(waiting_since__lt=red),
    }[urgency]


class Case(Partner):
    """A partner as the manager decides on it, with all that it has sent in on one screen."""

    objects = CaseQuerySet.as_manager()

    class Meta:
        proxy = True
        verbose_name = _("signature or change to decide on")
        verbose_name_plural = _("waiting for a decision")

    @property
    def things_waiting(self):
        parts = (self.pledges, self.profile_changes, self.reviews, self.recognitions)
        return things_waiting(self, *(part.all() for part in parts))

    @property
    def fingerprint(self):
        return fingerprint(self.things_waiting)


def things_waiting(partner, pledges, changes, reviews, recognitions):
    """What waits for the manager: the partner, its pledges, the change to its profile, reviews, recognitions."""
    if partner.withdrawn_at or partner.state not in _BEFORE_THE_MANAGER:
        return []
    return [
        *([partner] if partner.state == State.SUBMITTED else []),
        *(pledge for pledge in pledges if pledge.state == State.SUBMITTED and not pledge.ended_at),
        *(change for change in changes if change.state == State.SUBMITTED),
        *(review for review in reviews if review.state == State.SUBMITTED and not review.closed_at),
        *(claim for claim in recognitions if claim.state == State.SUBMITTED and not claim.ended_at),
    ]


def fingerprint(things):
    """Differs when anything that waits is not what it was: decided, withdrawn, edited or added to."""
    rows = []
    for thing in things:
        fields = [field.name for field in thing._meta.concrete_fields if not field.generated]
        (row,) = serializers.serialize("python", [thing], fields=[*fields, "districts"])
        # A partner is the same whether it was read as a Case or as a Partner.
        rows.append(json.dumps([row["pk"], row["fields"]], default=str, sort_keys=True))
    return hashlib.sha256("".join(sorted(rows)).encode()).hexdigest()
