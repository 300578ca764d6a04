"""A group's meetings: for its members, for those who run it and, once minutes are published, for everybody."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from oiep.moderation import NotPossible
from partners.actions import Conflict, version_of
from working_groups.actions import meetings as actions
from working_groups.actions import minutes as minutes_actions
from working_groups.forms.meetings import CancelForm, MeetingForm, RecordForm
from working_groups.models import Attendance, Meeting
from working_groups.views.inner import runs
from working_groups.views.page import of_group

_A_PAGE = 25


@of_group()
def meetings(request, group):
    past = Paginator(group.meetings.past(), _A_PAGE).get_page(request.GET.get("page"))
    may_run = runs(request.user, group)
    return render(
        request,
        "working_groups/meetings/meetings.html",
        {
            "group": group,
            "runs": may_run,
            "drafts": group.meetings.filter(called_at=None).order_by("starts_at", "pk") if may_run else [],
            "upcoming": group.meetings.upcoming(),
            "cancelled": group.meetings.filter(cancelled_at__isnull=False)[:_A_PAGE],
            "page_obj": past,
        },
    )


@never_cache
@require_safe
def meeting(request, slug, pk):
    """To the members all of it, to the public what is published. A visitor may be a member, so they can sign in."""
    found = Meeting.objects.filter(group__slug=slug, pk=pk).select_related("group")
    if row := request.user.is_authenticated and found.visible_to(request.user).first():
        return _for_members(request, row)
    if row := found.published().first():
        return _for_everybody(request, row)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    raise Http404


def _for_members(request, meeting):
    may_run = runs(request.user, meeting.group)
    context = {
        "group": meeting.group,
        "meeting": meeting,
        "runs": may_run,
        "attendance": _attendance(meeting),
        "decisions": meeting.decisions.all(),
        "papers": meeting.papers.all(),
        "actions": meeting.actions.select_related("owner__user"),
        "may_add_action": may_run and not (meeting.is_draft or meeting.cancelled_at),
    }
    if may_run:
        context["clashes"] = [] if meeting.cancelled_at else list(_clashes(meeting))
        context["why_not_publish"] = minutes_actions.why_not_publish(meeting)
    return render(request, "working_groups/meetings/meeting.html", context)


def _for_everybody(request, meeting):
    return render(
        request,
        "working_groups/meetings/published.html",
        {
            "group": meeting.group,
            "meeting": meeting,
            "attendance": _attendance(meeting, is_public=True),
            "decisions": meeting.decisions.all(),
            "papers": meeting.papers.published(),
            "actions": meeting.actions.published().select_related("owner__user"),
        },
    )


def _attendance(meeting, *, is_public=False):
    """Who was there and who was not, by answer: the names, and how many more there are.

    is_public: who agreed to be shown is named, others are counted; and of those who just stayed away nothing is said.
    """
    rows = sorted(
        meeting.attendances.select_related("member__user"), key=lambda row: row.member.display_name.casefold()
    )
    answers = []
    for answer in Attendance.Answer:
        members = [row.member for row in rows if row.answer == answer]
        if members and not (is_public and answer == Attendance.Answer.ABSENT):
            named = [member for member in members if member.is_shown or not is_public]
            names = [member.display_name for member in named]
            answers.append({"label": answer.label, "names": names, "others": len(members) - len(names)})
    return answers


def _clashes(meeting):
    return Meeting.objects.clashing_with(meeting)


# For those who run the group ------------------------------------------------------------------


def of_meeting(view):
    """A view of a meeting, for those who run its group: `view(request, group, meeting)`."""

    @of_group(run=True)
    def of_one(request, group, pk):
        meeting = get_object_or_404(group.meetings, pk=pk)
        meeting.group = group
        return view(request, group, meeting)

    return of_one


def _back(request, meeting, obstacle):
    messages.warning(request, " ".join(obstacle.messages))
    return redirect(meeting)


def _warn_of_clashes(request, meeting):
    for other in _clashes(meeting):
        messages.warning(
            request,
            _("This group has another meeting at that time: %(title)s, %(when)s.")
            % {"title": other.title, "when": other.when},
        )


@of_group(run=True)
def add(request, group):
    form = MeetingForm(request.POST or None)
    if form.is_valid():
        try:
            meeting = actions.add_meeting(group=group, values=form.values(), actor=request.user)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            _warn_of_clashes(request, meeting)
            messages.success(request, _("That is saved as a draft. Nobody has been told yet."))
            return redirect(meeting)
    return render(request, "working_groups/meetings/form.html", {"group": group, "form": form})


@of_meeting
def change(request, group, meeting):
    if meeting.cancelled_at:
        return redirect(meeting)
    form = MeetingForm(request.POST or None, meeting=meeting)
    context = {"group": group, "meeting": meeting, "form": form}
    if form.is_valid():
        try:
            changed = actions.change_meeting(
                meeting=meeting, values=form.values(), actor=request.user, seen=form.cleaned_data["seen"]
            )
        except Conflict as conflict:
            current = Meeting.objects.get(pk=meeting.pk)
            context |= {"conflict": conflict.message, "differences": form.differences(current)}
            form.see(version_of(actions.details_of(current)))
        except NotPossible as obstacle:
            return _back(request, meeting, obstacle)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            _warn_of_clashes(request, changed)
            messages.success(request, _told(changed.told) if changed.told else _("That is saved."))
            return redirect(changed)
    return render(request, "working_groups/meetings/form.html", context)


def _told(number):
    return ngettext("We are writing to %(n)d member.", "We are writing to %(n)d members.", number) % {"n": number}


@of_meeting
def call(request, group, meeting):
    """Shows who will be invited, and invites them."""
    if request.method == "POST":
        try:
            called = actions.call_meeting(meeting=meeting, actor=request.user)
        except NotPossible as obstacle:
            return _back(request, meeting, obstacle)
        messages.success(request, _told(called.told) if called.told else _("The meeting is on record."))
        return redirect(called)
    if not meeting.is_draft:
        return redirect(meeting)
    context = {
        "group": group,
        "meeting": meeting,
        "invitees": actions.invitees(group),
        "without_mail": actions.members_without_mail(group),
        "clashes": _clashes(meeting),
    }
    return render(request, "working_groups/meetings/call.html", context)


@of_meeting
def cancel(request, group, meeting):
    """Cancels a meeting with a reason; deletes a draft, of which nobody knows."""
    if meeting.is_draft:
        return _delete(request, group, meeting)
    if meeting.cancelled_at or meeting.minutes_published_at:
        return redirect(meeting)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            cancelled = actions.cancel_meeting(meeting=meeting, why=form.cleaned_data["why"], actor=request.user)
        except NotPossible as obstacle:
            return _back(request, meeting, obstacle)
        messages.success(request, _told(cancelled.told) if cancelled.told else _("The meeting is cancelled."))
        return redirect(cancelled)
    return render(request, "working_groups/meetings/cancel.html", {"group": group, "meeting": meeting, "form": form})


def _delete(request, group, meeting):
    if request.method == "POST":
        try:
            actions.delete_draft(meeting=meeting, actor=request.user)
        except NotPossible as obstacle:
            messages.warning(request, obstacle.message)
        return redirect("group-meetings", group.slug)
    return render(request, "working_groups/meetings/delete.html", {"group": group, "meeting": meeting})


@of_meeting
def minutes(request, group, meeting):
    """Who was there, what was said and what was agreed."""
    if meeting.is_draft or meeting.cancelled_at:
        return redirect(meeting)
    form = RecordForm(request.POST if request.method == "POST" else None, meeting=meeting)
    context = {"group": group, "meeting": meeting, "form": form}
    if form.is_valid():
        try:
            minutes_actions.save_record(
                meeting=meeting, values=form.values(), actor=request.user, seen=form.cleaned_data["seen"]
            )
        except Conflict as conflict:
            current = Meeting.objects.get(pk=meeting.pk)
            context |= {"conflict": conflict.message, "differences": form.differences(current)}
            form.see(version_of(minutes_actions.record_of(current)))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("That is saved."))
            return redirect(meeting)
    return render(request, "working_groups/meetings/minutes.html", context)


@of_meeting
def publish(request, group, meeting):
    """Shows what the public will see, or will not see any more, and does it."""
    is_published = bool(meeting.minutes_published_at)
    if request.method == "POST" and request.POST.get("do") in ("publish", "unpublish"):
        act = getattr(minutes_actions, f"{request.POST['do']}_minutes")
        try:
            act(meeting=meeting, actor=request.user)
        except NotPossible as obstacle:
            return _back(request, meeting, obstacle)
        messages.success(
            request, _("The minutes are not public any more.") if is_published else _("The minutes are public.")
        )
        return redirect(meeting)
    if not is_published and minutes_actions.why_not_publish(meeting):
        return redirect(meeting)
    context = {"group": group, "meeting": meeting, "is_published": is_published}
    context |= {
        "attendance": _attendance(meeting, is_public=True),
        "papers": meeting.papers.all(),
        "actions": meeting.actions.filter(is_public=True),
        "decisions": meeting.decisions.all(),
    }
    return render(request, "working_groups/meetings/publish.html", context)
