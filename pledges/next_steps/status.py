"""Where what a partner sent in stands, in words for its people."""

from collections import Counter
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from oiep.moderation import State, answer_due
from partners.models import Partner, ProfileChange, Recognition
from pledges.models import HelpRequest, Pledge, Review, Story

_LABELS = {
    State.DRAFT: ("grey", gettext_lazy("Not sent in yet")),
    State.SUBMITTED: ("blue", gettext_lazy("Waiting for our decision")),
    State.CHANGES_ASKED: ("amber", gettext_lazy("We ask you to change something")),
    State.APPROVED: ("green", gettext_lazy("Public")),
    State.DECLINED: ("red", gettext_lazy("Declined")),
}


@dataclass(frozen=True)
class Status:
    tone: str
    label: str
    text: str = ""
    words: str = ""


def day(moment):
    return date_format(timezone.localdate(moment))


def status_of(obj):
    """Where a partner, a pledge or a change to a profile stands, in words for the people of the partner."""
    if isinstance(obj, Partner) and obj.withdrawn_at:
        return Status("grey", _("Withdrawn on %(date)s") % {"date": day(obj.withdrawn_at)})
    if isinstance(obj, Review) and (obj.closed_at or obj.is_awaited):
        return _status_of_unanswered(obj)
    if isinstance(obj, Pledge) and obj.ended_at:
        how = {
            Pledge.Ending.REPLACED: _("Changed on %(date)s"),
            Pledge.Ending.ACHIEVED: _("Achieved on %(date)s"),
            Pledge.Ending.STOPPED: _("Stopped on %(date)s"),
            Pledge.Ending.WITHDRAWN: _("Taken back on %(date)s"),
        }[obj.ending]
        return Status("grey", how % {"date": day(obj.ended_at)}, obj.ending_reason)
    if isinstance(obj, HelpRequest) and obj.closed_at:
        return Status("grey", _("Closed on %(date)s") % {"date": day(obj.closed_at)})
    if isinstance(obj, Story) and obj.taken_down_at:
        return Status("grey", _("Taken down on %(date)s") % {"date": day(obj.taken_down_at)}, _why_taken_down(obj))
    if isinstance(obj, Recognition) and (obj.ended_at or obj.stands):
        return _status_of_recognition(obj)
    tone, label = _LABELS[obj.state]
    if obj.state == State.SUBMITTED:
        if not isinstance(obj, Partner) and obj.partner.state == State.CHANGES_ASKED:
            return Status("amber", _("Waiting for you"), _("Answer first what we asked about your profile."))
        return Status(tone, label, _waiting(obj))
    if obj.state in (State.CHANGES_ASKED, State.DECLINED):
        return Status(tone, label, words=obj.decision_message)
    return Status(tone, label)


def _status_of_unanswered(review):
    if review.closed_at:
        return Status("grey", _("Closed on %(date)s") % {"date": day(review.closed_at)}, _why_closed(review))
    is_past = review.due_on < timezone.localdate()
    label = _("It was due on %(date)s") if is_past else _("Due on %(date)s")
    return Status("amber", label % {"date": date_format(review.due_on)})


def _status_of_recognition(recognition):
    if recognition.ended_at:
        how = {
            Recognition.Ending.REPLACED: _("Renewed on %(date)s"),
            Recognition.Ending.TAKEN_OFF: _("Taken off on %(date)s"),
            Recognition.Ending.REMOVED: _("Removed by us on %(date)s"),
        }[recognition.ending]
        return Status("grey", how % {"date": day(recognition.ended_at)})
    if recognition.expires_on is None:
        return Status("green", _("Public"))
    until = {"date": date_format(recognition.expires_on)}
    if recognition.has_expired:
        return Status("grey", _("Expired on %(date)s") % until, _("Your page does not show it any more."))
    if recognition.is_due_for_renewal:
        return Status("amber", _("Expires on %(date)s") % until)
    return Status("green", _("Public until %(date)s") % until)


def _why_closed(review):
    return {
        Review.Closing.MISSED: _("No answer came before the next review opened."),
        Review.Closing.WITHDRAWN: _("You left the Charter."),
    }.get(review.closing, "")


def _why_taken_down(story):
    return {
        Story.TakenDown.MANAGER: _("We took it off. Write to us if you think that this is wrong."),
        Story.TakenDown.CONSENT: _("Somebody in it does not want to be in it any more."),
    }.get(story.taken_down, "")


def _waiting(obj):
    due = answer_due(obj.submitted_at)
    since = _("You sent it in on %(date)s.") % {"date": day(obj.submitted_at)}
    if due < timezone.localdate():
        return since + " " + _("It takes us longer than we promised. We are sorry. You need not do anything.")
    return since + " " + _("We answer by %(date)s.") % {"date": date_format(due)}


def in_brief(partner):
    """What of a partner is public, and what waits for whom: lines of words. partner: one of `partners_of`."""
    pledges = [pledge for pledge in partner.pledges.all() if not pledge.ended_at]
    claims = [claim for claim in partner.recognitions.all() if claim.is_open]
    things = [*pledges, *partner.profile_changes.all(), *partner.reviews.all(), *claims]
    ours = [thing for thing in things if thing.state == State.SUBMITTED]
    yours = [thing for thing in things if thing.state == State.CHANGES_ASKED]
    lines = []
    if partner.is_published and not partner.withdrawn_at:
        live = sum(pledge.is_live for pledge in pledges)
        words = ngettext("Public: your page with %(n)s pledge.", "Public: your page with %(n)s pledges.", live)
        lines.append(words % {"n": live} if live else _("Public: your page, with no pledge yet."))
    elif partner.is_published:
        lines.append(_("Public: your page, which says that you have left."))
    for words, waiting in ((_("Waits for our decision: %(what)s."), ours), (_("Waits for you: %(what)s."), yours)):
        if waiting:
            lines.append(words % {"what": ", ".join(_counted(waiting))})
    return lines


def _counted(things):
    counts = Counter(type(thing) for thing in things)
    words = {
        Pledge: ngettext_lazy("%(n)s pledge", "%(n)s pledges", "n"),
        ProfileChange: ngettext_lazy("%(n)s change to your profile", "%(n)s changes to your profile", "n"),
        Review: ngettext_lazy("%(n)s progress review", "%(n)s progress reviews", "n"),
        Recognition: ngettext_lazy("%(n)s recognition", "%(n)s recognitions", "n"),
    }
    return [words[model] % {"n": count} for model, count in counts.items()]
