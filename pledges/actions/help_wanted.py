"""Help wanted and offered: asking, deciding, answering, introducing two to each other, and what came of it."""

import math

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oiep import audit
from oiep import email as mail
from oiep.limits import seconds_to_wait
from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible, State, move
from partners.actions.standing import TooMany, lock_standing, locked
from pledges.models import HelpReply, HelpRequest

FIELDS = ("direction", "need", "title", "text", "open_until")

# Asking and offering --------------------------------------------------------------------------


@transaction.atomic
def ask(*, partner, values, areas, actor):
    """Takes in what a partner wants or offers; it waits for the manager. Returns it.

    values: field → value, for FIELDS. Raises NotPossible when the partner is not approved, has withdrawn, or has asked
    for enough; ValidationError for what the model does not take.
    """
    partner = lock_standing(partner)
    if partner.state != State.APPROVED:
        raise NotPossible(_("You can ask for help, or offer some, once we have approved your signature."))
    open_ones = partner.help_requests.filter(closed_at=None, open_until__gte=timezone.localdate())
    if open_ones.exclude(state=State.DECLINED).count() >= settings.HELP_REQUESTS_AT_MOST:
        words = _("You have %(n)d open already. Close one first.")
        raise NotPossible(words % {"n": settings.HELP_REQUESTS_AT_MOST})
    request = HelpRequest(partner=partner, asked_by=actor)
    _write(request, values, areas)
    move(request, Move.SUBMIT, actor=actor, partner=partner.pk)
    return request


@transaction.atomic
def change(*, request, values, areas, actor):
    """Changes one that is not decided on yet, and sends it in again if changes were asked for. Raises as `ask` does."""
    lock_standing(request.partner)
    request = _lock(request)
    if not request.is_editable:
        raise NotPossible(_("We have decided on this meanwhile. Look at it again."))
    _write(request, values, areas)
    if request.state == State.CHANGES_ASKED:
        move(request, Move.SUBMIT, actor=actor)
    else:
        audit.record(verb="helprequest.changed", subject=request, actor=actor)
    return request


def _write(request, values, areas):
    for name in FIELDS:
        setattr(request, name, values[name])
    if request.open_until < timezone.localdate():
        raise ValidationError({"open_until": _("This day is past.")})
    if request.open_until > request.latest_day:
        words = _("Choose a day within %(n)d days. You can ask again later.")
        raise ValidationError({"open_until": words % {"n": settings.HELP_OPEN_DAYS_AT_MOST}})
    request.full_clean()
    request.save()
    request.areas.set(areas)


@transaction.atomic
def close(*, request, outcome, words, actor):
    """Closes one, with what came of it. Twice is once."""
    locked(request.partner)
    request = _lock(request)
    if not request.is_open:
        return request
    request.closed_at, request.outcome, request.outcome_words = timezone.now(), outcome, words
    request.full_clean()
    request.save(update_fields=["closed_at", "outcome", "outcome_words"])
    audit.record(verb="helprequest.closed", subject=request, actor=actor, outcome=str(outcome))
    return request


def _lock(request):
    row = HelpRequest.objects.select_for_update(of=("self",)).select_related("partner", "asked_by")
    if (found := row.filter(pk=request.pk).first()) is None:
        raise NotPossible(_("This has been deleted, so there is nothing left to do."))
    return found


# Deciding -------------------------------------------------------------------------------------


@transaction.atomic
def decide(*, request, decision, actor, message="", seen=None):
    """Approves one, asks for changes, declines it, or undoes that, and tells who asked. Raises as `move` does.

    seen: its `fingerprint` when it was read. Raises NotPossible also where it is not as it was seen.
    """
    locked(request.partner)
    request = _lock(request)
    if seen is not None and seen != request.fingerprint:
        raise NotPossible(_("This changed after you opened it. Look at it again, then decide."))
    move(request, decision, actor=actor, message=message, partner=request.partner_id)
    if decision == Move.UNDO:
        rows = OutgoingEmail.objects.about(request).filter(template="help_answer")
        mail.withhold(rows, reason=_("The decision was undone."))
        return request
    mail.queue(
        to=request.asked_by.email,
        template="help_answer",
        context={
            "request": request,
            "approved": decision == Move.APPROVE,
            "asked": decision == Move.ASK,
            "words": request.decision_message,
            "public_url": settings.SITE_URL + request.get_absolute_url(),
            "own_url": settings.SITE_URL + reverse("account-help", args=[request.partner.slug]),
        },
        key=f"help/{request.pk}/answer/{timezone.now().isoformat(timespec='microseconds')}",
        about=request,
    )
    return request


