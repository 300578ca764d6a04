"""Erasing a person: from all tables, files and sessions, for good.

The account stays without anything that tells who it was, so that the audit trail and what they decided for others keep
their ids. What an organisation pledged stays; a resident's pledges stay as numbers.
"""

import json
import re

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Func, Q, TextField, Value
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Event, JudgeInvitation, Registration
from oiep import audit
from oiep import email as mail
from oiep.locks import lock_on
from oiep.models import AuditEvent, Erasure, OutgoingEmail, User
from oiep.moderation import NotPossible, State
from oiep.privacy import kept
from oiep.privacy.register import address_pattern, rows_of_tables, tables
from oiep.reach.models import Follower
from partners.actions import appoint_lead, hand_over
from partners.models import JoinRequest, Membership, Partner, PartnerInvitation
from pledges.actions.forgetting import forget_in_addresses, forget_resident
from pledges.actions.pledges import withdraw_partner
from pledges.models import Signing
from working_groups.models import GroupInvitation, GroupJoinRequest, GroupMember

# What becomes of an organisation that the person leads; or the id of the membership that becomes its lead.
WITHDRAW, LEAVE = "withdraw", "leave"


def partners_led_by(user):
    """The organisations that somebody has to be found for, or that withdraw, when this person goes."""
    led = Membership.objects.current().filter(user=user, role=Membership.Role.LEAD)
    partners = Partner.objects.filter(pk__in=led.values("partner"), withdrawn_at=None)
    return partners.exclude(kind=Partner.Kind.RESIDENT).exclude(state=State.DECLINED).order_by("name", "pk")


def is_used(user):
    """Whether an account is there for something: a partner, a group, an event, awards, what waits, staff's work.

    What hangs on the address alone counts as well, as erasing takes it: an invitation that can be answered, a signature
    under way, a booking, each of which has a clock of its own.
    """
    return (
        user.is_staff
        or user.is_superuser
        or any(rows.exists() for rows in (*_hanging_on_account(user), *_hanging_on_address(user.email)))
    )


def _hanging_on_account(user):
    yield user.memberships.current()
    yield user.join_requests.filter(state=JoinRequest.State.ASKED)
    yield GroupMember.objects.filter(user=user)
    yield GroupJoinRequest.objects.filter(user=user, state=GroupJoinRequest.State.ASKED)
    yield user.judging
    yield Event.objects.filter(organiser=user, ends_at__gt=timezone.now())


def _hanging_on_address(email):
    for model in (PartnerInvitation, GroupInvitation, JudgeInvitation):
        yield model.objects.open().filter(email=email)
    # One whose time is over cannot be confirmed any more; its clock may just not have come to it.
    over = Signing.objects.forgettable()
    yield Signing.objects.filter(email=email, confirmed_at=None).exclude(pk__in=over.values("pk"))
    yield Registration.objects.filter(email=email)
    yield Follower.objects.filter(email=email)


@transaction.atomic
def erase(*, user, actor, choices=None, tell=True):
    """Erases all that we hold about a person. Final. Returns the Erasure.

    choices: for each partner that the person leads, its id → WITHDRAW, LEAVE (without a lead; the manager is told), or
    the id of the membership that becomes its lead. None leaves them all. actor: the person, the manager, or None for
    the system. tell: confirm it by one last message to the address, which leaves no trace either.

    Raises NotPossible when they were erased already, lead a partner that `choices` say nothing of, or are the only
    administrator.
    """
    address = user.email
    lock_on(f"signing by {address}")  # a signature that is confirmed at this moment comes first, or finds nobody
    partners = _lock_partners(user)
    user = User.objects.select_for_update().get(pk=user.pk)
    if Erasure.objects.filter(user=user).exists():
        raise NotPossible(_("This has been erased already."))
    _require_another_administrator(user)
    for partner in partners:
        _settle(partner, user, actor, choices)
    name, was_staff = user.name, user.is_staff
    _erase_rows(user)
    _end_sessions(user)
    _take_out_mentions(address, name)
    forget_in_addresses(name)
    _empty(user, was_staff)
    erasure = Erasure.objects.create(user=user)
    transaction.on_commit(lambda: kept.note(erasure), robust=True)
    audit.record(verb="user.erased", subject=user, actor=actor)
    if tell:
        mail.queue(to=address, template="erased", context={}, leaves_no_trace=True)
    return erasure


