"""Organisations that signed elsewhere and come over from a list: each a signing that waits to be confirmed.

They are nowhere else until whoever answers for them has confirmed, as with any signing (product.md, *Signing*).
"""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oiep import audit
from oiep import email as mail
from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from pledges.actions.signing.drafts import too_many_pledges
from pledges.models import CharterVersion, Signature, Signing


def enter_from_list(*, entries, actor):
    """Keeps organisations from a list; nobody is written to. entries: of each, the answers as the steps of signing keep
    them. Returns the signings."""
    made = Signing.objects.bulk_create(
        [
            Signing(
                kind="organisation",
                source="",
                answers=answers,
                email=answers["who"]["email"],
                assisted=Signature.Assisted.LIST,
                assisted_by=actor,
            )
            for answers in entries
        ]
    )
    audit.record_all(verb="signing.entered_from_list", subjects=made, actor=actor)
    return made


@transaction.atomic
def add_listed_pledge(*, signing, pledge):
    """Adds a pledge to an organisation from a list. pledge: the fields of a Pledge, as JSON values.

    Returns its number; that of the same pledge when it is there already. Raises NotPossible when it was confirmed
    since, ValidationError when there are too many.
    """
    signing = _locked(signing)
    for there in signing.pledges:
        if all(there[name] == pledge[name] for name in ("area_id", "capacity", "statement")):
            return there["number"]
    if len(signing.pledges) >= settings.PLEDGES_AT_MOST:
        raise too_many_pledges()
    number = max((entry["number"] for entry in signing.pledges), default=0) + 1
    signing.answers["pledges"] = [*signing.pledges, pledge | {"number": number}]
    signing.changed_at = timezone.now()
    signing.save(update_fields=["answers", "changed_at"])
    return number


def _locked(signing):
    signing = Signing.objects.filter(pk=signing.pk).select_for_update(of=("self",)).first()
    if signing is None or signing.confirmed_at or not signing.is_from_list:
        raise NotPossible(_("It has been confirmed since, so it is a partner of its own now."))
    return signing


@transaction.atomic
def ask_to_confirm(*, signing, actor):
    """Writes to who answers for an organisation from a list, once. Returns whether a message went into the queue.

    Nothing goes when it was asked before. Raises NotPossible when that address has had its few messages of today.
    """
    lock_on(f"signing by {signing.email}")
    signing = _locked(signing)
    if signing.declared_at:
        return False
    now = timezone.now()
    signing.charter = CharterVersion.objects.current()
    signing.declared_at = signing.changed_at = signing.last_mailed_at = now
    signing.mails = 1
    signing.save()
    sent = mail.queue(
        to=signing.email,
        template="sign_already" if signing.signed_before() else "sign_listed",
        context={"signing": signing},
        about=signing,
        key=f"signing/{signing.pk}/listed",
        unproven=not get_user_model().objects.filter(email=signing.email, last_login__isnull=False).exists(),
        hurry=False,
    )
    if sent is None:
        n = settings.UNPROVEN_ADDRESS_MAILS_A_DAY
        words = ngettext(
            "This address got %(n)s e-mail today already. Ask tomorrow.",
            "This address got %(n)s e-mails today already. Ask tomorrow.",
            n,
        )
        raise NotPossible(words % {"n": n})
    audit.record(verb="signing.asked_to_confirm", subject=signing, actor=actor)
    return True


@transaction.atomic
def take_out_listed(*, signing, actor, numbers=None):
    """Takes an organisation from a list out again or, of it, the pledges with those numbers. Raises NotPossible."""
    signing = _locked(signing)
    if numbers is not None:
        signing.answers["pledges"] = [entry for entry in signing.pledges if entry["number"] not in numbers]
        signing.save(update_fields=["answers"])
        return
    mail.withhold(OutgoingEmail.objects.about(signing), reason=_("The list that it came from was undone."))
    audit.record(verb="signing.taken_out", subject=signing, actor=actor)
    Signing.objects.filter(pk=signing.pk).delete()


@transaction.atomic
def take_out_unasked_listed(*, keys, actor):
    """Takes out those of some organisations from a list whom nobody has written to, all at once. Returns their keys."""
    rows = Signing.objects.from_lists().filter(pk__in=keys, declared_at=None, confirmed_at=None)
    rows = list(rows.select_for_update(of=("self",)).order_by("pk"))
    audit.record_all(verb="signing.taken_out", subjects=rows, actor=actor)
    Signing.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return [row.pk for row in rows]
