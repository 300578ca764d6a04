"""The track record: the public, dated list of what a partner signed, pledged, changed and stopped (product.md)."""

from django.utils import timezone
from django.utils.translation import gettext as _

from pledges.models import Pledge


def track_record(partner, signatures, pledges):
    """What happened, newest first, as `components/timeline.html` shows it.

    pledges: the partner's published ones, with their areas. What is not published leaves no trace here.
    """
    published = {pledge.pk: pledge for pledge in pledges}
    events = [_signed(signature) for signature in signatures]
    for pledge in pledges:
        events.append(_pledged(pledge, published.get(pledge.replaces_id)))
        # A stop that comes with leaving is told once, by the leaving.
        if pledge.ending == Pledge.Ending.STOPPED and pledge.ended_at != partner.withdrawn_at:
            events.append(_stopped(pledge))
    if partner.withdrawn_at:
        events.append(_event(timezone.localdate(partner.withdrawn_at), _("Withdrew from the Charter")))
    events.sort(key=lambda event: event["date"])
    return events[::-1]


def versions_of(pledge, pledges):
    """The published pledges of which this is one after another, the oldest first. pledges: the partner's published."""
    by_key = {other.pk: other for other in pledges}
    replaced_by = {other.replaces_id: other for other in pledges if other.replaces_id}
    chain = [pledge]
    while earlier := by_key.get(chain[0].replaces_id):
        chain.insert(0, earlier)
    while later := replaced_by.get(chain[-1].pk):
        chain.append(later)
    return chain


def _event(date, title, text="", url=""):
    return {"date": date, "title": title, "text": text, "url": url}


def _signed(signature):
    return _event(
        timezone.localdate(signature.declared_at),
        _("Signed the Charter, version %(number)s") % {"number": signature.charter.number},
        url=signature.charter.get_absolute_url(),
    )


def _pledged(pledge, replaced):
    if replaced is None:
        title = _("Pledged on %(area)s") % {"area": pledge.area.short_name}
        return _event(pledge.started_on, title, pledge.statement, pledge.get_absolute_url())
    if replaced.statement == pledge.statement:
        text = _("The figures changed. The words stay: “%(statement)s”") % {"statement": pledge.statement}
    else:
        text = _("Before: “%(old)s” Now: “%(new)s”") % {"old": replaced.statement, "new": pledge.statement}
    title = _("Changed a pledge on %(area)s") % {"area": pledge.area.short_name}
    return _event(pledge.started_on, title, text, pledge.get_absolute_url())


def _stopped(pledge):
    title = _("Stopped a pledge on %(area)s") % {"area": pledge.area.short_name}
    text = _("“%(statement)s” Why: %(reason)s") % {"statement": pledge.statement, "reason": pledge.ending_reason}
    return _event(timezone.localdate(pledge.ended_at), title, text, pledge.get_absolute_url())
