"""What goes by itself, and when: product.md, *Privacy*. `oiep.day` runs it each day and tells what it did."""

import datetime

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from desk.models import Import, Recipient
from events.actions.daily import attendees_to_forget, forget_attendee
from events.models import JudgeInvitation
from oiep import email as mail
from oiep.daily import each
from oiep.models import AddressChange, AuditEvent
from oiep.moderation import State
from oiep.privacy import kept
from oiep.privacy.erasing import erase_unused
from oiep.privacy.register import tables
from oiep.rounds import add_months
from partners.models import ContactMessage, JoinRequest, Partner, PartnerInvitation, ProfileChange, Recognition
from pledges.actions import forgetting
from pledges.models import HelpReply, HelpRequest, Pledge, Story
from working_groups.models import GroupInvitation, GroupJoinRequest

# What each clock is called in the register (`Table.clock`), and how long it runs: settings and their units. "signings"
# is that of `pledges.tasks`, each hour, "follows" that of `oiep.reach.digests`.
CLOCKS = {
    "signings": "CONFIRMATION_DAYS",
    "declined": "DECLINED_KEPT_DAYS",
    "messages": "MESSAGES_KEPT_MONTHS",
    "withdrawn": "WITHDRAWN_KEPT_DAYS",
    "requests": "DECLINED_KEPT_DAYS",
    "stories": "DECLINED_KEPT_DAYS",
    "audit_notes": "AUDIT_NOTES_KEPT_YEARS",
    "emails": "EMAILS_KEPT_MONTHS",
    "follows": "CONFIRMATION_DAYS",
    "attendees": "EVENT_ATTENDEE_MONTHS",
    "sessions": "SESSION_COOKIE_AGE",
    "imports": "IMPORTS_KEPT_DAYS",
}
WORDS = {
    "forgotten": _("Residents forgotten, after two years without an answer"),
    "withdrawn": _("Partners that withdrew whose contact data was deleted"),
    "declined": _("Declined signatures, pledges, changes, reviews, recognitions and stories deleted"),
    "messages": _("Old messages from visitors deleted"),
    "requests": _("Old invitations and requests to join deleted"),
    "stories": _("Stories deleted that nobody confirmed, or that somebody in them withdrew from"),
    "unused": _("Accounts erased that were made to answer an invitation and never used for anything"),
    "emails": _("Old e-mails emptied or deleted"),
    "audit_notes": _("Old notes in the audit trail emptied"),
    "attendees": _("People forgotten who came to events, and bookings deleted that nobody confirmed"),
    "imports": _("Lists deleted that were not brought in"),
    "sessions": _("Sessions that had run out deleted"),
    "left_over": _("Rows about people who were erased, that came meanwhile, deleted"),
}


def run_day(today=None):
    """Does what the clocks say. Running it twice, or a week late, does the right thing.

    today: a date, in Europe/London. Returns what was done: each name of WORDS → how many, with what failed under
    `failed`.
    """
    today = today or timezone.localdate()
    done = {**dict.fromkeys(WORDS, 0), "failed": 0}
    declined, withdrawn = (
        _start_of(today - datetime.timedelta(days=days))
        for days in (settings.DECLINED_KEPT_DAYS, settings.WITHDRAWN_KEPT_DAYS)
    )
    done["forgotten"] = each(forgetting.residents_to_forget(today), lambda row: _forget_silent(row, today), done)
    done["withdrawn"] = each(_with_contact_data(withdrawn), lambda row: _forget_contact_data(row, withdrawn), done)
    done["declined"] = each(_declined(Partner, declined), lambda row: _forget_declined_partner(row, declined), done)
    for rows in (
        _pledges(declined),
        *(_declined(model, declined) for model in (ProfileChange, Recognition, Story, HelpRequest)),
    ):
        done["declined"] += each(rows, lambda row, rows=rows: forgetting.delete_declined(rows, row.pk), done)
    done["declined"] += each(
        forgetting.declined_reviews(declined), lambda row: forgetting.empty_declined_review(row, declined), done
    )
    done["attendees"] += each(attendees_to_forget(today), lambda row: forget_attendee(booking=row, today=today), done)
    for name, rows in _to_delete(today):
        done[name] += each(rows, lambda row, rows=rows: rows.filter(pk=row.pk).delete()[0], done)
    done["unused"] = each(_unused(declined), lambda user: _forget_unused(user, declined), done)
    for name, action in (
        ("emails", lambda: _empty_emails(today)),
        ("audit_notes", lambda: _empty_notes(today)),
        ("sessions", _end_sessions),
        ("left_over", _delete_left_over),
    ):
        with transaction.atomic():
            done[name] += action()
    kept.note_all()
    return done


def _start_of(day):
    return datetime.datetime.combine(day, datetime.time(), timezone.get_default_timezone())


# Partners -------------------------------------------------------------------------------------


@transaction.atomic
def _forget_silent(partner, today):
    """A resident who did not answer, asked again under the lock; with the account, if that was all it was for."""
    Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if not forgetting.residents_to_forget(today).filter(pk=partner.pk).exists():
        return False
    _erase_unused(forgetting.forget_resident(partner=partner))
    return True


def _erase_unused(users):
    for user in users:
        erase_unused(user=user)


def _with_contact_data(before):
    """Partners that withdrew before a moment and of which we know still whom to write to."""
    known = Q(memberships__isnull=False) | Q(signatures__signer__isnull=False)
    return Partner.objects.filter(known, withdrawn_at__lt=before).order_by("pk").distinct()


