"""Residents who are erased: who they were goes, and the pledge stays as a number.

product.md, *Privacy*, and *Reviews and reminders* for those who did not answer for two years. What stays is the kind,
the district, the areas, dates and choices from lists; everything that a person typed goes, wherever it is kept. Their
accounts are `oiep.privacy`'s to erase.
"""

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail, User
from oiep.moderation import State
from oiep.rounds import add_months
from oiep.text import fold
from partners.models import Kind, Partner, Pause
from pledges.actions.pledges import withdraw_partner
from pledges.actions.reminders import asked_in_vain
from pledges.models import Answer, DueDate, Evidence, Review, Signing, Story
from pledges.personal import unname_signatures


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
def forget_resident(*, partner, actor=None):
    """Erases who a resident is. What nobody has approved is withdrawn; a pledge that stands goes on counting.

    Returns the accounts of who they were.
    """
    partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    users = _people_of(partner)
    if partner.state not in (State.APPROVED, State.DECLINED) and not partner.withdrawn_at:
        partner = withdraw_partner(partner=partner, actor=actor or users[0])
    _erase_notes([partner, *partner.pledges.all(), *partner.reviews.all(), *partner.memberships.all()])
    _erase_profile(partner)
    _erase_pledges(partner)
    _erase_reviews(partner)
    audit.record(verb="partner.forgotten", subject=partner, actor=actor)
    return users


@transaction.atomic
def forget_contact_data(*, partner):
    """Erases whom to write to at an organisation that withdrew, and who signed for it. Returns their accounts."""
    users = _people_of(partner)
    audit.trail(*partner.memberships.all(), *partner.signatures.all()).update(note="")
    for rows in (partner.memberships, partner.invitations, partner.join_requests, partner.contact_messages):
        rows.all().delete()
    Signing.objects.filter(signature__partner=partner).delete()
    unname_signatures(partner.signatures.all())
    Partner.objects.filter(pk=partner.pk).update(contact_purposes=[], contact_paused_at=None)
    audit.record(verb="partner.contact_data_deleted", subject=partner)
    return users


@transaction.atomic
def delete_partner(*, partner):
    """Deletes what was declined: the partner with all that it sent in. Returns the accounts of its people."""
    users = _people_of(partner)
    signings = Signing.objects.filter(signature__partner=partner)
    things = [partner, *partner.pledges.all(), *partner.reviews.all(), *partner.memberships.all()]
    _erase_notes([*things, *partner.signatures.all(), *signings])
    signings.delete()
    partner.reviews.all().delete()  # answers hold on to pledges
    partner.pledges.update(replaces=None)
    number = partner.pk
    partner.delete()
    audit.record(verb="partner.deleted", subject=ContentType.objects.get_for_model(Partner), partner=number)
    return users


@transaction.atomic
def delete_declined(things, pk):
    """Deletes one of the declined things that are given, if it still is one, with what was written about it."""
    thing = things.select_for_update(of=("self",)).filter(pk=pk).first()
    if thing:
        _erase_notes([thing])
        thing.delete()
    return bool(thing)


def declined_reviews(before):
    """Reviews that were declined before a moment and hold somebody's words or files still."""
    return (
        Review.objects.filter(state=State.DECLINED, decided_at__lt=before)
        .exclude(decision_message=_erased())
        .order_by("pk")
    )


@transaction.atomic
def empty_declined_review(review, before):
    """Empties a declined review. That there was one stays, as the partner's standing is counted from it."""
    review = declined_reviews(before).select_for_update(of=("self",)).filter(pk=review.pk).first()
    if review:
        _erase_notes([review])
        _empty_review(review)
        _empty_answers(review.answers.all())
    return bool(review)


def forget_in_addresses(name):
    """Gives stories another address where theirs has somebody's name in it, which their titles have no more.

    A name of one word is left: it may be a word like any other.
    """
    part = slugify(fold(name))
    if "-" in part:
        for story in Story.objects.select_for_update().filter(slug__regex=rf"(^|-){part}(-|$)"):
            story.slug = ""
            story.save(update_fields=["slug"])


def _people_of(partner):
    users = User.objects.filter(memberships__partner=partner) | User.objects.filter(signatures__partner=partner)
    return list(users.distinct())


def _erased():
    return str(_("Erased."))


def _erase_profile(partner):
    partner.logo = None
    for rows in (partner.logos, partner.recognitions, partner.profile_changes, partner.stories, partner.help_requests):
        rows.all().delete()  # and each file with its row
    for rows in (partner.join_requests, partner.invitations, partner.contact_messages, partner.memberships):
        rows.all().delete()
    partner.pauses.update(reason="")
    Signing.objects.filter(signature__partner=partner).delete()
    partner.name, partner.show_name = str(_("A resident")), False
    partner.signatures.update(
        signer=None, signer_name=partner.name, signer_job_title="", awaits_approval_of="", approval_url=""
    )
    partner.description = partner.website = ""
    partner.decision_message = partner.decision_message and _erased()
    partner.contact_purposes, partner.contact_paused_at = [], None
    partner.next_round_on = None
    partner.save()


def _erase_pledges(partner):
    """A pledge keeps its area, capacity and commitment, and says what its idea said."""
    for pledge in partner.pledges.select_related("idea"):
        idea = pledge.idea
        pledge.statement = idea.statement if idea else str(_("A pledge of a resident who is no longer in touch."))
        if not (idea and idea.measure and pledge.measure == idea.measure and pledge.unit == idea.unit):
            pledge.measure, pledge.unit, pledge.baseline, pledge.target, pledge.target_date = "", "", None, None, None
        pledge.commitment_note = pledge.ending_reason = ""
        pledge.decision_message = pledge.decision_message and _erased()
        pledge.save()


def _erase_reviews(partner):
    for review in partner.reviews.all():
        if review.is_open:
            review.closed_at, review.closing = timezone.now(), Review.Closing.FORGOTTEN
        _empty_review(review)
    _empty_answers(Answer.objects.filter(review__partner=partner))
    DueDate.objects.filter(review__partner=partner).update(reason="")


def _empty_review(review):
    for field in ("explanation", "recruitment", "retention", "diversity", "help_wanted"):
        setattr(review, field, "")
    review.may_quote = False
    review.decision_message = review.decision_message and _erased()
    review.save()


def _empty_answers(answers):
    Evidence.objects.filter(answer__in=answers).delete()  # and each file with its row
    answers.filter(pledge=None, new_pledge=None).delete()
    answers.filter(pledge=None).update(pledge=F("new_pledge"))
    answers.update(words="", reason="", evidence_url="", new_values={}, effect={})


def _erase_notes(objects):
    """What was written to and about them; that it was written stays on record."""
    audit.trail(*objects).update(note="")
    for obj in objects:
        mail.forget(OutgoingEmail.objects.about(obj), reason=_("The resident was forgotten."))
