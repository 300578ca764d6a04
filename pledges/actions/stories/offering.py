"""Offering a story, confirming that one did, and changing it: before it is public, and while it is (0065)."""

import datetime
import math
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oiep import audit
from oiep.limits import seconds_to_wait
from oiep.locks import lock_on
from oiep.moderation import Move, NotPossible, State, move
from oiep.uploads import make_safe_widths
from partners.actions.standing import TooMany, lock_standing
from pledges.actions.stories import letters
from pledges.actions.stories.locking import lock_story
from pledges.models import Consent, Story, StoryPicture, StoryPictureSize

FIELDS = ("kind", "title", "summary", "body", "quote", "quote_by", "shows_people", "pledge")


def widths_of(upload):
    """An uploaded picture in the widths that stories have. Raises ValidationError for one that is not taken."""
    return make_safe_widths(upload, within=settings.STORY_PICTURE_PIXELS, widths=settings.STORY_PICTURE_WIDTHS)


@transaction.atomic
def offer_story(
    *,
    values,
    areas=(),
    districts=(),
    pictures=(),
    people=(),
    actor=None,
    partner=None,
    review=None,
    teller=None,
    source="",
):
    """Takes a story in; it waits for the manager. From a visitor, who has no account, it waits for their link first.

    values: field → value, for FIELDS. pictures: pairs (what `widths_of` returned, words for it). people: values of
    Consent. actor: who has signed in. partner, review: of which, for somebody who acts for it. teller: the name and the
    address of a visitor, with `source`, which is `oiep.limits.source_of` the request.

    Returns the story. Raises NotPossible when the partner is not approved or has withdrawn; TooMany for too many from
    one source; ValidationError for what the model does not take.
    """
    if source:
        _check_limits(source)
    if partner:
        partner = lock_standing(partner)
        if partner.state != State.APPROVED:
            raise NotPossible(_("You can offer a story once we have approved your signature."))
    story = Story(partner=partner, review=review, offered_by=actor, source=source)
    if teller:
        story.teller_name, story.teller_email = teller
    else:
        story.confirmed_at = timezone.now()
    with _written(story, values, areas, districts, pictures, people):
        if teller:
            audit.record(verb="story.offered", subject=story)
            letters.to_confirm(story)
        else:
            move(story, Move.SUBMIT, actor=actor, partner=partner and partner.pk)
    return story


def _check_limits(source):
    lock_on(f"stories from {source}")
    if seconds := seconds_to_wait(Story.objects.filter(source=source), "offered_at", *settings.STORY_LIMITS_BY_SOURCE):
        minutes = math.ceil(seconds / 60)
        words = ngettext(
            "There have been many stories in a short time, so yours was not sent. "
            "Keep what you wrote and send it again in %(minutes)d minute.",
            "There have been many stories in a short time, so yours was not sent. "
            "Keep what you wrote and send it again in %(minutes)d minutes.",
            minutes,
        )
        raise TooMany(words % {"minutes": minutes})


def require_confirmable(story):
    """Raises NotPossible, saying why, when a visitor's story can be confirmed no more."""
    if not story.confirmed_at and story.confirm_until <= timezone.now():
        raise NotPossible(_("This link was not used in time. Send us your story again."))


@transaction.atomic
def confirm_story(*, story):
    """Sends a visitor's story in, once they have opened the link in our message. Twice is once."""
    story = lock_story(story)
    if story.confirmed_at:
        return story
    require_confirmable(story)
    story.confirmed_at = timezone.now()
    story.save(update_fields=["confirmed_at"])
    move(story, Move.SUBMIT, actor=None)
    return story


@transaction.atomic
def send_in(*, story, actor):
    """Sends in what the manager wrote: it waits like all others."""
    return move(lock_story(story), Move.SUBMIT, actor=actor)


@transaction.atomic
def change_story(
    *, story, values, areas, districts, pictures=(), people=(), drop_pictures=(), drop_people=(), actor=None
):
    """Changes a story that is not decided on yet, and sends it in again if changes were asked for.

    One that is approved stays as it is, and the change waits for the manager beside it. drop_pictures, drop_people:
    keys of what goes. Otherwise as `offer_story`. Returns what was changed: the story, or the change to it; the story
    also where nothing of it is left to change. Raises NotPossible when it was decided on meanwhile.
    """
    story = lock_story(story)
    if not story.is_editable or not story.confirmed_at:
        raise NotPossible(_("We have decided on this meanwhile. Look at it again."))
    parts = (areas, districts, pictures, people)
    drops = ({int(key) for key in drop_pictures}, {int(key) for key in drop_people})
    if story.state == State.APPROVED:
        story = story.open_change or _new_change(story, actor)
    if story.replaces_id:
        return _change_beside(story, values, parts, drops, actor)
    story.pictures.filter(pk__in=drops[0]).delete()
    story.consents.filter(pk__in=drops[1]).delete()
    with _written(story, values, *parts):
        _sent_in_again(story, actor)
    return story


def _sent_in_again(story, actor):
    if story.state in (State.DRAFT, State.CHANGES_ASKED):
        move(story, Move.SUBMIT, actor=actor, partner=story.partner_id)
    else:
        audit.record(verb="story.changed", subject=story, actor=actor)


