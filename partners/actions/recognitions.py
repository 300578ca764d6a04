"""Recognitions: claiming one, renewing it, taking it off, and asking again before it expires (product.md).

The manager verifies a claim with the partner's other things (`pledges.actions.moderation`). What is verified stands,
also while its renewal waits, until the day named by `expires_on` is over; nothing has to run for it to leave the page.

The e-mails before that day are rows of the outgoing mail under the key `recognition/<recognition>/<expires_on>/<step>`.
What is due is asked by window, never by equality of dates, so that a day run twice changes nothing and a day missed is
made up for.
"""

import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Value, When
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible, State, move
from partners.actions.profile import version_of
from partners.actions.standing import Conflict, lock_standing
from partners.models import Pause, Recognition

FIELDS = ("awarded_on", "expires_on", "evidence_url", "note")

# Claiming -------------------------------------------------------------------------------------


def version_of_claim(recognition):
    """A short mark of what a claim says, for a form to say what it was opened on."""
    return version_of({name: getattr(recognition, name) for name in (*FIELDS, "evidence_name")})


@transaction.atomic
def claim_recognition(*, partner, kind, values, actor, file=None):
    """Takes in that a partner holds a recognition; it waits for the manager. One that stands already is renewed so.

    values: field → value, for FIELDS. file: a `SafeFile` that shows it.

    Returns the claim. Raises NotPossible when the partner is a resident or not approved, when the kind is
    offered no more, or when a claim of it waits; ValidationError for what the model does not take.
    """
    partner = _lock(partner)
    if kind.retired_at:
        raise NotPossible(_("We do not list this recognition any more."))
    if partner.recognitions.open().filter(kind=kind).exists():
        raise NotPossible(_("You have claimed this already. Change what you sent us instead."))
    stands = partner.recognitions.standing().filter(kind=kind).first()
    recognition = Recognition(partner=partner, kind=kind, claimed_by=actor, replaces=stands)
    _fill(recognition, values)
    _save(recognition, file)
    move(recognition, Move.SUBMIT, actor=actor, partner=partner.pk, kind=kind.pk, replaces=stands and stands.pk)
    if stands:
        end_reminders(stands, reason=_("The partner has sent in a renewal."))
    return recognition


@transaction.atomic
def change_claim(*, recognition, values, actor, file=None, keep_file=True, seen=None):
    """Changes a claim that is not verified yet, and sends it in again if changes were asked for.

    keep_file: whether the file that came with it stays, where there is no new one. seen: `version_of_claim` when the
    form was opened.

    Raises Conflict when it is not as it was seen, NotPossible when it was decided on or taken off meanwhile,
    ValidationError for what the model does not take.
    """
    partner = _lock(recognition.partner)
    recognition = partner.recognitions.select_for_update().get(pk=recognition.pk)
    if not recognition.is_open:
        raise NotPossible(_("We have decided on this meanwhile. Look at it again."))
    keep_file = keep_file or not recognition.evidence_file
    changed = [name for name in FIELDS if values[name] != getattr(recognition, name)]
    if (changed or file) and seen is not None and seen != version_of_claim(recognition):
        raise Conflict(_("Somebody else changed this while you were writing. Look at it again, then send it."))
    _fill(recognition, values)
    _save(recognition, file, drop_file=not keep_file)
    if recognition.state == State.SUBMITTED:  # it keeps its place in the queue
        if changed or file or not keep_file:
            audit.record(verb="recognition.changed", subject=recognition, actor=actor, fields=changed, file=bool(file))
    else:
        recognition.claimed_by, recognition.claimed_at = actor, timezone.now()
        recognition.save(update_fields=["claimed_by", "claimed_at"])
        move(recognition, Move.SUBMIT, actor=actor, fields=changed, file=bool(file))
    return recognition


def _lock(partner):
    partner = lock_standing(partner)
    if partner.is_resident:
        raise NotPossible(_("Recognitions are for organisations."))
    if partner.state != State.APPROVED:
        raise NotPossible(_("You can claim a recognition once we have approved your signature."))
    return partner


