"""Residents who did not answer for two years: who they were is erased, and the pledge stays as a number.

product.md, *Reviews and reminders*. What stays is the kind, the district, the areas, dates and choices from lists;
everything that a person typed goes, wherever it is kept, and the account with it unless it is used for something else.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, ProtectedError, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.models import AuditEvent, OutgoingEmail
from oiep.rounds import add_months
from partners.models import ContactMessage, JoinRequest, Kind, Partner, Pause
from pledges.actions.reminders import asked_in_vain
from pledges.models import Answer, DueDate, Evidence, Review, Signing


def residents_to_forget(today):
    """Residents to whom we wrote RESIDENT_FORGOTTEN_AFTER_YEARS times, the last time a year ago, without an answer."""
    asked = asked_in_vain(add_months(today, -12)).values("partner").annotate(times=Count("pk")).order_by()
    silent = asked.filter(times__gte=settings.RESIDENT_FORGOTTEN_AFTER_YEARS)
    return (
        Partner.objects.approved()
        .filter(kind=Kind.RESIDENT, withdrawn_at=None, next_round_on__isnull=False, pk__in=silent.values("partner"))
        .exclude(pk__in=Pause.objects.current(today).values("partner"))
    )


@transaction.atomic
def forget_resident(*, partner, today=None):
    """Erases who a resident is, if they are to be forgotten. They are asked no more. Returns whether it was done."""
    partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if not residents_to_forget(today or timezone.localdate()).filter(pk=partner.pk).exists():
        return False
    users = [membership.user for membership in partner.memberships.select_related("user")]
    users += [
        s.signer for s in partner.signatures.exclude(signer=None).select_related("signer") if s.signer not in users
    ]
    _erase_profile(partner)
    _erase_pledges(partner)
    _erase_reviews(partner)
    _erase_notes([partner, *partner.pledges.all(), *partner.reviews.all(), *partner.memberships.all()])
    partner.memberships.all().delete()
    for user in users:
        if not (user.is_staff or user.memberships.exists()):
            _erase_user(user)
    audit.record(verb="partner.forgotten", subject=partner)
    return True


def _erase_profile(partner):
    partner.name, partner.show_name = str(_("A resident")), False
    partner.description = partner.website = partner.decision_message = ""
    partner.contact_purposes, partner.contact_paused_at = [], None
    partner.next_round_on = None
    partner.save()
    partner.pauses.update(reason="")
    Signing.objects.filter(signature__partner=partner).delete()
    partner.signatures.update(
        signer=None, signer_name=partner.name, signer_job_title="", awaits_approval_of="", approval_url=""
    )
    partner.profile_changes.all().delete()
    partner.join_requests.all().delete()
    partner.contact_messages.all().delete()


def _erase_pledges(partner):
    """A pledge keeps its area, capacity and commitment, and says what its idea said."""
    for pledge in partner.pledges.select_related("idea"):
        idea = pledge.idea
        pledge.statement = idea.statement if idea else str(_("A pledge of a resident who is no longer in touch."))
        if not (idea and idea.measure and pledge.measure == idea.measure and pledge.unit == idea.unit):
            pledge.measure, pledge.unit, pledge.baseline, pledge.target, pledge.target_date = "", "", None, None, None
        pledge.commitment_note = pledge.ending_reason = ""
        pledge.decision_message = pledge.decision_message and str(_("Erased."))
        pledge.save()


def _erase_reviews(partner):
    texts = ("explanation", "recruitment", "retention", "diversity", "help_wanted")
    for review in partner.reviews.all():
        for field in texts:
            setattr(review, field, "")
        review.decision_message = review.decision_message and str(_("Erased."))
        if review.is_open:
            review.closed_at, review.closing = timezone.now(), Review.Closing.FORGOTTEN
        review.save()
    answers = Answer.objects.filter(review__partner=partner)
    Evidence.objects.filter(answer__in=answers).delete()  # and each file with its row
    answers.filter(pledge=None, new_pledge=None).delete()
    answers.filter(pledge=None).update(pledge=F("new_pledge"))
    answers.update(words="", reason="", evidence_url="", new_values={}, effect={})
    DueDate.objects.filter(review__partner=partner).update(reason="")


def _erase_notes(objects):
    """What was written to and about them; that it was written stays on record."""
    audit.trail(*objects).update(note="")
    for obj in objects:
        _blank(OutgoingEmail.objects.about(obj))


def _blank(emails):
    waiting = emails.exclude(state=OutgoingEmail.State.SENT)
    waiting.update(state=OutgoingEmail.State.NOT_SENT, lease_until=None, reason=_("The resident was forgotten."))
    emails.update(to="", reply_to="", subject_line="", text="", withheld="")
    emails.filter(state=OutgoingEmail.State.SENT).update(reason="")


def _erase_user(user):
    Signing.objects.filter(email=user.email).delete()
    ContactMessage.objects.filter(email=user.email).delete()
    JoinRequest.objects.filter(user=user).delete()
    address = user.email
    _blank(OutgoingEmail.objects.filter(Q(to=address) | Q(reply_to=address) | Q(text__icontains=address)))
    AuditEvent.objects.filter(actor=user).update(actor=None, note="")
    audit.trail(user).update(note="")
    try:
        with transaction.atomic():
            user.delete()
    except ProtectedError:  # they decided something for an organisation once: that stays, without saying who it was
        user.email, user.name, user.is_active = f"erased-{user.pk}@invalid.invalid", "", False
        user.set_unusable_password()
        user.save()
