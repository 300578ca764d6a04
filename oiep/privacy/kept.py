"""Who was erased, kept apart from the database, so that a restore of an older back-up can erase them again.

One empty file for each erasure, in the storage `erasures`, named by the account's number and the moment: nothing else
of the person. It is written when the erasure is committed; what was missed then is made up for each day.
"""

import datetime
import logging
import re

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from oiep.models import Erasure

logger = logging.getLogger(__name__)
_FORM = "%Y%m%dT%H%M%S%fZ"
# An erasure that was under way while a back-up was made may bear an earlier moment than the back-up.
_UNDER_WAY = datetime.timedelta(minutes=10)


def _storage():
    return storages["erasures"]


def _names():
    try:
        return set(_storage().listdir("")[1])
    except FileNotFoundError:  # nobody yet
        return set()


def note(erasure):
    """Keeps one. Doing it twice is the same as once."""
    name = f"{erasure.user_id}-{erasure.erased_at.astimezone(datetime.UTC).strftime(_FORM)}"
    if not _storage().exists(name):
        _storage().save(name, ContentFile(b""))


def note_all():
    """Keeps those that are in the database and not kept yet."""
    names = _names()
    for erasure in Erasure.objects.iterator():
        if f"{erasure.user_id}-{erasure.erased_at.astimezone(datetime.UTC).strftime(_FORM)}" not in names:
            note(erasure)


def erased_since(moment):
    """The ids of accounts that were erased after a moment, or shortly before.

    Earlier ones are in the back-up of that moment as erased. Their numbers may have been given to others since, when
    an older back-up was restored in between.
    """
    found = set()
    for name in _names():
        if match := re.fullmatch(r"(\d+)-(\d{8}T\d{12}Z)", name):
            at = datetime.datetime.strptime(match[2], _FORM).replace(tzinfo=datetime.UTC)
            if at > moment - _UNDER_WAY:
                found.add(int(match[1]))
    return found
