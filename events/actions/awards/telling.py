"""After the announcement, which the clock makes by itself, nominees are told what came of it."""

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from events.actions.awards import letters
from events.models import AwardRound, Nomination
from oiep.models import OutgoingEmail


def nominations_to_tell(now=None):
    """Nominations of announced rounds, whose message is not in the ledger yet."""
    key = Concat(
        Value("award/"),
        Cast("category__round_id", CharField()),
        Value("/"),
        Cast("pk", CharField()),
        Value("/result"),
        output_field=CharField(),
    )
    return (
        Nomination.objects.standing()
        .filter(category__round__in=AwardRound.objects.announced(now), partner__withdrawn_at=None)
        .filter(category__round__is_example=False)
        .annotate(key=key)
        .filter(~Exists(OutgoingEmail.objects.filter(key=OuterRef("key"))))
        .select_related("category__round", "partner")
        .order_by("pk")
    )


@transaction.atomic
def tell_results(*, nomination, now=None):
    """Tells a nominee once what came of it. Returns whether there was anything to tell."""
    Nomination.objects.select_for_update(of=("self",)).get(pk=nomination.pk)
    nomination = nominations_to_tell(now or timezone.now()).filter(pk=nomination.pk).first()
    if nomination is None:
        return False
    letters.result(nomination)
    return True
