"""What waits for the manager, a partner at a time."""

import datetime
import hashlib

from django.core import serializers
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.moderation import State, Urgency, sent_in_before
from partners.models import Partner, PartnerQuerySet, ProfileChange
from pledges.models.pledges import Pledge
from pledges.models.reviews import Review

# Where a partner has to be for its pledges and changes to wait for the manager: those of a partner that was asked for
# changes wait for the partner, and those of a declined one for nobody.
_BEFORE_THE_MANAGER = (State.SUBMITTED, State.APPROVED)

# On the annotations of `waiting()`.
_SIGNATURE, _PLEDGES, _CHANGE = Q(state=State.SUBMITTED), Q(pledges_waiting__gt=0), Q(changes_waiting__gt=0)
_REVIEW = Q(reviews_waiting__gt=0)


def _waiting(queryset):
    return queryset.submitted().filter(partner__withdrawn_at=None, partner__state__in=_BEFORE_THE_MANAGER)


class CaseQuerySet(PartnerQuerySet):
    def waiting(self):
        """Partners of which something waits for a decision, with how much of it and since when, the oldest first.

        `waiting_since`: when the signature was sent in, or else the oldest pledge, change or review of an approved
        partner.
        """
        pledges = _waiting(Pledge.objects.filter(ended_at=None))
        changes = _waiting(ProfileChange.objects.all())
        reviews = _waiting(Review.objects.filter(closed_at=None))
        signatures = Partner.objects.submitted().filter(withdrawn_at=None)
        pledges_here = pledges.filter(partner=OuterRef("pk")).order_by()
        changes_here = changes.filter(partner=OuterRef("pk")).order_by()
        reviews_here = reviews.filter(partner=OuterRef("pk")).order_by()

        def oldest(rows):
            return Subquery(rows.values("partner").annotate(at=models.Min("submitted_at")).values("at"))

        def number(rows):
            return Coalesce(Subquery(rows.values("partner").annotate(n=Count("pk")).values("n")), 0)

        # One set of keys from small indexes, whatever the number of partners that do not wait.
        others = (rows.order_by().values("partner") for rows in (pledges, changes, reviews))
        waiting = signatures.order_by().values("pk").union(*others)
        return (
            self.filter(pk__in=waiting)
            .annotate(
                pledges_waiting=number(pledges_here),
                changes_waiting=number(changes_here),
                reviews_waiting=number(reviews_here),
                waiting_since=models.Case(
                    When(state=State.SUBMITTED, then="submitted_at"),
                    default=Least(oldest(pledges_here), oldest(changes_here), oldest(reviews_here)),
                ),
            )
            .order_by("waiting_since", "pk")
        )

    def urgent(self, urgency, today=None):
        """Those of `waiting()` that are in time, soon due or late."""
        return self.filter(urgency_condition(urgency, today))

    def figures(self):
        """How many of `waiting()` there are, by urgency, and by what waits (where one can count more than once)."""
        counted = {urgency.value: urgency_condition(urgency) for urgency in Urgency}
        counted |= {"signatures": _SIGNATURE, "pledges": _PLEDGES, "changes": _CHANGE, "reviews": _REVIEW}
        return self.aggregate(total=Count("pk"), **{name: Count("pk", filter=q) for name, q in counted.items()})

    def with_waiting(self, what):
        """Those of `waiting()` with a signature, pledges, a changed profile or a review that waits."""
        conditions = {"signature": _SIGNATURE, "pledges": _PLEDGES, "change": _CHANGE, "review": _REVIEW}
        return self.filter(conditions.get(what, Q(pk=None)))

    def decided_lately(self, days=90):
        """Partners with a decision in the last days, and when the latest was (`decided_last`), the latest first."""
        since = timezone.now() - datetime.timedelta(days=days)

        def latest(model):
            rows = model.objects.filter(partner=OuterRef("pk")).order_by()
            return Subquery(rows.values("partner").annotate(at=models.Max("decided_at")).values("at"))

        return (
            self.annotate(decided_last=Greatest("decided_at", *map(latest, (Pledge, ProfileChange, Review))))
            .filter(decided_last__gte=since)
            .order_by("-decided_last", "pk")
        )

    def to_decide_on(self):
        """With all that `things_waiting` and a letter to the lead need."""
        return self.prefetch_related(
            "pledges__area",
            "pledges__replaces",
            "profile_changes",
            "reviews",
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
    """A partner as the manager decides on it: its signature, pledges, changes and reviews on one screen."""

    objects = CaseQuerySet.as_manager()

    class Meta:
        proxy = True
        verbose_name = _("signature or change to decide on")
        verbose_name_plural = _("waiting for a decision")

    @property
    def things_waiting(self):
        """What waits for the manager: this partner (its signature), its pledges, the change to its profile, reviews."""
        if self.withdrawn_at or self.state not in _BEFORE_THE_MANAGER:
            return []
        pledges = [p for p in self.pledges.all() if p.state == State.SUBMITTED and not p.ended_at]
        changes = [c for c in self.profile_changes.all() if c.state == State.SUBMITTED]
        reviews = [r for r in self.reviews.all() if r.state == State.SUBMITTED and not r.closed_at]
        return [*([self] if self.state == State.SUBMITTED else []), *pledges, *changes, *reviews]

    @property
    def fingerprint(self):
        """Differs when anything that waits is not what it was: decided, withdrawn, edited or added to."""
        rows = [
            serializers.serialize(
                "json",
                [thing],
                fields=[f.name for f in thing._meta.fields if not f.generated] + ["districts"],
            )
            for thing in self.things_waiting
        ]
        return hashlib.sha256("".join(rows).encode()).hexdigest()
