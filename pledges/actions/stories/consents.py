"""People's consent to be in a story: withdrawing and renewing it, and warning the manager before it ends."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible, State
from pledges.actions.endings import ends_by, to_warn_of, warn
from pledges.actions.stories import letters
from pledges.actions.stories.locking import lock_story
from pledges.actions.stories.offering import require_sound_dates
from pledges.models import Consent, Story


def _lock(consent):
    story = lock_story(consent.story)
    found = Consent.objects.select_for_update(of=("self",)).filter(pk=consent.pk).first()
    if found is None:
        raise NotPossible(_("This consent has been deleted, so there is nothing left to do."))
    # A change to the story may have taken it out or put it in since it was read; the lock keeps that still now.
    found.story = story if found.story_id == story.pk else lock_story(found.story)
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


def consents_ending(today=None):
    """Those to stories that stand, of which the end is near enough to ask again, or past."""
    stands = Q(story__state=State.APPROVED, story__taken_down_at=None, story__replaces=None)
    return Consent.objects.filter(stands, withdrawn_at=None, until__lte=ends_by(today))


def consents_to_renew(today):
    return to_warn_of(consents_ending(today), what="consent", last_day="until", today=today)


@transaction.atomic
def warn_of_ending(*, consent, today):
    """Records the latest step that is due, with its message to the manager. Returns the step; None for nothing."""
    consent = Consent.objects.select_related("story__partner").filter(pk=consent.pk).first()
    if consent is None:
        return None
    consent = _lock(consent)
    if not consents_to_renew(today).filter(pk=consent.pk).exists():
        return None
    return warn(
        consent,
        what="consent",
        until=consent.until,
        template="story_consent_ending",
        about=consent.story,
        context={"consent": consent, "story": consent.story, "admin_url": letters.admin_url(consent.story)},
        today=today,
    )
