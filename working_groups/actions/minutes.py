"""What was said and agreed at a meeting, who was there, and whether the public reads it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import NotPossible
from partners.actions import Conflict, version_of
from working_groups.actions.meetings import lock_meeting, refuse_cancelled
from working_groups.models import Attendance, Decision


def record_of(meeting):
    """The minutes, the decisions in their order, and who was there: {"minutes", "decisions", "attendance"}.

    attendance: the membership's key → the answer.
    """
    return {
        "minutes": meeting.minutes,
        "decisions": [decision.text for decision in meeting.decisions.all()],
        "attendance": {row.member_id: row.answer for row in meeting.attendances.all()},
    }


@transaction.atomic
def save_record(*, meeting, values, actor, seen):
    """Saves the whole of what `record_of` holds. Returns the meeting.

    seen: `version_of` the record that the form was opened on. Raises Conflict when somebody else saved meanwhile, and
    NotPossible when the meeting is a draft or cancelled, or published minutes would be empty.
    """
    meeting = lock_meeting(meeting, actor)
    refuse_cancelled(meeting)
    if meeting.is_draft:
        raise NotPossible(_("Call this meeting first."))
    current = record_of(meeting)
    if version_of(current) != seen:
        raise Conflict(_("Somebody else changed these minutes while you wrote"))
    if meeting.minutes_published_at and not values["minutes"]:
        raise NotPossible(_("These minutes are published. Take them back first if you want to empty them."))
    changed = [name for name, value in values.items() if value != current[name]]
    if "attendance" in changed:
        _save_attendance(meeting, values["attendance"])
    if "decisions" in changed:
        _save_decisions(meeting, values["decisions"])
    if changed:
        meeting.minutes = values["minutes"]
        meeting.full_clean()
        meeting.save(update_fields=["minutes", "changed_at"])
        is_public = bool(meeting.minutes_published_at)
        audit.record(verb="meeting.minuted", subject=meeting, actor=actor, fields=changed, public=is_public)
    return meeting


def _save_attendance(meeting, answers):
    meeting.attendances.all().delete()
    members = meeting.group.members.filter(pk__in=answers).order_by("pk")
    Attendance.objects.bulk_create(
        Attendance(meeting=meeting, member=member, answer=answers[member.pk]) for member in members
    )


def _save_decisions(meeting, texts):
    decisions = [Decision(meeting=meeting, text=text, order=number) for number, text in enumerate(texts)]
    for decision in decisions:
        decision.full_clean()
    meeting.decisions.all().delete()
    Decision.objects.bulk_create(decisions)


@transaction.atomic
def publish_minutes(*, meeting, actor):
    """Lets everybody read the minutes, the decisions and who was there. Raises NotPossible when they cannot be."""
    meeting = lock_meeting(meeting, actor)
    if meeting.minutes_published_at:
        raise NotPossible(_("These minutes are published already."))
    if obstacle := why_not_publish(meeting):
        raise NotPossible(obstacle)
    meeting.minutes_published_at = timezone.now()
    meeting.save(update_fields=["minutes_published_at", "changed_at"])
    audit.record(verb="meeting.published", subject=meeting, actor=actor)
    return meeting


def why_not_publish(meeting):
    """Why the public cannot be shown the minutes, in words for a user; empty when it can."""
    if meeting.is_draft or meeting.cancelled_at or not meeting.is_over:
        return _("Minutes can be published once the meeting is over.")
    if not meeting.minutes:
        return _("Write the minutes first.")
    if meeting.group.is_hidden:
        return _("This group is closed to the public, so nothing of it can be published.")
    return ""


@transaction.atomic
def unpublish_minutes(*, meeting, actor):
    """Takes from the public what `publish_minutes` has shown to it."""
    meeting = lock_meeting(meeting, actor)
    if not meeting.minutes_published_at:
        raise NotPossible(_("These minutes are not published."))
    meeting.minutes_published_at = None
    meeting.save(update_fields=["minutes_published_at", "changed_at"])
    audit.record(verb="meeting.unpublished", subject=meeting, actor=actor)
    return meeting