def _fill(recognition, values):
    """Sets what a claim says. Raises ValidationError for days that cannot be."""
    for name in FIELDS:
        setattr(recognition, name, values[name])
    today = timezone.localdate()
    if not recognition.kind.expires:
        recognition.expires_on = None
    elif recognition.expires_on is None:
        raise ValidationError({"expires_on": _("Enter the day until which it is valid.")})
    elif recognition.expires_on < today:
        raise ValidationError({"expires_on": _("This day is past. Renew it first with those who give it.")})
    elif recognition.expires_on.year - today.year > settings.RECOGNITION_YEARS_AT_MOST:
        raise ValidationError({"expires_on": _("This day is too far away. Look at the year again.")})
    if recognition.awarded_on and recognition.awarded_on > today:
        raise ValidationError({"awarded_on": _("This day is still to come. Enter since when you hold it.")})


def _save(recognition, file, *, drop_file=False):
    """Saves a claim with its file. The file that a new one takes the place of leaves the disk with the commit."""
    old = recognition.evidence_file.name
    if file:
        recognition.evidence_name = file.original_name
        recognition.evidence_file.save(file.content.name, file.content, save=False)
    elif drop_file:
        recognition.evidence_name = recognition.evidence_file = ""
    try:
        with transaction.atomic():
            recognition.full_clean()
            recognition.save()
    except BaseException:
        if file:
            recognition.evidence_file.delete(save=False)
        raise
    if old and old != recognition.evidence_file.name:
        storage = recognition.evidence_file.storage
        transaction.on_commit(lambda: storage.delete(old))


# Ending ---------------------------------------------------------------------------------------


@transaction.atomic
def take_off_recognition(*, recognition, actor):
    """Ends a recognition at the partner's wish, at once; a claim that waits is taken back. A renewal goes with it.

    Raises NotPossible when the partner withdrew. Doing it twice does it once.
    """
    partner = lock_standing(recognition.partner)
    recognition = partner.recognitions.select_for_update().get(pk=recognition.pk)
    if recognition.ended_at or recognition.state == State.DECLINED:
        return
    ended = [recognition]
    if recognition.stands:
        ended += partner.recognitions.select_for_update().open().filter(kind=recognition.kind_id)
    for row in ended:
        _end(row, Recognition.Ending.TAKEN_OFF, actor)


@transaction.atomic
def remove_recognition(*, recognition, actor, message):
    """Ends a verified recognition at the manager's decision, and tells the partner's lead why, in these words.

    A claim of the same that waits is left to be decided on. Raises NotPossible when it does not stand any more.
    """
    if not message.strip():
        raise ValidationError(_("Write why you remove it."))
    partner = lock_standing(recognition.partner)
    recognition = partner.recognitions.select_for_update().get(pk=recognition.pk)
    if not recognition.stands:
        raise NotPossible(_("It does not stand any more, so there is nothing to remove."))
    _end(recognition, Recognition.Ending.REMOVED, actor, note=message.strip())
    if lead := partner.lead:
        mail.queue(
            to=lead.user.email,
            template="recognition_removed",
            context={
                "partner": partner,
                "recognition": recognition,
                "words": message.strip(),
                "account_url": settings.SITE_URL + reverse("account-recognitions", args=[partner.slug]),
            },
            about=partner,
        )


def _end(recognition, ending, actor, note=""):
    recognition.ended_at, recognition.ending = timezone.now(), ending
    recognition.save(update_fields=["ended_at", "ending"])
    audit.record(
        verb=f"recognition.{ending}", subject=recognition, actor=actor, note=note, partner=recognition.partner_id
    )
    end_reminders(recognition, reason=_("The recognition ended: %(how)s.") % {"how": recognition.get_ending_display()})


def end_with_partner(*, partner, actor):
    """Takes back what waits when a partner withdraws, and asks nothing more, in the caller's transaction.

    What was verified keeps its row for the record; the page of a partner that withdrew shows none.
    """
    for row in partner.recognitions.select_for_update().open().order_by("pk"):
        _end(row, Recognition.Ending.TAKEN_OFF, actor)
    for row in partner.recognitions.standing():
        end_reminders(row, reason=_("The partner withdrew from the Charter."))


# Verifying, for `pledges.actions.moderation` --------------------------------------------------


def follow_approval(*, recognition, replaced):
    """Before a claim is approved: it takes the place of the one that stands, if any. In the caller's transaction."""
    if replaced:
        replaced.ended_at, replaced.ending = timezone.now(), Recognition.Ending.REPLACED
        replaced.save(update_fields=["ended_at", "ending"])
        audit.record(verb="recognition.replaced", subject=replaced, by=recognition.pk)
        end_reminders(replaced, reason=_("The partner renewed it."))
    if recognition.replaces_id != (replaced and replaced.pk):
        recognition.replaces = replaced
        recognition.save(update_fields=["replaces"])
    skip_passed_steps(recognition)


