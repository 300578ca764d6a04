from django.contrib.contenttypes.models import ContentType

from oiep.models import AuditEvent


def record(*, verb, subject, actor=None, note="", **data):
    """Adds to the audit trail, in the caller's transaction.

    verb: what was done, as `pledge.approve`. subject: the object. actor: the user who did it, or None for the system
    or a visitor. note: what the actor wrote. data: ids and states, never names or addresses.
    """
    if actor is not None and not actor.is_authenticated:
        actor = None
    return AuditEvent.objects.create(verb=verb, subject=subject, actor=actor, note=note, data=data)


def record_all(*, verb, subjects, actor):
    """The same of many objects of one model, in one statement."""
    AuditEvent.objects.bulk_create(AuditEvent(verb=verb, subject=subject, actor=actor) for subject in subjects)


def trail(*objects):
    """All events about the objects given, newest first."""
    events = AuditEvent.objects.none()
    by_type = {}
    for obj in objects:
        by_type.setdefault(ContentType.objects.get_for_model(obj), []).append(str(obj.pk))
    for content_type, ids in by_type.items():
        events = events | AuditEvent.objects.filter(subject_type=content_type, subject_id__in=ids)
    return events.select_related("actor")
