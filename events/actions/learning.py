"""What comes after an event: what people thought of it, what was learnt, photographs and slides."""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from events.actions import letters
from events.actions.locking import lock_event
from events.models import Event, Feedback, LearningPoint, Material, Photograph, Registration
from oiep import audit
from oiep import email as mail
from oiep.daily import each
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from oiep.uploads import make_safe, make_safe_picture
from working_groups.actions.work import add_action

PHOTOGRAPH_PIXELS = 1600  # of its longer side, as it is kept

# Feedback -------------------------------------------------------------------------------------


def feedback_until(event):
    """Until when feedback can be given and changed; from then on nobody can tell whose it was."""
    return event.ends_at + datetime.timedelta(days=settings.EVENT_FEEDBACK_DAYS)


def run_day(today):
    """Asks those who came for feedback, and cuts the tie between feedback and who gave it. Returns name → how many."""
    done = {"failed": 0}
    done["asked"] = each(bookings_to_ask(today), lambda booking: ask(booking=booking), done)
    done["unlinked"] = each(feedback_to_unlink(), lambda feedback: unlink(feedback=feedback), done)
    if done["asked"]:
        mail.nudge()
    return done


def bookings_to_ask(today):
    """Who is to be asked for feedback from the day after an event on: those who came, where anybody was checked in.

    Where nobody was, all who had a place. What was asked before is in the ledger.
    """
    now = timezone.now()
    recent = Event.objects.filter(
        cancelled_at=None,
        takes_bookings=True,
        ends_at__date__lt=today,
        ends_at__gt=now - datetime.timedelta(days=settings.EVENT_FEEDBACK_DAYS),
    )
    checked_in = Registration.objects.filter(arrived__gt=0).values("event")
    booked = Registration.objects.booked().filter(event__in=recent, forgotten_at=None).exclude(email="")
    asked_as = Concat(
        Value("event/"),
        Cast("event", TextField()),
        Value("/feedback/"),
        Cast("pk", TextField()),
        output_field=TextField(),
    )
    asked = OutgoingEmail.objects.filter(key=OuterRef("asked_as"))
    return booked.exclude(arrived=0, event__in=checked_in).annotate(asked_as=asked_as).exclude(Exists(asked))


@transaction.atomic
def ask(*, booking):
    """Asks somebody for feedback, unless they were asked before. Returns whether a message was written."""
    booking = Registration.objects.select_for_update(of=("self",)).select_related("event").get(pk=booking.pk)
    return booking.state == Registration.State.BOOKED and letters.feedback(booking)


def feedback_to_unlink(now=None):
    """Feedback that can be changed no more, and still says whose it is."""
    closed = (now or timezone.now()) - datetime.timedelta(days=settings.EVENT_FEEDBACK_DAYS)
    return Feedback.objects.filter(registration__isnull=False, event__ends_at__lte=closed)


@transaction.atomic
def unlink(*, feedback):
    """Makes nobody able to tell whose feedback it is. Returns whether anybody was."""
    return bool(Feedback.objects.filter(pk=feedback.pk, registration__isnull=False).update(registration=None))


@transaction.atomic
def give_feedback(*, booking, values):
    """Keeps what somebody thought of an event; a second time changes what they said. Returns the feedback.

    values: rating, learnt, better, may_quote. Raises NotPossible before the event is over, once it is too late, and for
    somebody who had no place.
    """
    booking = Registration.objects.select_for_update(of=("self",)).select_related("event").get(pk=booking.pk)
    require_feedback(booking)
    feedback = Feedback.objects.filter(registration=booking).first()
    feedback = feedback or Feedback(registration=booking, event=booking.event)
    for name, value in values.items():
        setattr(feedback, name, value)
    feedback.full_clean(exclude=["registration", "event"])
    feedback.save()
    return feedback


def require_feedback(booking):
    """Raises NotPossible, saying why, when no feedback can be given for a booking."""
    if booking.state != Registration.State.BOOKED or booking.event.cancelled_at:
        raise NotPossible(_("Only people who had a place at the event can say what they thought of it."))
    if not booking.event.is_over():
        raise NotPossible(_("Come back to this link after the event."))
    if feedback_until(booking.event) <= timezone.now():
        raise NotPossible(_("We have closed the questions about this event."))


# What was learnt ------------------------------------------------------------------------------


@transaction.atomic
def add_point(*, event, text, actor):
    """Adds a point of learning behind the others. Returns it."""
    event = lock_event(event)
    last = event.learning.aggregate(last=Max("order", default=0))["last"]
    point = LearningPoint(event=event, text=text, order=last + 1)
    point.full_clean(exclude=["event"])
    point.save()
    audit.record(verb="learningpoint.added", subject=point, actor=actor, event=event.pk)
    return point


