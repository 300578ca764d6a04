"""Meetings: called, changed and cancelled, and who is told. Who runs the group is asked again under the group's lock.

Each message to a member has a key in the ledger of outgoing mail, `meeting/<meeting>/<sequence>/<user>`: nobody gets
the same news twice, and the day's work finds who has not been invited yet. Who leaves the group loses their keys: if
they come back, they are invited again.
"""

from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.daily import each
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from partners.actions import Conflict, version_of
from working_groups import calendars
from working_groups.actions.groups import check_runs, locked
from working_groups.models import Meeting

DETAILS = ("title", "starts_at", "ends_at", "place", "online_url", "agenda")
# What members are told of by e-mail, once they have been invited. The rest they find on the page.
MATTERS = ("starts_at", "ends_at", "place", "online_url")


def details_of(meeting):
    return {name: getattr(meeting, name) for name in DETAILS}


@transaction.atomic
def add_meeting(*, group, values, actor):
    """Adds a meeting as a draft. values: those of DETAILS. Returns it."""
    group = locked(group)
    check_runs(group, actor)
    meeting = Meeting(group=group, created_by=actor, **values)
    meeting.full_clean()
    meeting.save()
    audit.record(verb="meeting.added", subject=meeting, actor=actor, group=group.pk)
    return meeting


@transaction.atomic
def change_meeting(*, meeting, values, actor, seen):
    """Changes a meeting. Of one that was called and is not over, the members are told what matters, once.

    values: those of DETAILS. seen: `version_of` the details that the form was opened on. Returns the meeting, with
    `told`: to how many a message went. Raises Conflict when somebody else changed it meanwhile.
    """
    meeting = lock_meeting(meeting, actor)
    refuse_cancelled(meeting)
    if version_of(details_of(meeting)) != seen:
        raise Conflict(_("Somebody else changed this meeting while you wrote"))
    meeting.told = 0
    before = Meeting(group=meeting.group, **details_of(meeting))
    changed = [name for name in DETAILS if values[name] != getattr(meeting, name)]
    if not changed:
        return meeting
    for name in changed:
        setattr(meeting, name, values[name])
    if {"starts_at", "ends_at"} & {*changed}:
        meeting.is_day_known = True
    if meeting.minutes_published_at and not meeting.is_over:
        raise NotPossible(_("Its minutes are published, so it cannot be moved to a time to come."))
    # Also one that was to come and is now dated to the past: people would go there.
    concerns_members = not (meeting.is_draft or (before.is_over and meeting.is_over))
    is_news = concerns_members and any(name in MATTERS for name in changed)
    meeting.sequence += is_news
    meeting.full_clean()
    meeting.save()
    audit.record(verb="meeting.changed", subject=meeting, actor=actor, fields=changed)
    if is_news:
        meeting.told = _tell(meeting, "meeting_changed", changes=changes_between(before, meeting))
    return meeting


def changes_between(before, after):
    """What members are told has changed: what it was and what it is, in words, each with its label."""
    rows = [(_("When"), before.when, after.when)]
    rows += [(_("Where"), before.place, after.place), (_("Link to take part"), before.online_url, after.online_url)]
    return [{"label": label, "was": was, "now": now} for label, was, now in rows if was != now]


@transaction.atomic
def call_meeting(*, meeting, actor):
    """Invites the group's members. Of a meeting that is over nobody is told; it only goes on record.

    Returns the meeting, with `told`: how many were invited. Raises NotPossible when it was called already, or nobody
    could find it.
    """
    meeting = lock_meeting(meeting, actor)
    if not meeting.is_draft:
        raise NotPossible(_("This meeting has been called already."))
    if not (meeting.place or meeting.online_url):
        raise NotPossible(_("Say where it is, or give the link to take part online. Then you can call it."))
    meeting.called_at = timezone.now()
    meeting.save(update_fields=["called_at", "changed_at"])
    meeting.told = 0 if meeting.is_over else _tell(meeting, "meeting_invitation")
    audit.record(verb="meeting.called", subject=meeting, actor=actor, told=meeting.told)
    return meeting


@transaction.atomic
def cancel_meeting(*, meeting, why, actor):
    """Cancels a meeting that was called, or says that it never took place, and tells whoever was invited, once.

    Returns the meeting, with `told`. Raises NotPossible when it is cancelled already, or its minutes are published.
    """
    meeting = lock_meeting(meeting, actor)
    refuse_cancelled(meeting)
    if meeting.is_draft:
        raise NotPossible(_("Nobody has been invited to this meeting, so there is nothing to cancel."))
    if meeting.minutes_published_at:
        raise NotPossible(_("Its minutes are published, so it took place."))
    was_coming = meeting.is_coming
    meeting.cancelled_at, meeting.cancelled_why = timezone.now(), why
    meeting.sequence += 1
    meeting.full_clean()
    meeting.save()
    audit.record(verb="meeting.cancelled", subject=meeting, actor=actor, note=why)
    meeting.told = _tell(meeting, "meeting_cancelled", only="invited") if was_coming else 0
    return meeting


