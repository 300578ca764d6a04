"""What a group has agreed to do, how it goes, and what it tells of its progress."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from partners.actions import Conflict, version_of
from working_groups.actions.daily import lock_action, skip_passed_steps
from working_groups.actions.groups import check_runs, locked
from working_groups.models import Action, ProgressUpdate

ACTION_FIELDS = ("what", "owner", "due_on", "meeting", "is_public")
UPDATE_FIELDS = ("happened_on", "text", "is_public")
# Their words stand in the row itself, or are personal; the trail says only that they changed.
_WORDS = ("what", "text")


def version(row, fields):
    """A mark of what a form about an action or an update was opened on."""
    return version_of({name: getattr(row, f"{name}_id", getattr(row, name)) for name in fields})


# Actions --------------------------------------------------------------------------------------


@transaction.atomic
def add_action(*, group, values, actor):
    """Adds an action, and tells the member who is to do it. values: those of ACTION_FIELDS. Returns the action."""
    group = locked(group)
    check_runs(group, actor)
    action = Action(group=group, created_by=actor, **values)
    _check_owner(action)
    action.full_clean()
    action.save()
    audit.record(verb="action.added", subject=action, actor=actor, **_marks(action))
    skip_passed_steps(action, timezone.localdate())
    _tell_owner(action, actor)
    return action


@transaction.atomic
def change_action(*, action, values, seen, actor):
    """Changes what was agreed. seen: the `version` that the form was opened on. Returns the action.

    A new date begins a new round of reminders; a new owner is told. Raises Conflict when somebody changed it meanwhile.
    """
    action = lock_action(action)
    check_runs(action.group, actor)
    if version(action, ACTION_FIELDS) != seen:
        raise Conflict(_("Somebody else changed this while you wrote"))
    before = {name: getattr(action, name) for name in ACTION_FIELDS}
    changed = [name for name in ACTION_FIELDS if before[name] != values[name]]
    if not changed:
        return action
    for name in changed:
        setattr(action, name, values[name])
    if "owner" in changed:
        _check_owner(action)
    action.full_clean()
    action.save()
    was = {f"{name}_was": _mark(before[name]) for name in changed if name not in _WORDS}
    audit.record(verb="action.changed", subject=action, actor=actor, changed=changed, **_marks(action), **was)
    if "due_on" in changed or "owner" in changed:
        end_reminders(action, reason=_("Its date or its owner was changed."))
    if "due_on" in changed:
        skip_passed_steps(action, timezone.localdate())
    if "owner" in changed:
        _tell_owner(action, actor)
    return action


@transaction.atomic
def report_progress(*, action, progress, note, actor):
    """Says how an action goes. Returns it.

    Achieved and stopped close it, with a sentence, and end its reminders; any other word opens it again. The owner may,
    and those who run the group; others get NotPossible.
    """
    action = lock_action(action)
    if not (action.owner and action.owner.user_id == actor.pk and action.owner.is_current()):
        check_runs(action.group, actor)
    if (action.progress, action.note) == (progress, note):
        return action
    was, was_closed = action.progress, action.closed_on
    action.progress, action.note = progress, note
    if progress not in Action.CLOSED:
        action.closed_on = None
    elif was != progress:
        action.closed_on = timezone.localdate()
    action.full_clean()
    action.save()
    verb = "action.closed" if action.closed_on else "action.reopened" if was_closed else "action.reported"
    audit.record(verb=verb, subject=action, actor=actor, note=note, group=action.group_id, progress=progress, was=was)
    if action.closed_on:
        end_reminders(action, reason=_("It was done or stopped before."))
    return action


def end_reminders(action, *, reason):
    """Keeps what waits to be sent about an action from being sent."""
    mail.withhold(OutgoingEmail.objects.about(action), reason=reason)


def _check_owner(action):
    owner = action.owner
    if owner and (owner.group_id != action.group_id or not owner.is_current()):
        raise NotPossible(_("This person is no member of the group any more. Choose somebody else."))


def _tell_owner(action, actor):
    owner = action.owner
    if owner and owner.user_id and owner.user_id != actor.pk and not action.closed_on:
        mail.queue(to=owner.user.email, template="action_given", context={"action": action}, about=action)


def _marks(action):
    """Ids and dates for the trail, never words."""
    names = [name for name in ACTION_FIELDS if name not in _WORDS]
    return {"group": action.group_id, **{name: _mark(getattr(action, name)) for name in names}}


def _mark(value):
    return value if value is None or isinstance(value, bool) else str(getattr(value, "pk", value))


# Progress updates -----------------------------------------------------------------------------


@transaction.atomic
def add_update(*, group, values, actor):
    """Adds a note of what the group has done. values: those of UPDATE_FIELDS. Returns it."""
    group = locked(group)
    check_runs(group, actor)
    update = ProgressUpdate(group=group, written_by=actor, **values)
    update.full_clean()
    update.save()
    audit.record(verb="progressupdate.added", subject=update, actor=actor, group=group.pk, is_public=update.is_public)
    return update


@transaction.atomic
def change_update(*, update, values, seen, actor):
    """Changes a note. seen: the `version` that the form opened on. Raises Conflict when somebody changed it since."""
    update = _lock_update(update, actor)
    if version(update, UPDATE_FIELDS) != seen:
        raise Conflict(_("Somebody else changed this while you wrote"))
    changed = [name for name in UPDATE_FIELDS if getattr(update, name) != values[name]]
    if not changed:
        return update
    for name in changed:
        setattr(update, name, values[name])
    if "happened_on" in changed:
        update.is_day_known = True
    update.full_clean()
    update.save()
    audit.record(
        verb="progressupdate.changed",
        subject=update,
        actor=actor,
        group=update.group_id,
        changed=changed,
        is_public=update.is_public,
    )
    return update


@transaction.atomic
def take_back_update(*, update, actor):
    """Deletes a note. Raises NotPossible when somebody did so before."""
    update = _lock_update(update, actor)
    audit.record(verb="progressupdate.taken_back", subject=update, actor=actor, group=update.group_id)
    update.delete()


def _lock_update(update, actor):
    group = locked(update.group)
    check_runs(group, actor)
    update = group.updates.select_for_update(of=("self",)).filter(pk=update.pk).first()
    if update is None:
        raise NotPossible(_("Somebody has taken this update back."))
    return update
