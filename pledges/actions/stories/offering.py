"""Offering a story, confirming that one did, and changing it until it is decided on."""

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

    drop_pictures, drop_people: keys of what goes. Otherwise as `offer_story`. Raises NotPossible when it was decided on
    meanwhile.
    """
    story = lock_story(story)
    if not story.is_editable or not story.confirmed_at:
        raise NotPossible(_("We have decided on this meanwhile. Look at it again."))
    story.pictures.filter(pk__in=drop_pictures).delete()
    story.consents.filter(pk__in=drop_people).delete()
    with _written(story, values, areas, districts, pictures, people):
        if story.state == State.CHANGES_ASKED:
            move(story, Move.SUBMIT, actor=actor)
        else:
            audit.record(verb="story.changed", subject=story, actor=actor)
    return story


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
    if story.pictures.count() >= settings.STORY_PICTURES_AT_MOST:
        raise NotPossible(_("A story has %(n)d pictures at most.") % {"n": settings.STORY_PICTURES_AT_MOST})
    order = story.pictures.aggregate(last=Max("order", default=0))["last"] + 1
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
    if story.consents.count() >= settings.STORY_PEOPLE_AT_MOST:
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
