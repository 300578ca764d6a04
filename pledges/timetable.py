"""When we write, as the settings have it; of a review's round also what the partner's page says, day by day."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pledges.standing import Status


@dataclass(frozen=True)
class Row:
    day: str
    mail: str
    page: str


def timetable():
    """The days on which something happens if nobody answers, in their order."""
    page_from = {
        -settings.REVIEW_OPENS_DAYS: Status.REVIEW_DUE.label,
        settings.REVIEW_OVERDUE_DAYS + 1: Status.REVIEW_OVERDUE.label,
        settings.REVIEW_LAPSES_DAYS: Status.LAPSED.label,
    }
    mails = {}
    for step, days in settings.REVIEW_STEPS:
        mails.setdefault(days, []).append(_mail(step, -days))
    rows, page = (
        [],
        _("“%(signed)s” or “%(up_to_date)s”")
        % {
            "signed": Status.SIGNED.label,
            "up_to_date": Status.UP_TO_DATE.label,
        },
    )
    for days in sorted({*page_from, *mails}):
        if days in page_from:
            page = _("“%(status)s”") % {"status": page_from[days]}
        rows.append(Row(_day(days), " ".join(mails.get(days, [])), page))
    return rows


def days_of(steps):
    """When the e-mails of some steps go: “7 days before, on the day and 7 days after”. steps: as in the settings."""
    return get_text_list([_day(days).lower() for _step, days in steps], _("and"))


def _day(days):
    if days < 0:
        return ngettext("%(days)d day before", "%(days)d days before", -days) % {"days": -days}
    if days > 0:
        return ngettext("%(days)d day after", "%(days)d days after", days) % {"days": days}
    return _("On the day")


def _mail(step, days_left):
    return {
        "opened": _("Your review is open. Here is the link to it."),
        "week": ngettext("%(days)d day left.", "%(days)d days left.", days_left) % {"days": days_left},
        "due": _("It is due today."),
        "overdue": _("It is late. This is exactly what your page will say, and you can reply to that."),
        "final": _("Our last e-mail about it. It also goes to your second contact, if you have one."),
    }[step]
