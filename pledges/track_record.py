"""The track record: the public, dated list of what a partner signed, pledged, changed and stopped (product.md)."""

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep.moderation import State
from partners.models import Recognition
from pledges.history import history_from
from pledges.models import Pledge, Review
from pledges.progress import reports_on
from pledges.standing import Status, changes


def track_record(partner, signatures, pledges, reviews=(), pauses=(), recognitions=(), more=()):
    """What happened, newest first, as `components/timeline.html` shows it.

    pledges: the partner's published ones, with their areas. reviews: all of its, as `with_due_dates` gives them.
    recognitions: those that were verified, with their kinds. more: events that other parts add, made alike. What is not
    published leaves no trace here; a resident, who has no public standing, is not said to have missed anything.
    """
    published = {pledge.pk: pledge for pledge in pledges}
    events = [_signed(signature) for signature in signatures]
    for pledge in pledges:
        events.append(_pledged(pledge, published.get(pledge.replaces_id)))
        # A stop that comes with leaving is told once, by the leaving.
        if pledge.ending == Pledge.Ending.STOPPED and pledge.ended_at != partner.withdrawn_at:
            events.append(_stopped(pledge))
        if pledge.ending == Pledge.Ending.ACHIEVED:
            events.append(_achieved(pledge))
    events += _reviewed(reviews, pledges)
    for recognition in recognitions:
        events += _recognised(recognition, partner)
    if not partner.is_resident:
        events += [*_missed(reviews), *_moved(reviews), *_paused(pauses), *_lapsed(partner, reviews, pauses)]
    if partner.withdrawn_at:
        events.append(_event(timezone.localdate(partner.withdrawn_at), _("Withdrew from the Charter")))
    events += more
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


def _event(date, title, text="", url="", **details):
    return {"date": date, "title": title, "text": text, "url": url, **details}


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


def _achieved(pledge):
    title = _("Achieved a pledge on %(area)s") % {"area": pledge.area.short_name}
    return _event(timezone.localdate(pledge.ended_at), title, pledge.statement, pledge.get_absolute_url())


def _recognised(recognition, partner):
    """When we verified it, and when it expired or was taken off the page."""
    name = {"name": recognition.kind.name}
    verified = _("Renewed the recognition %(name)s") if recognition.replaces_id else _("Holds the recognition %(name)s")
    text = _("Verified by the partnership.")
    if recognition.expires_on:
        text = _("Verified by the partnership; valid until %(date)s.") % {"date": date_format(recognition.expires_on)}
    yield _event(timezone.localdate(recognition.decided_at), verified % name, text)
    left_on = min(filter(None, (partner.withdrawn_at, recognition.ended_at, timezone.now())))
    if recognition.expires_on and recognition.expires_on < timezone.localdate(left_on):
        yield _event(recognition.leaves_on, _("The recognition %(name)s expired") % name)
    elif recognition.ending == Recognition.Ending.TAKEN_OFF:
        yield _event(timezone.localdate(recognition.ended_at), _("Took off the recognition %(name)s") % name)
    elif recognition.ending == Recognition.Ending.REMOVED:
        title = _("The partnership removed the recognition %(name)s")
        yield _event(timezone.localdate(recognition.ended_at), title % name)


# Reviews --------------------------------------------------------------------------------------


def _reviewed(reviews, pledges):
    approved = [review for review in reviews if review.state == State.APPROVED]
    reports = {}
    for report in reports_on(pledges) if approved else ():
        reports.setdefault(report.review.pk, []).append(report)
    return [
        _event(
            timezone.localdate(review.answered_at),
            _("Progress review for the round of %(date)s") % {"date": date_format(review.round_on)},
            reports=reports.get(review.pk, []),
            outcomes=_outcomes(review),
            template="pledges/_reports.html",
        )
        for review in approved
    ]


def _outcomes(review):
    said = [
        (_("Finding new people"), review.recruitment),
        (_("Keeping people"), review.retention),
        (_("Diversity"), review.diversity),
    ]
    return [{"label": label, "words": words} for label, words in said if words]


def _missed(reviews):
    return [
        _event(
            timezone.localdate(review.closed_at),
            _("No review came for the round of %(date)s") % {"date": date_format(review.round_on)},
        )
        for review in reviews
        if review.closing == Review.Closing.MISSED
    ]


def _moved(reviews):
    # Several reviews that are owed move to one day together: that is told once.
    moves = {}
    for review in reviews:
        for before, due, day in zip(review.dues, review.dues[1:], review.known_from[1:], strict=False):
            moves.setdefault((day, due), before)
    return [
        _event(
            day,
            _("The date of the progress review moved to %(date)s") % {"date": date_format(due)},
            _("It was due on %(date)s.") % {"date": date_format(before)},
        )
        for (day, due), before in moves.items()
    ]


def _paused(pauses):
    # A pause that was ended on the day on which it began covers no day.
    return [
        _event(pause.starts_on, _("Paused until %(date)s") % {"date": date_format(pause.until)})
        for pause in pauses
        if pause.until > pause.starts_on
    ]


def _lapsed(partner, reviews, pauses):
    events, before = [], None
    for day, standing in changes(history_from(partner, reviews, pauses), timezone.localdate()):
        if standing.status == Status.LAPSED:
            text = _("No progress review had come %(days)s days after it was due.")
            events.append(_event(day, _("Lapsed"), text % {"days": settings.REVIEW_LAPSES_DAYS}))
        elif before == Status.LAPSED and standing.status != Status.WITHDRAWN:
            events.append(_event(day, _("Back among the partners of the Charter, after lapsing")))
        before = standing.status
    return events
