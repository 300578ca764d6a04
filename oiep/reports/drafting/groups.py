"""What the groups did: group by group, from their progress updates, meetings and actions."""

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oiep.moments import end_of, start_of
from oiep.reports.drafting.draft import (
    Draft,
    bullets,
    day_or_month,
    in_a_row,
    paragraphs,
    said,
    source,
)
from oiep.reports.sections import Section
from working_groups.models import Action, Decision, Group, GroupMember, Meeting, ProgressUpdate
from working_groups.tree import in_order

Kind = Group.Kind
# Groups of these kinds are told of with the group that they are part of, unless they have something to tell.
_PARTS_OF_OTHERS = (Kind.SUB, Kind.STRAND)
_BELOW = (
    (Kind.SUB, lambda n: ngettext("%(n)d sub-group", "%(n)d sub-groups", n)),
    (Kind.STRAND, lambda n: ngettext("%(n)d work strand", "%(n)d work strands", n)),
    (Kind.TASK, lambda n: ngettext("%(n)d task and finish group", "%(n)d task and finish groups", n)),
    (Kind.WORKING, lambda n: ngettext("%(n)d working group", "%(n)d working groups", n)),
)
LINES_AT_MOST = 12


def drafts(report):
    groups = groups_in(report)
    yield from _structure(report, groups)
    for group in groups:
        draft = _of_group(report, group, [other for other in groups if other.parent_id == group.pk])
        if draft:
            yield draft


def groups_in(report):
    """The groups that the public may see and that were there in the period, in the order of the tree."""
    there = Q(starts_on=None) | Q(starts_on__lte=report.ends_on)
    goes_on = Q(ends_on=None) | Q(ends_on__gte=report.starts_on)
    return [group for group, _depth in in_order(Group.objects.published().filter(there, goes_on))]


# The structure --------------------------------------------------------------------------------


def _structure(report, groups):
    working = [group for group in groups if group.kind == Kind.WORKING and not group.has_ended(report.ends_on)]
    steering = [group for group in groups if group.kind == Kind.STEERING]
    for group in steering:
        if chairs := _chairs(group, report.reported_on):
            yield Draft(
                Section.INTRODUCTION,
                f"chairs/{group.pk}",
                ngettext(
                    "The partnership is chaired by %(names)s.",
                    "The partnership is co-chaired by %(names)s.",
                    len(chairs),
                )
                % {"names": in_a_row(_who(member) for member in chairs)},
                [source(_("Members of the %(group)s") % {"group": group}, *chairs)],
            )
    if working:
        words = ngettext("It has %(n)d working group:", "It has %(n)d working groups:", len(working))
        yield Draft(
            Section.INTRODUCTION,
            "structure",
            paragraphs(
                words % {"n": len(working)},
                "\n".join(f"{number}. {said(group.name)}" for number, group in enumerate(working, start=1)),
            ),
            [source(_("Working groups"), *working)],
        )


def _chairs(group, day):
    chairs = (GroupMember.Role.CHAIR, GroupMember.Role.CO_CHAIR)
    # Whom the public sees, on the day of the report.
    members = group.members.shown().current(day).filter(role__in=chairs).select_related("user", "partner")
    return list(members.order_by("starts_on", "pk"))


def _who(member):
    place = member.partner.public_name if member.partner else member.organisation
    return f"{said(member.display_name)} ({said(place)})" if place else said(member.display_name)


# One group ------------------------------------------------------------------------------------