@transaction.atomic
def _forget_contact_data(partner, before):
    partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if not _with_contact_data(before).filter(pk=partner.pk).exists():
        return False
    if partner.is_resident:
        users = forgetting.forget_resident(partner=partner)
    else:
        users = forgetting.forget_contact_data(partner=partner)
    _erase_unused(users)
    return True


def _declined(model, before):
    return model.objects.filter(state=State.DECLINED, decided_at__lt=before).order_by("pk")


def _pledges(before):
    """Declined pledges that nothing else refers to."""
    return _declined(Pledge, before).filter(answers=None, came_with=None, replacements=None)


@transaction.atomic
def _forget_declined_partner(partner, before):
    partner = _declined(Partner, before).select_for_update(of=("self",)).filter(pk=partner.pk).first()
    if partner:
        _erase_unused(forgetting.delete_partner(partner=partner))
    return bool(partner)


# Accounts -------------------------------------------------------------------------------------


def _unused(before):
    """Accounts of people who never acted for a partner, and who were last here before a moment.

    Following an invitation makes one (`oiep.invitations.views`), whether it is then accepted or not. What else may keep
    such an account, `oiep.privacy.erasing.is_used` knows.
    """
    unused = get_user_model().objects.filter(
        Q(last_login=None) | Q(last_login__lt=before),
        date_joined__lt=before,
        is_active=True,
        is_staff=False,
        is_superuser=False,
        memberships=None,
        signatures=None,
        erasure=None,
    )
    return unused.order_by("pk")


@transaction.atomic
def _forget_unused(user, before):
    """Asks again under the lock, which whoever asks to join at this moment waits for, or is waited for."""
    get_user_model().objects.select_for_update(of=("self",)).get(pk=user.pk)
    user = _unused(before).filter(pk=user.pk).first()
    return bool(user) and erase_unused(user=user)


# The rest -------------------------------------------------------------------------------------


def _to_delete(today):
    """(name, rows) for what is simply deleted."""
    yield (
        "messages",
        ContactMessage.objects.filter(sent_at__lt=_start_of(add_months(today, -settings.MESSAGES_KEPT_MONTHS))),
    )
    yield (
        "messages",
        HelpReply.objects.filter(sent_at__lt=_start_of(add_months(today, -settings.MESSAGES_KEPT_MONTHS))),
    )
    unconfirmed = _start_of(today - datetime.timedelta(days=settings.CONFIRMATION_DAYS))
    yield "stories", Story.objects.unconfirmed().filter(offered_at__lt=unconfirmed).order_by("pk")
    gone = _start_of(today - datetime.timedelta(days=settings.DECLINED_KEPT_DAYS))
    withdrawn = Q(taken_down=Story.TakenDown.CONSENT) | ~Q(state=State.APPROVED)  # or it was taken back
    yield "stories", Story.objects.filter(withdrawn, taken_down_at__lt=gone).order_by("pk")
    replaced = Story.objects.approved().exclude(replaces=None)  # they hold what was changed, in case it is undone
    yield "stories", replaced.filter(decided_at__lt=gone).order_by("pk")
    ended = _start_of(today - datetime.timedelta(days=settings.DECLINED_KEPT_DAYS))
    ran_out = ended - datetime.timedelta(days=settings.INVITATION_DAYS)
    for model in (PartnerInvitation, GroupInvitation, JudgeInvitation):
        yield "requests", model.objects.filter(Q(answered_at__lt=ended) | Q(answered_at=None, invited_at__lt=ran_out))
    kept_since = _start_of(today - datetime.timedelta(days=settings.IMPORTS_KEPT_DAYS))
    old = _start_of(add_months(today, -settings.EMAILS_KEPT_MONTHS))
    yield "emails", Recipient.objects.filter(message__started_at__lt=old)
    yield "imports", Import.objects.unfinished().filter(uploaded_at__lt=kept_since)
    for model in (JoinRequest, GroupJoinRequest):
        yield "requests", model.objects.filter(answered_at__lt=ended)


def _empty_emails(today):
    codes = _start_of(today - datetime.timedelta(days=settings.SIGN_IN_EMAILS_KEPT_DAYS))
    return mail.delete_codes(before=codes) + mail.empty_old(
        before=_start_of(add_months(today, -settings.EMAILS_KEPT_MONTHS))
    )


def _empty_notes(today):
    before = _start_of(add_months(today, -12 * settings.AUDIT_NOTES_KEPT_YEARS))
    return AuditEvent.objects.filter(at__lt=before).exclude(note="").update(note="")


def _end_sessions():
    """Sessions and links to confirm an address that have run out, with what the cache keeps no longer."""
    now = timezone.now()
    AddressChange.objects.over(now - datetime.timedelta(days=7)).delete()  # until then its page says that it is over
    count = Session.objects.filter(expire_date__lt=now).delete()[0]
    if apps.is_installed("allauth.usersessions"):
        seen = apps.get_model("usersessions", "UserSession").objects
        count += seen.exclude(session_key__in=Session.objects.values("session_key")).delete()[0]
    cache = connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {cache} WHERE expires < %s", [now])  # noqa: S608 - a name from the settings
    return count


def _delete_left_over():
    """Somebody who was erased while a request of theirs was still being answered may have got a row more."""
    count = 0
    for model, table in tables():
        for rows in table.rows:
            if rows.user and rows.erased is None:
                count += model._default_manager.filter(**{f"{rows.user}__erasure__isnull": False}).delete()[0]
    return count
