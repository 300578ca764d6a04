"""People's consent to be in a story: withdrawing and renewing it, and warning the manager before it ends.

The warnings are rows of the outgoing mail under the key `consent/<consent>/<until>/<step>`. What is due is asked by
window, never by equality of dates: a day run twice changes nothing, and of several missed steps the latest goes, once.
"""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible, State
from pledges.actions.stories import letters
from pledges.actions.stories.locking import lock_story
from pledges.actions.stories.offering import require_sound_dates
from pledges.models import Consent, Story


def _lock(consent):
    story = lock_story(consent.story)
    found = Consent.objects.select_for_update(of=("self",)).filter(pk=consent.pk).first()
    if found is None:
        raise NotPossible(_("This consent has been deleted, so there is nothing left to do."))
    found.story = story
    return found


@transaction.atomic
def withdraw_consent(*, consent, actor=None):
    """Takes the story that somebody is in off everything at once, and tells the manager. Twice is once."""
    consent = _lock(consent)
    if consent.withdrawn_at:
        return consent
    consent.withdrawn_at = timezone.now()
    consent.save(update_fields=["withdrawn_at"])
    audit.record(verb="consent.withdrawn", subject=consent, actor=actor, story=consent.story_id)
    story = consent.story
    if story.state == State.APPROVED and not story.taken_down_at:
        story.taken_down_at, story.taken_down = consent.withdrawn_at, Story.TakenDown.CONSENT
        story.save(update_fields=["taken_down_at", "taken_down"])
        audit.record(verb="story.taken_down", subject=story, actor=actor, why=str(Story.TakenDown.CONSENT))
    _end_warnings(consent, _("The consent was withdrawn."))
    letters.forget_unsent(story)
    letters.consent_withdrawn(consent)
    return consent


@transaction.atomic
def renew_consent(*, consent, until, uses, how, actor):
    """Records that somebody agreed again, until a later day. Raises NotPossible when they have withdrawn."""
    consent = _lock(consent)
    if consent.withdrawn_at:
        raise NotPossible(_("This person has withdrawn. If they agree again, add them anew."))
    _end_warnings(consent, _("The consent was renewed."))
    consent.agreed_on, consent.until, consent.uses, consent.how = timezone.localdate(), until, uses, how
    require_sound_dates(consent)
    consent.full_clean(exclude=["story"])
    consent.save()
    audit.record(verb="consent.renewed", subject=consent, actor=actor, story=consent.story_id, until=str(until))
    return consent


def _end_warnings(consent, reason):
    rows = OutgoingEmail.objects.filter(key__startswith=f"consent/{consent.pk}/", template="story_consent_ending")
    mail.withhold(rows, reason=reason)


# Warning the manager --------------------------------------------------------------------------


def _key(consent, step):
    return f"consent/{consent.pk}/{consent.until}/{step}"


def consents_ending(today=None):
    """Those to stories that stand, of which the end is near enough to ask again, or past."""
    day = (today or timezone.localdate()) + datetime.timedelta(days=settings.CONSENT_ASKED_DAYS)
    stands = Q(story__state=State.APPROVED, story__taken_down_at=None)
    return Consent.objects.filter(stands, withdrawn_at=None, until__lte=day)


def consents_to_renew(today):
    """Those to stories that stand, whose latest step that is due is not in the ledger yet, the first to end first."""
    due = [
        When(until__lte=today - datetime.timedelta(days=offset), then=Value(step))
        for step, offset in reversed(settings.CONSENT_STEPS)
    ]
    key = Concat(Value("consent/"), Cast("pk", CharField()), Value("/"), Cast("until", CharField()), Value("/"), "step")
    return (
        consents_ending(today)
        .annotate(step=Case(*due, output_field=CharField()))
        .exclude(step=None)
        .annotate(key=key)
        .filter(~Exists(OutgoingEmail.objects.filter(key=OuterRef("key"))))
        .order_by("until", "pk")
    )


@transaction.atomic
def warn_of_ending(*, consent, today):
    """Records the latest step that is due, with its message to the manager. Returns the step; None for nothing.

    Steps before it that the ledger does not hold were missed: they are recorded as not sent.
    """
    consent = Consent.objects.select_related("story__partner").filter(pk=consent.pk).first()
    if consent is None:
        return None
    consent = _lock(consent)
    if not consents_to_renew(today).filter(pk=consent.pk).exists():
        return None
    days = [(step, consent.until + datetime.timedelta(days=offset)) for step, offset in settings.CONSENT_STEPS]
    keys = {step: _key(consent, step) for step, day in days if day <= today}
    step, key = keys.popitem()
    mail.skip(
        templates=dict.fromkeys(keys.values(), "story_consent_ending"),
        about=consent.story,
        reason=_("Its day had passed by the time we looked, so the next message went instead."),
    )
    mail.queue(
        to=settings.CONTACT_EMAIL,
        template="story_consent_ending",
        context={
            "consent": consent,
            "story": consent.story,
            "is_over": consent.until < max(today, timezone.localdate()),
            "admin_url": letters.admin_url(consent.story),
        },
        key=key,
        about=consent.story,
        hurry=False,
    )
    return step