def reverse_approval(*, recognition, replaced):
    """After an approval was undone: what it had taken the place of stands again."""
    end_reminders(recognition, reason=_("The decision on it was undone."))
    if replaced and replaced.ending == Recognition.Ending.REPLACED:
        replaced.ended_at, replaced.ending = None, ""
        replaced.save(update_fields=["ended_at", "ending"])
        audit.record(verb="recognition.replacement_undone", subject=replaced, by=recognition.pk)


# Asking again ---------------------------------------------------------------------------------


def key_of(recognition, step):
    return f"recognition/{recognition.pk}/{recognition.expires_on}/{step}"


def _days_of(recognition):
    """The e-mails about one, in their order: (step, the day from which it is due)."""
    return [
        (step, recognition.expires_on + datetime.timedelta(days=offset)) for step, offset in settings.RECOGNITION_STEPS
    ]


def recognitions_to_renew(today):
    """Those that stand, whose latest step that is due is not in the ledger yet, the first to expire first.

    Nobody is asked who has sent a renewal in, is paused, or has withdrawn.
    """
    due = [
        When(expires_on__lte=today - datetime.timedelta(days=offset), then=Value(step))
        for step, offset in reversed(settings.RECOGNITION_STEPS)
    ]
    key = Concat(
        Value("recognition/"), Cast("pk", CharField()), Value("/"), Cast("expires_on", CharField()), Value("/"), "step"
    )
    renewals = Recognition.objects.submitted().filter(ended_at=None)
    return (
        Recognition.objects.standing()
        .filter(partner__withdrawn_at=None, partner__state=State.APPROVED)
        .exclude(partner__in=Pause.objects.current(today).values("partner"))
        .filter(~Exists(renewals.filter(partner=OuterRef("partner"), kind=OuterRef("kind"))))
        .annotate(step=Case(*due, output_field=CharField()))
        .exclude(step=None)
        .annotate(key=key)
        .filter(~Exists(OutgoingEmail.objects.filter(key=OuterRef("key"))))
        .order_by("expires_on", "pk")
    )


@transaction.atomic
def ask_to_renew(*, recognition, today):
    """Records the latest step that is due, with its message to the lead. Returns the step; None for nothing to record.

    Steps before it that the ledger does not hold were missed: they are recorded as not sent. A worker is not told: the
    caller nudges when it is done.
    """
    # Locked after its partner: everything that decides on a recognition takes them in this order.
    rows = Recognition.objects.select_related("partner", "kind").select_for_update(of=("partner", "self"))
    recognition = rows.filter(pk=recognition.pk).first()
    if recognition is None or not recognitions_to_renew(today).filter(pk=recognition.pk).exists():
        return None
    keys = {step: key_of(recognition, step) for step, day in _days_of(recognition) if day <= today}
    step, key = keys.popitem()
    mail.skip(
        templates=dict.fromkeys(keys.values(), "recognition_expiring"),
        about=recognition,
        reason=_("Its day had passed by the time we looked, so the next message went instead."),
    )
    if lead := recognition.partner.lead:
        mail.queue(
            to=lead.user.email,
            template="recognition_expiring",
            # What waited while the scheduler slept is written as of the day on which it is written.
            context=context_of(recognition, max(today, timezone.localdate())),
            key=key,
            about=recognition,
            hurry=False,
        )
    else:
        reason = _("This partner has no lead to write to.")
        mail.skip(templates={key: "recognition_expiring"}, about=recognition, reason=reason)
    return step


def context_of(recognition, today):
    """What the message says, written on a day."""
    partner = recognition.partner
    return {
        "partner": partner,
        "recognition": recognition,
        "has_expired": recognition.expired_by(today),
        "renew_url": settings.SITE_URL + reverse("account-recognition", args=[partner.slug, recognition.pk]),
    }


def skip_passed_steps(recognition):
    """For one that is verified late: what we would have asked before is not made up for."""
    if recognition.expires_on is None:
        return
    today = timezone.localdate()
    passed = [step for step, day in _days_of(recognition) if day < today]
    mail.skip(
        templates={key_of(recognition, step): "recognition_expiring" for step in passed},
        about=recognition,
        reason=_("Its day had passed when we verified the recognition."),
    )


def end_reminders(recognition, *, reason):
    """Keeps what waits to be sent about one from being sent. What was handed over already may still arrive."""
    mail.withhold(OutgoingEmail.objects.about(recognition), reason=reason)
