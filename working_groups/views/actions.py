"""What a group has agreed to do: the list, one action with how it goes, adding and changing."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import capfirst

from oiep import audit
from oiep.moderation import NotPossible
from partners.actions import Conflict
from working_groups.actions import work
from working_groups.forms.work import ActionForm, ProgressForm
from working_groups.models import Action
from working_groups.views.inner import back, done, runs, show
from working_groups.views.page import of_group
from working_groups.views.room import open_actions

CLOSED = 50


@of_group()
def actions(request, group):
    closed = group.actions.exclude(closed_on=None).select_related("group", "owner__user").order_by("-closed_on", "-pk")
    return show(
        request,
        group,
        "room/actions",
        tab="group-actions",
        actions=open_actions(group),
        closed=closed[:CLOSED],
        today=timezone.localdate(),
    )


@of_group(run=True)
def add(request, group):
    meeting = _meeting_of(request, group)
    initial = {"meeting": meeting, "is_public": not group.is_hidden}
    form = ActionForm(request.POST or None, group=group, initial=initial)
    if form.is_valid():
        try:
            action = work.add_action(group=group, values=form.values(), actor=request.user)
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        else:
            where = ("meeting", group.slug, meeting.pk) if meeting else ("group-action", group.slug, action.pk)
            return done(request, *where)
    return show(request, group, "room/action_add", tab="group-actions", form=form, meeting=meeting)


def _meeting_of(request, group):
    """The meeting from whose page one came (`?meeting=12`)."""
    number = request.GET.get("meeting", "")
    return group.meetings.called().filter(pk=number).first() if number.isdecimal() and len(number) < 10 else None


@of_group()
def action(request, group, pk):
    """One action, what was said of it so far, and a form for who may say how it goes."""
    found = _action_of(group, pk)
    is_mine = bool(found.owner and found.owner.user_id == request.user.pk and found.owner.is_current())
    may_report = is_mine or runs(request.user, group)
    if request.method == "POST" and not may_report:
        raise Http404
    form = ProgressForm(request.POST or None, instance=found) if may_report else None
    if form and form.is_valid():
        try:
            work.report_progress(action=found, actor=request.user, **form.cleaned_data)
        except NotPossible as obstacle:
            return back(request, obstacle, "group-action", group.slug, pk)
        return done(request, "group-action", group.slug, pk)
    return show(
        request,
        group,
        "room/action",
        tab="group-actions",
        action=found,
        form=form,
        is_mine=is_mine,
        events=_history_of(found),
        today=timezone.localdate(),
    )


def _history_of(action):
    """What was said of how it goes, the newest first, as `components/timeline.html` shows it."""
    words = dict(Action.Progress.choices)
    reports = audit.trail(action).filter(verb__in=("action.reported", "action.closed", "action.reopened"))
    return [
        {
            "date": timezone.localdate(event.at),
            "title": capfirst(words.get(event.data["progress"], event.data["progress"])),
            "text": event.note,
        }
        for event in reports
    ]


@of_group(run=True)
def change(request, group, pk):
    found = _action_of(group, pk)
    form = ActionForm(request.POST or None, instance=found, group=group)
    context = {}
    if form.is_valid():
        try:
            work.change_action(action=found, values=form.values(), seen=form.cleaned_data["seen"], actor=request.user)
        except Conflict as conflict:
            found = _action_of(group, pk)
            context = {"conflict": conflict.message, "differences": form.differences(found)}
            form.see(found)
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        else:
            return done(request, "group-action", group.slug, pk)
    return show(request, group, "room/action_change", tab="group-actions", action=found, form=form, **context)


def _action_of(group, pk):
    return get_object_or_404(group.actions.select_related("owner__user", "meeting"), pk=pk)
