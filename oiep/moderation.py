"""Moderation: what a person sends in is public only once the manager has approved it.

product.md, *Moderation*. The states and the moves between them are here once, for everything that is moderated.
"""

import datetime
import hashlib
import json
from functools import lru_cache

import holidays
from django.conf import settings
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep import audit
from oiep.text import clean_text


class State(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("waiting for a decision")
    CHANGES_ASKED = "changes_asked", _("changes asked for")
    APPROVED = "approved", _("approved")
    DECLINED = "declined", _("declined")


class Move(models.TextChoices):
    SUBMIT = "submit", _("send in")
    APPROVE = "approve", _("approve")
    ASK = "ask", _("ask for changes")
    DECLINE = "decline", _("decline")
    UNDO = "undo", _("undo the decision")


# (move, from) → to. Nothing else is possible; docs/moderation.md draws this table.
TRANSITIONS = {
    (Move.SUBMIT, State.DRAFT): State.SUBMITTED,
    (Move.SUBMIT, State.CHANGES_ASKED): State.SUBMITTED,
    (Move.APPROVE, State.SUBMITTED): State.APPROVED,
    (Move.ASK, State.SUBMITTED): State.CHANGES_ASKED,
    (Move.DECLINE, State.SUBMITTED): State.DECLINED,
    (Move.UNDO, State.APPROVED): State.SUBMITTED,
    (Move.UNDO, State.CHANGES_ASKED): State.SUBMITTED,
    (Move.UNDO, State.DECLINED): State.SUBMITTED,
}
DECISIONS = {Move.APPROVE, Move.ASK, Move.DECLINE}
DECIDED = (State.CHANGES_ASKED, State.APPROVED, State.DECLINED)
NEEDS_WORDS = {Move.ASK, Move.DECLINE}


class NotPossible(ValidationError):
    """The move is no longer possible, because somebody else moved first. The message may be shown to a user."""


class ModeratedQuerySet(models.QuerySet):
    def submitted(self):
        return self.filter(state=State.SUBMITTED)

    def approved(self):
        return self.filter(state=State.APPROVED)


def moderation_constraints(name):
    """The check constraints that each moderated model carries; `name` begins their names."""
    undecided = Q(decided_at__isnull=True, decided_by__isnull=True)
    decided = Q(decided_at__isnull=False, decided_by__isnull=False)
    return [
        models.CheckConstraint(
            name=f"{name}_decision_matches_state",
            condition=(Q(state__in=DECIDED) & decided) | (~Q(state__in=DECIDED) & undecided),
            violation_error_message=_("A decision has a date and a person, and nothing else has."),
        ),
        models.CheckConstraint(
            name=f"{name}_submitted_has_a_time",
            condition=Q(state=State.DRAFT) | Q(submitted_at__isnull=False),
            violation_error_message=_("What was sent in has the time when it was."),
        ),
        models.CheckConstraint(
            name=f"{name}_refusal_has_words",
            condition=~Q(state__in=(State.CHANGES_ASKED, State.DECLINED)) | ~Q(decision_message=""),
            violation_error_message=_("Say what should change, or why it was declined."),
        ),
    ]


class Moderated(models.Model):
    state = models.CharField(_("state"), max_length=15, choices=State.choices, default=State.DRAFT, editable=False)
    submitted_at = models.DateTimeField(_("sent in"), null=True, editable=False)
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    decision_message = models.TextField(_("message"), blank=True, editable=False, validators=[clean_text])

    class Meta:
        abstract = True

    def why_not(self, move):
        """Why the move is not possible now, in words for a user; empty when it is."""
        if (move, self.state) in TRANSITIONS:
            return ""
        return _("This is “%(state)s” now, so it cannot be changed that way. Look at it again first.") % {
            "state": self.get_state_display()
        }

    def can(self, move):
        return not self.why_not(move)


def move(obj, move, *, actor, message="", **data):
    """Moves a moderated object, in the caller's transaction, and records who did it, when and why.

    The row is locked and asked again, so that of two people who decide at once one gets NotPossible, with words that
    say what happened first. message: what the partner will read; needed to ask for changes and to decline.
    """
    locked = type(obj)._default_manager.select_for_update(of=("self",)).get(pk=obj.pk)
    if obstacle := locked.why_not(move):
        raise NotPossible(obstacle)
    if move in NEEDS_WORDS and not message.strip():
        raise ValidationError(_("Write what the partner should change, or why you decline."))
    before = locked.state
    obj.state = TRANSITIONS[move, before]
    now = timezone.now()
    if move == Move.SUBMIT:
        obj.submitted_at = now
    if move in DECISIONS:
        obj.decided_at, obj.decided_by, obj.decision_message = now, actor, message.strip()
    else:
        obj.decided_at, obj.decided_by, obj.decision_message = None, None, ""
    obj.save(update_fields=["state", "submitted_at", "decided_at", "decided_by", "decision_message"])
    audit.record(
        verb=f"{obj._meta.model_name}.{move}",
        subject=obj,
        actor=actor,
        note=message.strip(),
        before=before,
        after=obj.state,
        **data,
    )
    return obj


def fingerprint(*rows):
    """Differs when anything in the rows is not what it was, for a page to say what was seen."""
    written = json.dumps(serializers.serialize("python", rows), default=str, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


@lru_cache
def _bank_holidays(year):
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def working_days_between(start, end):
    """Working days in England after the date `start`, up to and with the date `end`."""
    days = (start + datetime.timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(day.weekday() < 5 and day not in _bank_holidays(day.year) for day in days)


class Urgency(models.TextChoices):
    GREEN = "green", _("in time")
    AMBER = "amber", _("soon due")
    RED = "red", _("late")


def waiting(submitted_at, today=None):
    """How long something sent in at `submitted_at` has waited, in working days, and how urgent that makes it."""
    days = working_days_between(timezone.localdate(submitted_at), today or timezone.localdate())
    if days >= settings.DECISION_WORKING_DAYS:
        return days, Urgency.RED
    if days >= settings.DECISION_AMBER_WORKING_DAYS:
        return days, Urgency.AMBER
    return days, Urgency.GREEN


def answer_due(submitted_at):
    """The day by which we promise an answer to something that was sent in then."""
    day = start = timezone.localdate(submitted_at)
    while working_days_between(start, day) < settings.DECISION_WORKING_DAYS:
        day += datetime.timedelta(days=1)
    return day


_PATIENCE = {Urgency.AMBER: "DECISION_AMBER_WORKING_DAYS", Urgency.RED: "DECISION_WORKING_DAYS"}


def sent_in_before(urgency, today=None):
    """The moment before which a thing must have been sent in to be as urgent as that (amber or red) today."""
    day = today = today or timezone.localdate()
    while working_days_between(day, today) < getattr(settings, _PATIENCE[urgency]):
        day -= datetime.timedelta(days=1)
    midnight = datetime.datetime.combine(day, datetime.time(), timezone.get_default_timezone())
    return midnight + datetime.timedelta(days=1)  # the end of that day, also where the clocks change