# Answering, and introducing -------------------------------------------------------------------


@transaction.atomic
def reply(*, request, name, email, message, source, organisation=""):
    """Takes in that somebody can help, or wants what is offered. The manager reads it first.

    source: `oiep.limits.source_of` the request. Raises TooMany for too many from one source or address; NotPossible
    when it is not open any more.
    """
    limits = [("source", source, settings.HELP_LIMIT_BY_SOURCE), ("email", email, settings.HELP_LIMIT_BY_SENDER)]
    for field, value, limit in limits:
        lock_on(f"help by {field} {value}")
        if seconds := seconds_to_wait(HelpReply.objects.filter(**{field: value}), "sent_at", limit):
            minutes = math.ceil(seconds / 60)
            words = ngettext(
                "There have been many messages in a short time, so yours was not sent. "
                "Keep what you wrote and send it again in %(minutes)d minute.",
                "There have been many messages in a short time, so yours was not sent. "
                "Keep what you wrote and send it again in %(minutes)d minutes.",
                minutes,
            )
            raise TooMany(words % {"minutes": minutes})
    locked(request.partner)
    if not HelpRequest.objects.published().filter(pk=request.pk).exists():
        raise NotPossible(_("This is not open any more, so your message was not sent."))
    row = HelpReply(request=request, name=name, email=email, organisation=organisation, message=message, source=source)
    row.full_clean()
    row.save()
    mail.queue(
        to=settings.CONTACT_EMAIL,
        template="help_reply",
        context={
            "request": request,
            "admin_url": settings.SITE_URL + reverse("admin:pledges_helprequest_change", args=[request.pk]),
        },
        about=request,
    )
    return row


def _lock_reply(row):
    locked(row.request.partner)
    _lock(row.request)
    rows = HelpReply.objects.select_for_update(of=("self",)).select_related("request__partner")
    if (found := rows.filter(pk=row.pk).first()) is None:
        raise NotPossible(_("This has been deleted, so there is nothing left to do."))
    return found


@transaction.atomic
def introduce(*, row, actor):
    """Brings the two together by e-mail: the partner's lead can answer straight to who wrote. Twice is once.

    Raises NotPossible when it is closed or the partner has nobody to write to.
    """
    row = _lock_reply(row)
    if row.introduced_at:
        return row
    lead = row.request.partner.lead
    if row.dismissed_at or not row.request.is_open or row.request.partner.withdrawn_at:
        raise NotPossible(_("This is closed or put aside, so nobody is introduced."))
    if lead is None:
        raise NotPossible(_("This partner has no lead to write to. Appoint one first."))
    row.introduced_at, row.introduced_by = timezone.now(), actor
    row.save(update_fields=["introduced_at", "introduced_by"])
    audit.record(verb="helpreply.introduced", subject=row, actor=actor, request=row.request_id)
    context = {
        "row": row,
        "request": row.request,
        "partner": row.request.partner,
        "own_url": settings.SITE_URL + reverse("account-help", args=[row.request.partner.slug]),
    }
    mail.queue(
        to=lead.user.email,
        template="help_introduced",
        context=context,
        key=f"help/{row.request_id}/reply/{row.pk}/introduced",
        about=row.request,
        reply_to=row.email,
    )
    mail.queue(
        to=row.email,
        template="help_passed_on",
        context=context,
        key=f"help/{row.request_id}/reply/{row.pk}/passed-on",
        about=row.request,
        unproven=True,
    )
    return row


@transaction.atomic
def put_aside(*, row, actor):
    """Introduces nobody: for what is spam, or does not fit. Nobody is told."""
    row = _lock_reply(row)
    if row.introduced_at:
        raise NotPossible(_("They have been introduced already."))
    if not row.dismissed_at:
        row.dismissed_at = timezone.now()
        row.save(update_fields=["dismissed_at"])
        audit.record(verb="helpreply.put_aside", subject=row, actor=actor, request=row.request_id)
    return row


@transaction.atomic
def record_outcome(*, row, outcome, words, actor):
    """Writes down what came of an introduction; it can be corrected. Raises NotPossible where there was none."""
    row = _lock_reply(row)
    if not row.introduced_at:
        raise NotPossible(_("They have not been introduced."))
    row.outcome, row.outcome_words, row.outcome_at = outcome, words, timezone.now()
    row.full_clean(exclude=["request"])
    row.save(update_fields=["outcome", "outcome_words", "outcome_at"])
    audit.record(verb="helpreply.outcome", subject=row, actor=actor, outcome=str(outcome), request=row.request_id)
    return row
