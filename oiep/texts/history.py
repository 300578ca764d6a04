"""Keeping what a text said before it was changed, so that nothing that somebody wrote is lost."""

from django.contrib.contenttypes.models import ContentType

from oiep.texts.models import Revision


def words_of(obj, fields):
    """The words of an object's fields, as they can be kept."""
    return {name: obj.serializable_value(name) for name in fields}


def keep(obj, fields, *, actor, before=None):
    """Keeps the state that an object is in now, in the caller's transaction. Returns it, or None where nothing changed.

    before: the words that it had before this change. The first time, they are kept as well, without who wrote them, so
    that one can always go back to what was there at first.
    """
    words, kept = words_of(obj, fields), Revision.objects.of(obj).first()
    if kept is None and before is not None and before != words:
        kept = _add(obj, before, None)
    return None if kept and kept.words == words else _add(obj, words, actor)


def _add(obj, words, actor):
    subject_type = ContentType.objects.get_for_model(obj)
    return Revision.objects.create(subject_type=subject_type, subject_id=str(obj.pk), words=words, by=actor)
