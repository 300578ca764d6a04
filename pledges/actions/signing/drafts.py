"""A signing while it is being filled in, and how it is forgotten."""

import datetime

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit, languages
from oiep import email as mail
from oiep.limits import seconds_to_wait
from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from pledges.models import PledgeIdea, Signing


class TooSoon(Exception):
    """It was done as often as it may be from there. `seconds`: how long to wait."""

    def __init__(self, seconds):
        super().__init__(seconds)
        self.seconds = seconds


def start(*, kind, source, browser, assisted="", assisted_by=None):
    """Begins a signing. assisted: how the manager, assisted_by, took it from somebody else, if so."""
    return Signing.objects.create(
        kind=kind,
        source=source,
        browser=browser,
        assisted=assisted,
        assisted_by=assisted_by if assisted else None,
    )


def _open(signing):
    """The row, locked, to be filled in. Raises DoesNotExist when it was declared or forgotten since."""
    return Signing.objects.under_way().select_for_update().get(pk=signing.pk)


def _keep(signing):
    signing.changed_at, signing.language = timezone.now(), languages.current()
    signing.save(update_fields=["answers", "email", "language", "changed_at"])
    return signing


@transaction.atomic
def save_answers(*, signing, step, answers):
    """Keeps a finished step's clean answers."""
    signing = _open(signing)
    signing.answers[step] = answers
    signing.answers.get("typed", {}).pop(step, None)
    if step == "who":
        signing.email = answers["email"]
    if step == "organisation" and signing.is_short and not _fits_short_route(signing):
        signing.answers["own_words"] = True
    return _keep(signing)


@transaction.atomic
def keep_typed(*, signing, step, typed):
    """Keeps what was typed in a step that is not finished, for when its writer comes back."""
    signing = _open(signing)
    signing.answers.setdefault("typed", {})[step] = typed
    return _keep(signing)


@transaction.atomic
def leave_short_route(*, signing):
    """Lets a small organisation write pledges of its own, with what it ticked so far."""
    signing = _open(signing)
    signing.answers["own_words"] = True
    if signing.pledges and "areas" not in signing.answers:
        signing.answers["areas"] = {"areas": sorted({str(pledge["area_id"]) for pledge in signing.pledges})}
    return _keep(signing)


def _fits_short_route(signing):
    offered = dict(PledgeIdea.objects.for_short_route().values_list("pk", "statement"))
    return all(
        offered.get(pledge["idea_id"]) == pledge["statement"] and not pledge.get("measure")
        for pledge in signing.pledges
    )


@transaction.atomic
def save_pledge(*, signing, pledge, number=None):
    """Adds a pledge, or puts it in the place of the one with that number. Its area becomes one of those chosen.

    pledge: the fields of a Pledge, as JSON values. Raises ValidationError when there are too many.
    """
    signing = _open(signing)
    numbers = [entry["number"] for entry in signing.pledges]
    if number in numbers:
        signing.pledges[numbers.index(number)] = pledge | {"number": number}
    else:
        if len(numbers) >= settings.PLEDGES_AT_MOST:
            raise too_many_pledges()
        signing.answers["pledges"] = [*signing.pledges, pledge | {"number": max(numbers, default=0) + 1}]
    chosen = signing.answers.setdefault("areas", {"areas": []})["areas"]
    if str(pledge["area_id"]) not in chosen:
        chosen.append(str(pledge["area_id"]))
    signing.answers.get("typed", {}).pop("pledge", None)
    return _keep(signing)


@transaction.atomic
def remove_pledge(*, signing, number):
    signing = _open(signing)
    signing.answers["pledges"] = [pledge for pledge in signing.pledges if pledge["number"] != number]
    return _keep(signing)


@transaction.atomic
def save_pledges(*, signing, pledges):
    """Puts a whole list in the place of the pledges so far. Raises ValidationError when there are too many."""
    signing = _open(signing)
    if len(pledges) > settings.PLEDGES_AT_MOST:
        raise too_many_pledges()
    taken = max((pledge["number"] for pledge in signing.pledges), default=0)
    for pledge in pledges:
        if "number" not in pledge:
            taken += 1
            pledge["number"] = taken
    signing.answers["pledges"] = pledges
    signing.answers.get("typed", {}).pop("pledges", None)
    return _keep(signing)


def too_many_pledges():
    return ValidationError(
        _("Choose at most %(number)s pledges. You can add more once these are approved."),
        params={"number": settings.PLEDGES_AT_MOST},
    )


@transaction.atomic
def send_resume_link(*, signing, email, source):
    """Sends the link to go on later. Says nothing about whether the message went: the answer is the same for everybody.

    An assisted signing's link goes to the manager who enters it. Raises TooSoon when that many were asked for from one
    source.
    """
    signing = _open(signing)
    minute = datetime.timedelta(minutes=1)
    if signing.email == email and signing.last_mailed_at and timezone.now() - signing.last_mailed_at < minute:
        return signing  # a double click
    if not signing.assisted:
        lock_on(f"signing from {source}")
        asked = Signing.objects.under_way().filter(source=source)
        if wait := seconds_to_wait(asked, "last_mailed_at", *settings.SIGNING_LIMITS_BY_SOURCE):
            raise TooSoon(wait)
    signing.email, signing.source = email, source
    signing.changed_at = signing.last_mailed_at = timezone.now()
    signing.save(update_fields=["email", "source", "changed_at", "last_mailed_at"])
    mail.queue(
        to=signing.assisted_by.email if signing.assisted else email,
        template="sign_resume",
        context={"signing": signing},
        about=signing,
        language=signing.language,
        unproven=True,
    )
    return signing


def forget(now=None):
    """Deletes signings whose time is over, with the messages about them. Returns how many signings."""
    forgotten = 0
    signings = ContentType.objects.get_for_model(Signing)
    for pk in list(Signing.objects.forgettable(now).values_list("pk", flat=True)):
        with transaction.atomic():
            # Asked again under the lock: it may just be being confirmed, or gone on with.
            signing = Signing.objects.forgettable(now).filter(pk=pk).select_for_update(skip_locked=True, of=("self",))
            if signing.first():
                Signing.objects.filter(pk=pk).delete()
                OutgoingEmail.objects.filter(subject_type=signings, subject_id=str(pk)).delete()
                forgotten += 1
    if forgotten:
        audit.record(verb="signing.forgotten", subject=signings, count=forgotten)
    return forgotten
