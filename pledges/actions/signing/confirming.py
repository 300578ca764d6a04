"""What a confirmed address makes: the partner, its lead, the signature and the pledges."""

import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from oiep import audit, news
from oiep import email as mail
from oiep.accounts import user_for
from oiep.locks import lock_on
from oiep.models import NewsWish
from oiep.moderation import Move, NotPossible, answer_due, move
from partners import actions as partners
from partners.models import Membership, Partner, PartnerInvitation
from pledges.models import Pledge, PledgeIdea, Signature, Signing


class Expired(Exception):
    """The link was not used in time."""


@transaction.atomic
def confirm(*, signing):
    """Makes the partner, once, for the owner of the mailbox. A second time changes nothing. Returns the signing.

    Where the same person has signed already, or somebody else for the same organisation, there is no second partner:
    the signing is confirmed without a signature. Raises Expired, and DoesNotExist when it was forgotten meanwhile.
    """
    lock_on(f"signing by {signing.email}")
    if not signing.is_resident:
        lock_on("an organisation signs")  # one at a time: neither a name nor an address is taken twice
    signing = Signing.objects.select_for_update().get(pk=signing.pk)
    if signing.confirmed_at:
        return signing
    if signing.has_expired() or not signing.declared_at:
        raise Expired
    user = user_for(signing.email, signing.answers["who"]["name"], language=signing.language)
    signing.confirmed_at = timezone.now()
    if not (signing.signed_before() or signing.namesake()):
        try:
            with transaction.atomic():
                signing.signature = _sign(signing, user)
        except IntegrityError:
            if not signing.namesake():
                raise
            # Another partner was renamed to this name at the same moment.
    signing.save(update_fields=["confirmed_at", "signature"])
    if signing.answers.get("news"):  # whose mailbox it is has just shown that it is theirs
        news.ask(user=user, how=NewsWish.How.SIGNING)
    audit.record(
        verb="signing.confirmed",
        subject=signing,
        actor=user,
        signature=signing.signature and signing.signature.pk,
    )
    _close_others(signing)
    return signing


def _close_others(signing):
    others = Signing.objects.unconfirmed().filter(email=signing.email).exclude(pk=signing.pk).select_for_update()
    alike = [other.pk for other in others if other.key == signing.key and not other.has_expired()]
    Signing.objects.filter(pk__in=alike).update(confirmed_at=signing.confirmed_at)


def _sign(signing, user):
    """Writes the partner, its lead, the signature and the pledges, all waiting for the manager's decision."""
    who = signing.answers["who"]
    partner = _partner_of(signing)
    Membership.objects.create(partner=partner, user=user, role=Membership.Role.LEAD, job_title=who.get("job_title", ""))
    signature = Signature.objects.create(
        partner=partner,
        charter=signing.charter,
        reference=signing.reference,
        signer=user,
        signer_name=who["name"],
        signer_job_title=who.get("job_title", ""),
        declared_at=_declared_at(signing),
        confirmed_at=signing.confirmed_at,
        assisted=signing.assisted,
        assisted_by=signing.assisted_by,
        awaits_approval_of=signing.answers.get("contact", {}).get("awaits_approval_of", ""),
    )
    for person in signing.answers.get("people", ()):  # they are written to once the partner is approved
        PartnerInvitation.objects.create(partner=partner, invited_by=signing.assisted_by, **person)
    move(partner, Move.SUBMIT, actor=user)
    for entry in signing.pledges:
        move(_pledge_of(entry, partner), Move.SUBMIT, actor=user)
    mail.queue(
        to=user.email,
        template="sign_received",
        context={"signature": signature, "answer_by": answer_due(signature.confirmed_at)},
        key=f"signature/{signature.pk}/received",
        about=signature,
    )
    return signature


def _declared_at(signing):
    """When it was signed: for one that came from a list, on the day that the list says."""
    if not signing.answers.get("signed_on"):
        return signing.declared_at
    noon = datetime.datetime.combine(signing.signed_on, datetime.time(12), timezone.get_default_timezone())
    return min(noon, signing.declared_at)


def _partner_of(signing):
    if signing.is_resident:
        partner = Partner.objects.create(
            kind=signing.partner_kind,
            name=signing.answers["who"]["name"],
            show_name=signing.answers["publicity"]["show_name"],
        )
        partner.districts.set([signing.answers["where"]["district"]])
        return partner
    organisation, contact = signing.organisation, signing.answers["contact"]
    places = organisation["places"]
    partner = Partner.objects.create(
        kind=organisation["kind"],
        name=organisation["name"],
        is_social_enterprise="social_enterprise" in organisation["legal_forms"],
        is_cooperative="cooperative" in organisation["legal_forms"],
        description=organisation["description"],
        website=organisation["website"],
        size=organisation["size"],
        sector_id=organisation["sector"],
        county_wide="county" in places,
        contact_purposes=contact["contact_purposes"],
        review_months=int(contact["review_months"]),
    )
    partner.districts.set([] if partner.county_wide else places)
    return partner


def _pledge_of(entry, partner):
    values = {name: value for name, value in entry.items() if name != "number"}
    if not PledgeIdea.objects.filter(pk=values["idea_id"]).exists():
        values["idea_id"] = None
    return Pledge.objects.create(partner=partner, **values)


@transaction.atomic
def ask_to_join(*, signing):
    """Asks the lead of the organisation that has signed already to add the person who confirmed. Returns the request.

    Returns None when there is no such organisation any more, or the person acts for it already.
    """
    signing = Signing.objects.select_for_update(of=("self",)).get(pk=signing.pk)
    partner = signing.namesake()
    if not signing.confirmed_at or signing.signature_id or partner is None:
        return None
    user = user_for(signing.email, language=signing.language)
    try:
        request = partners.ask_to_join(
            partner=partner, user=user, job_title=signing.answers["who"].get("job_title", "")
        )
    except NotPossible:
        return None
    if not Signing.objects.filter(join_request=request).exists():
        signing.join_request = request
        signing.save(update_fields=["join_request"])
    return request