@transaction.atomic
def change_point(*, point, text, actor):
    point = _lock_point(point)
    if point.text != text:
        point.text = text
        point.full_clean(exclude=["event", "action"])
        point.save(update_fields=["text"])
        audit.record(verb="learningpoint.changed", subject=point, actor=actor, event=point.event_id)
    return point


@transaction.atomic
def move_point(*, point, up, actor):
    """Puts a point before the one above it, or behind the one below; at the end of the list it stays."""
    point = _lock_point(point)
    points = list(point.event.learning.all())
    here = points.index(point)
    there = here - 1 if up else here + 1
    if 0 <= there < len(points):
        points[here], points[there] = points[there], points[here]
        for number, row in enumerate(points, start=1):
            row.order = number
        LearningPoint.objects.bulk_update(points, ["order"])
        audit.record(verb="learningpoint.moved", subject=point, actor=actor, event=point.event_id)


@transaction.atomic
def remove_point(*, point, actor):
    """Takes a point away; an action that it became stays."""
    point = _lock_point(point)
    audit.record(verb="learningpoint.removed", subject=point, actor=actor, event=point.event_id)
    point.delete()


@transaction.atomic
def make_action(*, point, group, what, due_on, actor):
    """Makes a point an action of a group, which the actor has to run. Returns the action; a second time, the first."""
    point = _lock_point(point)
    if point.action:
        return point.action
    values = {"what": what, "owner": None, "due_on": due_on, "meeting": None, "is_public": not group.is_hidden}
    point.action = add_action(group=group, values=values, actor=actor)
    point.save(update_fields=["action"])
    audit.record(verb="learningpoint.acted_on", subject=point, actor=actor, action=point.action.pk)
    return point.action


def _lock_point(point):
    """The point, with its event's row locked. Raises NotPossible when somebody took it away before."""
    lock_event(point.event)
    if (found := LearningPoint.objects.filter(pk=point.pk).select_related("event", "action").first()) is None:
        raise NotPossible(_("Somebody has taken this away."))
    return found


# Photographs and files ------------------------------------------------------------------------


@transaction.atomic
def add_photograph(*, event, upload, values, actor):
    """Keeps a picture, without what else its file said. values: alt, consent, is_public. Returns it.

    Raises ValidationError for a file that is no picture, and for one to be shown to which nobody agreed.
    """
    safe, width, height = make_safe_picture(upload, within=PHOTOGRAPH_PIXELS)
    event = lock_event(event)
    order = event.photographs.aggregate(last=Max("order", default=0))["last"] + 1
    photograph = Photograph(event=event, file=safe.content, width=width, height=height, order=order, **values)
    photograph.full_clean(exclude=["event", "file"])
    photograph.save()
    audit.record(verb="photograph.added", subject=photograph, actor=actor, event=event.pk, public=photograph.is_public)
    return photograph


@transaction.atomic
def show_photograph(*, photograph, consent, actor):
    """Shows a picture to the public. consent: who agreed, and how we know. Raises ValidationError without it."""
    photograph = Photograph.objects.select_for_update(of=("self",)).get(pk=photograph.pk)
    photograph.consent, photograph.is_public = consent, True
    photograph.full_clean(exclude=["event", "file"])
    photograph.save(update_fields=["consent", "is_public"])
    audit.record(verb="photograph.shown", subject=photograph, actor=actor, event=photograph.event_id)
    return photograph


@transaction.atomic
def hide_photograph(*, photograph, actor):
    """Hides a picture at once, for example when somebody in it takes their consent back."""
    photograph = Photograph.objects.select_for_update(of=("self",)).get(pk=photograph.pk)
    photograph.consent, photograph.is_public = "", False
    photograph.save(update_fields=["consent", "is_public"])
    audit.record(verb="photograph.hidden", subject=photograph, actor=actor, event=photograph.event_id)
    return photograph


@transaction.atomic
def add_material(*, event, upload, title, is_public, actor):
    """Keeps slides or another file. Returns it. Raises ValidationError for a file that we do not take."""
    safe = make_safe(upload)
    material = Material(
        event=event,
        title=title,
        is_public=is_public,
        file=safe.content,
        name=safe.original_name,
        size=safe.content.size,
    )
    material.full_clean(exclude=["event", "file"])
    material.save()
    audit.record(verb="material.added", subject=material, actor=actor, event=event.pk, public=is_public)
    return material


@transaction.atomic
def publish_material(*, material, is_public, actor):
    """Shows a file to the public, or hides it."""
    material = Material.objects.select_for_update(of=("self",)).get(pk=material.pk)
    if material.is_public != is_public:
        material.is_public = is_public
        material.save(update_fields=["is_public"])
        verb = "material.shown" if is_public else "material.hidden"
        audit.record(verb=verb, subject=material, actor=actor, event=material.event_id)
    return material


@transaction.atomic
def remove_file(*, row, actor):
    """Deletes a photograph or a material with its file."""
    audit.record(verb=f"{row._meta.model_name}.removed", subject=row, actor=actor, event=row.event_id)
    row.delete()
