"""What waits for the manager, a partner at a time."""

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _

from oiep.moderation import State
from partners.models import Partner, PartnerQuerySet, ProfileChange
from pledges.models.pledges import Pledge


class CaseQuerySet(PartnerQuerySet):
    def with_waiting_since(self):
        """Annotates `waiting_since`: when the oldest thing that waits for a decision was sent in, or NULL."""
        pledges = Pledge.objects.submitted().filter(partner=OuterRef("pk"), ended_at=None)
        changes = ProfileChange.objects.submitted().filter(partner=OuterRef("pk"))
        own = Partner.objects.submitted().filter(pk=OuterRef("pk"))
        return self.annotate(
            waiting_since=Least(
                Subquery(own.values("submitted_at")),
                Subquery(pledges.order_by("submitted_at").values("submitted_at")[:1]),
                Subquery(changes.order_by("submitted_at").values("submitted_at")[:1]),
            )
        )

    def waiting(self):
        """Partners of which something waits for a decision, the oldest first."""
        return (
            self.filter(withdrawn_at=None)
            .filter(
                Q(state=State.SUBMITTED)
                | Exists(Pledge.objects.submitted().filter(partner=OuterRef("pk"), ended_at=None))
                | Exists(ProfileChange.objects.submitted().filter(partner=OuterRef("pk")))
            )
            .with_waiting_since()
            .order_by("waiting_since", "pk")
        )


class Case(Partner):
    """A partner as the manager decides on it: its signature, pledges and changes on one screen."""

    objects = CaseQuerySet.as_manager()

    class Meta:
        proxy = True
        verbose_name = _("signature or change to decide on")
        verbose_name_plural = _("waiting for a decision")
