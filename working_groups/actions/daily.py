"""The day's work on groups: reminders of their actions. `oiep.day` runs it.

The ledger is the outgoing mail, as for progress reviews: `action/<action>/<due date>/<step>` is the key of a step's
row, and the database takes each key once. So a day run twice changes nothing, and a day missed is made up for.
"""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import email as mail
from oiep.daily import each, quick_commits
from oiep.models import OutgoingEmail
from working_groups.models import Action

# The step that those who run the group get as well.
CHASED = "chased"


def run_day(today=None):
    """Records and queues the reminders of actions that are due. today: a date, in Europe/London.

    Returns what was done: name → how many, with those that failed under `failed`.
    """
    today = today or timezone.localdate()
    done = {"failed": 0}
    with quick_commits():
        done["recorded"] = each(actions_to_remind(today), lambda a: remind(action=a, today=today), done)
    if done["recorded"]:
        mail.nudge()
    return done


def key_of(action, step):
    """What names a step's message: the action, the date that it is about, and the step."""
    return f"action/{action.pk}/{action.due_on}/{step}"


def actions_to_remind(today):
    """Open actions of groups that go on, whose latest step that is due is not in the ledger, the oldest date first."""
    step = Case(
        *(
            When(due_on__lte=today - datetime.timedelta(days=offset), then=Value(step))
            for step, offset in reversed(settings.ACTION_STEPS)
        ),
        output_field=CharField(),
    )
    key = Concat(Value("action/"), Cast("pk", CharField()), Value("/"), Cast("due_on", CharField()), Value("/"), "step")
    return (
        Action.objects.open()
        .filter(Q(group__ends_on=None) | Q(group__ends_on__gte=today))
        .annotate(step=step)
        .exclude(step=None)
        .annotate(key=key)
        .filter(~Exists(OutgoingEmail.objects.filter(key=OuterRef("key"))))
        .order_by("due_on", "pk")
    )


def lock_action(action):
    """The action's row, locked after its group's: everything that decides on an action takes them in this order."""
    # PostgreSQL locks the rows in the order in which `of` names their tables. The owner is read after that: beside the
    # locked rows, this query would give it as it was before the wait.
    return Action.objects.select_related("group").select_for_update(of=("group", "self")).get(pk=action.pk)


@transaction.atomic
def remind(*, action, today=None):
    """Records the latest step of an action that is due, with its messages. Returns it, or None when there was none.

    Steps before it that the ledger does not hold were missed: they are recorded as not sent. An action that was closed
    meanwhile, or whose group has ended, gets nothing. A worker is not told: the caller nudges when it is done.
    """
    today = today or timezone.localdate()
    action = lock_action(action)
    if action.closed_on or action.group.has_ended(today):
        return None
    keys = _keys_until(action, today)
    recorded = set(OutgoingEmail.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    if not keys or list(keys.values())[-1] in recorded:
        return None
    step, key = keys.popitem()
    mail.skip(
        templates={key: f"action_{earlier}" for earlier, key in keys.items() if key not in recorded},
        about=action,
        reason=_("Its day had passed by the time we looked, so the next message went instead."),
    )
    _write(action, step, key, today)
    return step


def skip_passed_steps(action, today):
    """For an action that is new, or whose date has moved: steps whose day is past are not made up for."""
    mail.skip(
        templates={key: f"action_{step}" for step, key in _keys_until(action, today).items()},
        about=action,
        reason=_("Its day had passed when the date was set."),
    )


def _keys_until(action, today):
    """The keys of the steps whose day has come, by step, in their order."""
    return {
        step: key_of(action, step)
        for step, offset in settings.ACTION_STEPS
        if action.due_on + datetime.timedelta(days=offset) <= today
    }


def _write(action, step, key, today):
    template = f"action_{step}"
    # What waited while the scheduler slept is written as of the day on which it is written.
    context = {"action": action, "is_past": action.due_on < max(today, timezone.localdate())}
    owner = action.owner if action.owner and action.owner.is_current(today) else None
    if owner and owner.user_id:
        mail.queue(
            to=owner.user.email,
            template=template,
            context={**context, "is_owner": True},
            key=key,
            about=action,
            hurry=False,
        )
    else:
        mail.skip(templates={key: template}, about=action, reason=_why_nobody(action, owner))
    if step != CHASED:
        return
    for member in action.group.members.current(today).running().select_related("user").exclude(user=None):
        if not (owner and member.user_id == owner.user_id):
            mail.queue(
                to=member.user.email,
                template=template,
                context={**context, "owner": owner, "is_owner": False},
                key=f"{key}/run/{member.pk}",
                about=action,
                hurry=False,
            )


def _why_nobody(action, owner):
    if owner:
        return _("Whoever does it has no account to write to.")
    return _("Whoever did it has left the group.") if action.owner else _("Nobody is named who does it.")