@transaction.atomic
def delete_draft(*, meeting, actor):
    """Takes back a meeting to which nobody was invited yet. Its papers stay with the group."""
    meeting = lock_meeting(meeting, actor)
    if not meeting.is_draft:
        raise NotPossible(_("This meeting has been called, so it can only be cancelled."))
    audit.record(verb="meeting.deleted", subject=meeting, actor=actor, group=meeting.group_id)
    meeting.delete()


def lock_meeting(meeting, actor):
    """The meeting's row, locked after its group's. Raises NotPossible unless the actor runs the group just then."""
    group = locked(meeting.group)
    check_runs(group, actor)
    found = Meeting.objects.select_for_update(of=("self",)).filter(group=group, pk=meeting.pk).first()
    if found is None:
        raise NotPossible(_("Somebody else has deleted this draft."))
    found.group = group
    return found


def refuse_cancelled(meeting):
    if meeting.cancelled_at:
        raise NotPossible(
            _("This meeting was cancelled on %(date)s.")
            % {"date": timezone.localdate(meeting.cancelled_at).strftime("%-d %B %Y")}
        )


# Who is told ----------------------------------------------------------------------------------


def invitees(group):
    """The people who get a message about a meeting: current members with an account that may sign in, by name."""
    members = group.members.current().filter(user__is_active=True).select_related("user")
    people = {member.user_id: member.user for member in members}
    return sorted(people.values(), key=lambda user: (str(user).casefold(), user.pk))


def members_without_mail(group):
    """Current members whom no message reaches, because they have no account that may sign in."""
    return group.members.current().exclude(user__is_active=True).select_related("user").order_by("name", "pk")


def run_day(today=None):
    """Invites whoever has joined a group to its meetings to come. Returns what was done: name → how many meetings."""
    done = {"failed": 0}
    done["invited"] = each(Meeting.objects.upcoming(), lambda meeting: invite_newcomers(meeting=meeting), done)
    return done


@transaction.atomic
def invite_newcomers(*, meeting):
    """Invites those who have joined since the last message about a meeting to come. Returns how many.

    For the day's work, and for whoever lets somebody into a group. To do so twice invites nobody twice.
    """
    meeting = Meeting.objects.select_related("group").select_for_update(of=("group", "self")).get(pk=meeting.pk)
    return _tell(meeting, "meeting_invitation", only="newcomers") if meeting.is_coming else 0


@transaction.atomic
def forget_member(*, group, user):
    """Keeps what waits to be sent about a group's meetings from somebody who has left it. Returns how many.

    Their messages about meetings to come get other keys, under which nothing is looked for.
    """
    if group.members.current().filter(user=user).exists():
        return 0
    withheld = 0
    for meeting in group.meetings.called().filter(ends_at__gt=timezone.now()):
        messages = OutgoingEmail.objects.filter(key__regex=rf"^meeting/{meeting.pk}/[0-9]+/{user.pk}$")
        withheld += mail.withhold(messages, reason=_("They have left the group."))
        messages.update(key=Concat(Value(f"left/meeting/{meeting.pk}/"), Cast("pk", CharField())))
    return withheld


def _tell(meeting, template, *, only="", **context):
    """Writes to each member about a meeting as it now is. Returns to how many.

    Whoever joined since the last message is invited, whatever the news is. only: `invited` leaves them out, and
    `newcomers` leaves the others out.
    """
    invited, told = _invited(meeting), 0
    for user in invitees(meeting.group):
        knows = user.pk in invited
        if only and knows != (only == "invited"):
            continue
        message = mail.queue(
            to=user.email,
            template=template if knows else "meeting_invitation",
            context={"meeting": meeting, "group": meeting.group, **context},
            key=f"meeting/{meeting.pk}/{meeting.sequence}/{user.pk}",
            about=meeting,
            calendar=calendars.invitation(meeting, user=user, now=timezone.now()),
            hurry=False,
        )
        told += message is not None
    if told:
        transaction.on_commit(mail.nudge, robust=True)
    return told


def _invited(meeting):
    """The keys of those to whom there was a message about a meeting."""
    keys = OutgoingEmail.objects.filter(key__startswith=f"meeting/{meeting.pk}/").values_list("key", flat=True)
    return {int(key.rpartition("/")[2]) for key in keys}