def _new_change(story, actor):
    change = Story(
        replaces=story,
        partner=story.partner,
        review=story.review,
        offered_by=actor or story.offered_by,
        teller_name=story.teller_name,
        teller_email=story.teller_email,
        confirmed_at=timezone.now(),
        is_example=story.is_example,
    )
    for name in FIELDS:
        setattr(change, name, getattr(story, name))
    return change


def _change_beside(change, values, parts, drops, actor):
    """Writes a change that waits beside its story; takes it back where it changes nothing (any more)."""
    story = change.replaces
    areas, districts, pictures, people = parts
    change.drop_pictures = sorted(story.pictures.filter(pk__in=drops[0]).values_list("pk", flat=True))
    change.drop_people = sorted(story.consents.filter(pk__in=drops[1]).values_list("pk", flat=True))
    if change.pk:
        change.pictures.filter(pk__in=drops[0]).delete()
        change.consents.filter(pk__in=drops[1]).delete()
    adds = pictures or people or (change.pk and (change.pictures.exists() or change.consents.exists()))
    differs = any(values[name] != getattr(story, name) for name in FIELDS if name in values)
    differs = differs or set(areas) != set(story.areas.all()) or set(districts) != set(story.districts.all())
    if not (adds or differs or change.drop_pictures or change.drop_people):
        if change.pk:
            audit.record(verb="story.change_taken_back", subject=story, actor=actor)
            change.delete()
        return story
    with _written(change, values, *parts):
        _sent_in_again(change, actor)
    return change


def exchange(change):
    """Puts what a change holds in its story's place, and what the story held in the change's: twice is nothing."""
    story = change.replaces
    for name in FIELDS:
        old, new = getattr(story, name), getattr(change, name)
        setattr(story, name, new)
        setattr(change, name, old)
    for name in ("areas", "districts"):
        old, new = list(getattr(story, name).all()), list(getattr(change, name).all())
        getattr(story, name).set(new)
        getattr(change, name).set(old)
    for rows, drops in ((StoryPicture.objects, "drop_pictures"), (Consent.objects, "drop_people")):
        out = list(rows.filter(story=story, pk__in=getattr(change, drops) or []).values_list("pk", flat=True))
        added = list(rows.filter(story=change).values_list("pk", flat=True))
        rows.filter(pk__in=out).update(story=change)
        rows.filter(pk__in=added).update(story=story)
        setattr(change, drops, sorted(added))
    latest = story.changes.approved().aggregate(at=Max("decided_at"))["at"]
    story.revised_at = latest
    story.save(update_fields=[*FIELDS, "revised_at"])
    change.save(update_fields=[*FIELDS, "drop_pictures", "drop_people"])


@contextmanager
def _written(story, values, areas, districts, pictures, people):
    """Writes a story with what belongs to it. Where the rest of the transaction fails, its new files leave the disk."""
    for name in FIELDS:
        if name in values:
            setattr(story, name, values[name])
    if story.pledge and story.pledge.partner_id != story.partner_id:
        raise ValidationError(_("Choose a pledge of this partner."))
    story.full_clean(exclude=["slug"])
    if not story.slug:
        lock_on("addresses of stories")  # two of one title do not get the same
    story.save()
    story.areas.set(areas)
    story.districts.set(districts)
    files = []
    try:
        for made, alt in pictures:
            add_picture(story=story, made=made, alt=alt, files=files)
        for person in people:
            _add_consent(story, person)
        yield
    except BaseException:
        for file in files:
            file.delete(save=False)
        raise


def add_picture(*, story, made, alt, files=None):
    """Adds a picture behind the others, in the caller's transaction. files: gets the files that were written."""
    if story.pictures_once_approved.count() >= settings.STORY_PICTURES_AT_MOST:
        raise NotPossible(_("A story has %(n)d pictures at most.") % {"n": settings.STORY_PICTURES_AT_MOST})
    order = story.all_pictures.aggregate(last=Max("order", default=0))["last"] + 1
    picture = StoryPicture(story=story, alt=alt, order=order)
    picture.full_clean(exclude=["story"])
    picture.save()
    for safe, width, height in made:
        size = StoryPictureSize(picture=picture, width=width, height=height)
        size.file.save(safe.content.name, safe.content, save=False)
        if files is not None:
            files.append(size.file)
        size.save()
    return picture


def _add_consent(story, values):
    if story.people_once_approved.count() >= settings.STORY_PEOPLE_AT_MOST:
        raise NotPossible(_("That is too many people for one story. Write to us about the others."))
    consent = Consent(story=story, **values)
    require_sound_dates(consent)
    consent.full_clean(exclude=["story"])
    consent.save()
    return consent


def require_sound_dates(consent):
    """Raises ValidationError for a consent from a day to come, one that is over, or one without end."""
    today = timezone.localdate()
    if consent.agreed_on and consent.agreed_on > today:
        raise ValidationError({"agreed_on": _("This day is still to come.")})
    if consent.until and consent.until < today:
        raise ValidationError({"until": _("This day is past, so the story could not be shown.")})
    latest = today + datetime.timedelta(days=366 * settings.CONSENT_YEARS_AT_MOST)
    if consent.until and consent.until > latest:
        words = _("Ask people again after %(n)d years at most. Choose an earlier day.")
        raise ValidationError({"until": words % {"n": settings.CONSENT_YEARS_AT_MOST}})
