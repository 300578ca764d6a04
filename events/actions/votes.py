"""Everybody's votes for a category: one a person, counted once the link in an e-mail is confirmed.

Nothing that a voter sees or can measure tells how others voted, or whether an address has voted before.
"""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.actions.bookings import Expired, TooMany
from events.actions.locking import lock_round
from events.models import Nomination, Vote, VoteRequest
from oiep import email as mail
from oiep import languages
from oiep.limits import keyed_hash, seconds_to_wait
from oiep.locks import lock_on
from oiep.moderation import NotPossible

_DOTS_DO_NOT_COUNT = ("gmail.com", "googlemail.com")


def voter_of(category, email):
    """By which a person is known again in one category, without their address being kept. email: in our one spelling.

    What follows a + in a mailbox's name reaches the same person, as dots do at Google (docs/decisions/0024). One
    person is not the same in another category, so that nobody can join up what they voted for.
    """
    mailbox, _at, domain = email.rpartition("@")
    mailbox = mailbox.partition("+")[0] or mailbox
    if domain in _DOTS_DO_NOT_COUNT:
        mailbox, domain = mailbox.replace(".", ""), "gmail.com"
    return keyed_hash(f"vote/{category.pk}/{mailbox}@{domain}")


@transaction.atomic
def ask_to_vote(*, nomination, email, source):
    """Takes a vote in, and writes to the voter, whose link makes it count. email: in our one spelling.

    source: `oiep.limits.source_of` the request. Raises NotPossible when there is no voting, or not for this nomination;
    TooMany after too many from one source. Too many from one address are taken in the same way, and nothing is sent.
    """
    category = nomination.category
    lock_on(f"votes from {source}")
    if seconds_to_wait(VoteRequest.objects.filter(source=source), "asked_at", *settings.AWARD_VOTE_LIMITS_BY_SOURCE):
        raise TooMany(
            _("There were many votes from your network in a short time. Keep this page open and try again later.")
        )
    _require_votes(category, nomination)
    voter = voter_of(category, email)
    lock_on(f"votes of {voter}")
    too_many = seconds_to_wait(VoteRequest.objects.filter(voter=voter), "asked_at", settings.AWARD_VOTE_LIMIT_BY_VOTER)
    request = VoteRequest.objects.create(category=category, nomination=nomination, voter=voter, source=source)
    if not too_many:
        mail.queue(
            to=email,
            template="award_vote",
            context={"request": request, "category": category, "round": category.round},
            language=languages.current(),
            unproven=True,
        )


def _require_votes(category, nomination):
    if not category.is_peoples_choice or not category.round.takes_votes():
        raise NotPossible(_("Voting is not open."))
    if not Nomination.objects.shortlisted().filter(pk=nomination.pk, category=category).exists():
        raise NotPossible(_("This entry is not on the shortlist any more. Vote for another one."))


@transaction.atomic
def confirm_vote(*, request):
    """Makes a vote count, in place of the one that the person gave before in this category. Twice is once.

    Raises Expired when the link is too old, NotPossible when voting has ended or the nomination is off the shortlist.
    """
    request = VoteRequest.objects.select_for_update(of=("self",)).select_related("nomination").get(pk=request.pk)
    if request.confirmed_at:
        return
    # The round is locked, so that no vote is added to those that are counted once voting has ended.
    request.category.round = lock_round(request.category.round)
    now = timezone.now()
    require_confirmable(request)
    request.confirmed_at = now
    request.save(update_fields=["confirmed_at"])
    Vote.objects.update_or_create(
        category=request.category,
        voter=request.voter,
        defaults={"nomination": request.nomination, "cast_at": now},
    )


def require_confirmable(request):
    """Raises Expired or NotPossible, saying why, when a vote cannot be confirmed any more."""
    if request.confirm_until <= timezone.now():
        raise Expired(_("This link was not used in time. Vote again."))
    _require_votes(request.category, request.nomination)


def forget_vote_requests(now):
    """Deletes requests whose links do no more, with which a vote could be led back to a message. Returns how many."""
    return VoteRequest.objects.over(now).delete()[0]
