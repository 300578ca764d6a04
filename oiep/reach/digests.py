"""What is new about what somebody follows, in one message a week or a month: each period once (docs/decisions/0051).

A digest tells of the days from where the last ended to the end of the last whole week or month, so that who asks twice
hears nothing twice, and a scheduler that slept leaves nothing out.
"""

import datetime
import textwrap
from functools import partial

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from oiep import email as mail
from oiep import languages
from oiep.daily import each
from oiep.reach.following import forget_unconfirmed
from oiep.reach.models import Follow, Follower
from partners.models import Kind, Partner
from pledges.history import with_due_dates
from pledges.models import Pledge, Story
from pledges.track_record import track_record

WORDS = {
    "digests": gettext_lazy("Digests recorded for who follows something, each with its e-mail or why there is none"),
    "follows": gettext_lazy("Requests to follow something deleted that nobody confirmed"),
}
LINE_LENGTH = 240
LINES_AT_MOST = 20

Rhythm = Follow.Rhythm


def run_day(today=None):
    """Records the digests that are due. Running it twice, or a week late, does the right thing."""
    today = today or timezone.localdate()
    done = {**dict.fromkeys(WORDS, 0), "failed": 0}
    for rhythm in Rhythm:
        until = end_of_period(rhythm, today)
        waiting = Follower.objects.filter(pk__in=Follow.objects.to_tell(rhythm, until).values("follower"))
        done["digests"] += each(waiting.order_by("pk"), partial(_tell, rhythm, until), done)
    now = timezone.now()
    done["follows"] = each(Follow.objects.over(now), lambda row: forget_unconfirmed(follow=row, now=now), done)
    return done


def _tell(rhythm, until, follower):
    return tell(follower=follower, rhythm=rhythm, until=until)


def end_of_period(rhythm, today):
    """The first day after the last whole period: this week's Monday, or the first of this month."""
    if rhythm == Rhythm.WEEKLY:
        return today - datetime.timedelta(days=today.weekday())
    return today.replace(day=1)


@transaction.atomic
def tell(*, follower, rhythm, until):
    """Records the digest of one address for the time before a day: with its mail, or saying that nothing was new.

    Returns whether there was one to record.
    """
    follower = Follower.objects.select_for_update().filter(pk=follower.pk).first()
    follows = follower and list(follower.follows.to_tell(rhythm, until).select_related("area", "place", "partner"))
    if not follows:
        return False
    language = languages.of_address(follower.email) or follower.language
    with translation.override(language):
        parts = [part for follow in follows if (part := _part(follow, until))["lines"]]
    key = f"digest/{follower.pk}/{rhythm}/{until}"
    if parts:
        mail.queue(
            to=follower.email,
            template="digest",
            context={"parts": parts, "follower": follower, "is_weekly": rhythm == Rhythm.WEEKLY},
            key=key,
            about=follower,
            language=language,
            stop_url=follower.stop_url,
        )
    else:
        mail.skip(templates={key: "digest"}, reason=_("There was nothing new."), about=follower)
    follower.follows.filter(pk__in=[follow.pk for follow in follows]).update(told_until=until)
    return True


# What is new ----------------------------------------------------------------------------------


def _part(follow, until):
    """{"title", "url", "lines", "more"} of one followed thing, in the language that is spoken."""
    since = follow.told_until
    if follow.partner:
        stories = Story.objects.published().filter(partner=follow.partner)
        found = [*_of_partner(follow.partner, since, until), *_stories(stories, since, until)]
    else:
        found = [
            *_partners(follow, since, until),
            *_pledges(follow, since, until),
            *_stories(_here(Story.objects.published(), follow), since, until),
            *_events(follow, since, until),
        ]
    subject = follow.subject
    return {
        "title": str(getattr(subject, "public_name", subject)),
        "url": subject.get_absolute_url(),
        "lines": found[:LINES_AT_MOST],
        "more": max(0, len(found) - LINES_AT_MOST),
    }


def _within(since, until):
    zone = timezone.get_default_timezone()
    return tuple(datetime.datetime.combine(day, datetime.time(), zone) for day in (since, until))


def _here(rows, follow):
    return rows.in_area(follow.area) if follow.area else rows.in_place(follow.place)


def _line(words, url):
    return {"words": textwrap.shorten(str(words), LINE_LENGTH, placeholder=" …"), "url": url}


def _partners(follow, since, until):
    first, last = _within(since, until)
    rows = _here(Partner.objects.listed(), follow).exclude(kind=Kind.RESIDENT)
    rows = rows.filter(approved_at__gte=first, approved_at__lt=last).order_by("approved_at", "pk")
    return [
        _line(_("%(name)s has signed the Charter.") % {"name": row.public_name}, row.get_absolute_url()) for row in rows
    ]


def _pledges(follow, since, until):
    rows = Pledge.objects.live().filter(started_on__gte=since, started_on__lt=until, replaces=None)
    if follow.area:
        rows = rows.filter(area=follow.area)
    else:
        rows = rows.filter(partner__in=Partner.objects.in_place(follow.place))
    rows = rows.select_related("partner").prefetch_related("partner__districts").order_by("started_on", "pk")
    return [
        _line(
            _("%(name)s pledges: “%(statement)s”") % {"name": row.partner.public_name, "statement": row.statement},
            row.get_absolute_url(),
        )
        for row in rows
    ]


def _stories(stories, since, until):
    first, last = _within(since, until)
    rows = stories.filter(first_published_at__gte=first, first_published_at__lt=last).order_by(
        "first_published_at", "pk"
    )
    return [_line(_("A story: %(title)s") % {"title": row.title}, row.get_absolute_url()) for row in rows]


def _events(follow, since, until):
    first, last = _within(since, until)
    here = {"areas": follow.area} if follow.area else {"district": follow.place}
    rows = Event.objects.published().upcoming().filter(cancelled_at=None, **here)
    return [
        _line(
            _("Event on %(date)s: %(title)s")
            % {"date": date_format(timezone.localdate(row.starts_at)), "title": row.title},
            row.get_absolute_url(),
        )
        for row in rows.filter(published_at__gte=first, published_at__lt=last)
    ]


def _of_partner(partner, since, until):
    """What its track record says of those days, the oldest first."""
    if not Partner.objects.published().filter(pk=partner.pk).exists():
        return []
    happened = record_of(partner)
    return [
        _line(f"{date_format(row['date'])}: {row['title']}", row["url"] or partner.get_absolute_url())
        for row in reversed(happened)
        if since <= row["date"] < until
    ]


def record_of(partner):
    """The track record of a published partner, as its page shows it but for awards, newest first."""
    return track_record(
        partner,
        list(partner.signatures.select_related("charter").order_by("declared_at")),
        list(partner.pledges.published().select_related("area")),
        list(with_due_dates(partner.reviews)),
        list(partner.pauses.all()),
        list(partner.recognitions.approved().select_related("kind")),
    )
