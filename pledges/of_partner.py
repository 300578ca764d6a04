"""All that the public page of one partner shows of it, in two queries."""

import datetime

from django.db.models import OuterRef

from oiep.changes import remembered
from oiep.nested import nested, rows_of
from partners.models import Partner, Pause, Recognition, RecognitionKind, entries
from pledges.history import with_due_dates
from pledges.models import CharterVersion, Pledge, Review, Signature, Story

_day = datetime.date.fromisoformat


def partner_in_full(slug):
    """A published partner with `signed`, `reviewed`, `paused`, `recognised` and `pledged`; None if there is none.

    They are lists of its signatures, of its reviews as `with_due_dates` gives them, its pauses, the recognitions that
    were verified, with their kinds, and its published pledges, with their areas.
    """
    of_it = {"partner": OuterRef("pk")}
    rows = Partner.objects.published().with_cards().select_related("sector")
    partner = rows.annotate(
        signed=nested(Signature.objects.filter(**of_it).order_by("declared_at")),
        reviewed=nested(with_due_dates(Review.objects.filter(**of_it)), "known_from", "dues"),
        paused=nested(Pause.objects.filter(**of_it)),
        recognised=nested(Recognition.objects.approved().filter(**of_it)),
    )
    partner = partner.filter(slug=slug).first()
    if partner:
        partner.signed = rows_of(Signature, partner.signed)
        for signature in partner.signed:
            signature.charter = entries(CharterVersion)[signature.charter_id]
        partner.reviewed = rows_of(Review, partner.reviewed, known_from=_day, dues=_day)
        partner.paused = rows_of(Pause, partner.paused)
        partner.recognised = rows_of(Recognition, partner.recognised)
        for recognition in partner.recognised:
            recognition.kind = entries(RecognitionKind)[recognition.kind_id]
        partner.pledged = list(Pledge.objects.published().filter(partner=partner).select_related("area"))
    return partner


def later_charter_of(partner, today=None):
    """The newest version of the Charter that one of `partner_in_full` was asked to sign, once it did not in time."""
    if not partner.signed or partner.withdrawn_at:
        return None
    signed = max(signature.charter.number for signature in partner.signed)
    later = [version for version in entries(CharterVersion).values() if version.number > signed]
    later = [version for version in later if version.was_asked_of(partner, today)]
    return max(later, key=lambda version: version.number, default=None)


def stories_of(partner):
    """Its published stories, the newest first. Few partners have one, and those that have none cost no query."""
    if partner.pk not in _who_has_stories():
        return []
    return list(Story.objects.published().filter(partner=partner).with_cards().newest())


@remembered
def _who_has_stories():
    return set(Story.objects.published().exclude(partner=None).values_list("partner", flat=True))