def _of_group(report, group, below):
    section = Section.STEERING if group.kind in (Kind.STEERING, Kind.FORUM) else Section.GROUPS
    updates = _updates(report, group)
    meetings = _meetings(report, group)
    decisions = list(Decision.objects.filter(meeting__in=Meeting.objects.published().filter(pk__in=pks(meetings))))
    actions = _actions(report, group)
    lines = [f"{day_or_month(update.happened_on, update.is_day_known)}: {said(update.text)}" for update in updates]
    lines += [_("Agreed: %(what)s") % {"what": said(decision.text)} for decision in decisions]
    lines += [_action_line(action, report.ends_on) for action in actions]
    if not lines and not meetings and group.kind in _PARTS_OF_OTHERS:
        return None
    about = [
        _head(group),
        _has(below) if group.kind != Kind.STEERING else "",
        _met(meetings),
        "" if lines or meetings else _("Nothing is on record for this period."),
    ]
    sources = [source(_("The group"), group)]
    for words, rows in (
        (_("Its progress updates"), updates),
        (_("Its meetings"), meetings),
        (_("Its actions"), actions),
        (_("Groups below it"), below if group.kind != Kind.STEERING else []),
    ):
        if rows:
            sources.append(source(words, *rows))
    if len(lines) > LINES_AT_MOST:
        more = len(lines) - LINES_AT_MOST
        lines = [*lines[:LINES_AT_MOST], ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}]
    return Draft(section, f"group/{group.pk}", paragraphs(" ".join(filter(None, about)), bullets(lines)), sources)


def pks(rows):
    return [row.pk for row in rows]


def _head(group):
    kind = {Kind.WORKING: _("working group"), Kind.SUB: _("sub-group"), Kind.STRAND: _("work strand"),
            Kind.TASK: _("task and finish group")}.get(group.kind, "")  # fmt: skip
    name = said(group.name)
    if not kind or name.lower().endswith(kind):
        return f"**{name}.**"
    return f"**{name} {kind}.**"


def _has(below):
    parts = []
    for kind, words in _BELOW:
        names = [said(group.name) for group in below if group.kind == kind]
        if names:
            number = words(len(names)) % {"n": len(names)}
            parts.append(_("%(number)s (%(names)s)") % {"number": number, "names": in_a_row(names)})
    return _("It has %(parts)s.") % {"parts": in_a_row(parts)} if parts else ""


def _met(meetings):
    if not meetings:
        return ""
    *earlier, latest = [meeting.day_in_words for meeting in meetings]
    if len(earlier) > LINES_AT_MOST:
        words = _("We have %(n)d of its meetings on record, the most recent of %(latest)s.")
        return words % {"n": len(meetings), "latest": latest}
    if not earlier:
        return _("It met once: %(day)s.") % {"day": latest}
    return _("Its meetings on record: %(earlier)s and, most recently, %(latest)s.") % {
        "earlier": ", ".join(earlier),
        "latest": latest,
    }


def _updates(report, group):
    rows = ProgressUpdate.objects.published().filter(group=group)
    return list(rows.filter(happened_on__range=(report.starts_on, report.ends_on)).order_by("happened_on", "pk"))


def _meetings(report, group):
    """Its meetings that took place in the period. When a group met is no secret; what it agreed is, until the minutes
    are published."""
    within = {"starts_at__gte": start_of(report.starts_on), "starts_at__lt": end_of(report.ends_on)}
    return list(Meeting.objects.past().filter(group=group, **within).order_by("starts_at", "pk"))


def _actions(report, group):
    """Its public actions that were closed in the period, and those that were agreed by its end and are open."""
    rows = Action.objects.published().filter(group=group, created_at__lt=end_of(report.ends_on))
    closed = Q(closed_on__range=(report.starts_on, report.ends_on))
    return list(rows.filter(closed | Q(closed_on=None) | Q(closed_on__gt=report.ends_on)).order_by("due_on", "pk"))


def _action_line(action, day):
    what = said(action.what).rstrip(".")
    if action.closed_on and action.closed_on <= day:
        words = _("Done: %(what)s.") if action.progress == Action.Progress.ACHIEVED else _("Stopped: %(what)s.")
        return words % {"what": what} + (f" {said(action.note)}" if action.note else "")
    return _("To be done by %(day)s: %(what)s.") % {"what": what, "day": day_or_month(action.due_on)}