@transaction.atomic
def erase_unused(*, user):
    """Erases an account that is there for nothing any more. Returns whether it was done."""
    user = User.objects.get(pk=user.pk)
    if is_used(user) or Erasure.objects.filter(user=user).exists():
        return False
    erase(user=user, actor=None, tell=False)
    return True


def replay(pks):
    """Erases again, after a back-up was restored, those who were erased since it was made. Returns how many.

    pks: the ids of accounts in the erasures that the back-up does not know.
    """
    done = 0
    for user in User.objects.filter(pk__in=pks, erasure=None):
        erase(user=user, actor=None, tell=False)
        done += 1
    return done


def _lock_partners(user):
    theirs = Q(memberships__user=user) | Q(signatures__signer=user)
    pks = Partner.objects.filter(theirs).values("pk")
    return list(Partner.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk"))


def _require_another_administrator(user):
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        raise NotPossible(_("This is the only administrator. Make another one first."))


def _settle(partner, user, actor, choices):
    """What becomes of a partner of somebody who goes."""
    if partner.is_resident:
        forget_resident(partner=partner, actor=actor or user)
        return
    if not partners_led_by(user).filter(pk=partner.pk).exists():
        return
    choice = LEAVE if choices is None else choices.get(partner.pk)
    if choice == WITHDRAW:
        withdraw_partner(partner=partner, actor=actor or user)
    elif choice == LEAVE:
        mail.queue(
            to=settings.CONTACT_EMAIL, template="partner_without_lead", context={"partner": partner}, about=partner
        )
    else:
        members = partner.memberships.current().exclude(user=user).select_related("user")
        member = members.filter(pk=choice).first() if str(choice).isdecimal() else None
        if member is None:
            raise NotPossible(
                _("The people of %(partner)s have changed since you opened this page. Choose again.")
                % {"partner": partner.name}
            )
        if actor == user:
            hand_over(membership=member, actor=actor)
        else:
            appoint_lead(partner=partner, user=member.user, actor=actor)


# What is left of them -------------------------------------------------------------------------


def _erase_rows(user):
    for model, rows, found in rows_of_tables(user):
        if model not in (AuditEvent, OutgoingEmail, User) and rows.title:
            # What was written when it was done to them.
            audit.trail(*found).update(note="")
        if rows.erased is None:
            found.delete()
        elif callable(rows.erased):
            rows.erased(found)
        elif rows.erased:
            found.update(**rows.erased)
    audit.trail(user).update(note="")


def _end_sessions(user):
    """Ends all sessions in which they are signed in, or were about to be."""
    address = user.email.lower()
    gone = []
    for session in Session.objects.iterator():
        data = session.get_decoded()
        if data.get("_auth_user_id") == str(user.pk) or address in json.dumps(data, ensure_ascii=False).lower():
            gone.append(session.pk)
    Session.objects.filter(pk__in=gone).delete()


def _take_out_mentions(address, name):
    """Where others wrote of them in a letter, or in the papers of a group, it says “somebody who has left” instead.

    A name of one word is left: it may be a word like any other.
    """
    patterns = [(address, address_pattern(address))]
    if len(name.split()) > 1:
        patterns.append((name, rf"(?<!\w){re.escape(name)}(?!\w)"))
    for model, table in tables():
        for field in f"{table.letters} {table.groups}".split():
            for words, pattern in patterns:
                found = model._default_manager.filter(**{f"{field}__icontains": words, f"{field}__iregex": pattern})
                found.update(**{field: _without(model._meta.get_field(field), pattern)})


def _without(field, pattern):
    words = Value(str(_("somebody who has left")))
    replaced = Func(field.name, Value(pattern), words, Value("gi"), function="regexp_replace", output_field=TextField())
    return Left(replaced, field.max_length) if field.get_internal_type() == "CharField" else replaced


def _empty(user, was_staff):
    user.email = f"erased-{user.pk}@invalid.invalid"
    user.name = str(_("A former manager") if was_staff else _("Somebody who has left"))
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.set_unusable_password()
    user.save()
