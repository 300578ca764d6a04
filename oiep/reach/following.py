"""Following an area, a place or a partner by e-mail: asked for, confirmed, changed and stopped.

What a page answers is the same whoever asks and whatever address they give: only the mailbox says more.
"""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit, languages
from oiep import email as mail
from oiep.limits import seconds_to_wait
from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from oiep.moderation import NotPossible
from oiep.reach.models import Follow, Follower


class Expired(NotPossible):
    """The link to confirm was not used in time. The message may be shown to a user."""


class TooMany(NotPossible):
    """More requests from one place than may be made at a time. The message may be shown to a user."""


@transaction.atomic
def ask(*, email, kind, subject, rhythm, source):
    """Takes in that an address wants to follow something, and writes to it. Nothing follows until its link is used.

    email: in our one spelling. kind: “area”, “place” or “partner”, which `subject` is one of. source:
    `oiep.limits.source_of` the request. Raises TooMany after too many from one source. An address that has had its few
    messages for today gets none, and the answer is the same.
    """
    lock_on(f"follows from {source}")
    if seconds_to_wait(Follow.objects.filter(source=source), "asked_at", *settings.FOLLOW_LIMITS_BY_SOURCE):
        raise TooMany(
            _("There were many such requests from your network in a short time. Keep this page open, try again later.")
        )
    lock_on(f"follows of {email}")
    follower, _new = Follower.objects.get_or_create(email=email, defaults={"language": languages.current()})
    follow, _new = Follow.objects.get_or_create(
        follower=follower, **{kind: subject}, defaults={"rhythm": rhythm, "source": source}
    )
    if follow.confirmed_at:
        template, context = "follow_already", {"follower": follower}
    else:
        follow.rhythm, follow.source, follow.asked_at = rhythm, source, timezone.now()
        follow.save(update_fields=["rhythm", "source", "asked_at"])
        template, context = "follow_confirm", {"follow": follow}
    mail.queue(
        to=email,
        template=template,
        context={**context, "subject": subject},
        about=follower,
        language=follower.language,
        unproven=True,
    )


@transaction.atomic
def confirm(*, follow):
    """Makes a request count, from today on. Twice is once. Raises Expired."""
    follow = _locked(follow)
    if follow.confirmed_at:
        return follow
    require_confirmable(follow)
    follow.confirmed_at, follow.told_until = timezone.now(), timezone.localdate()
    follow.save(update_fields=["confirmed_at", "told_until"])
    audit.record(verb="follow.confirmed", subject=follow.follower, actor=None)
    return follow


def require_confirmable(follow):
    if follow.confirm_until <= timezone.now():
        raise Expired(_("This link was not used in time. Ask again on the page of what you want to follow."))


@transaction.atomic
def change(*, follow, rhythm):
    follow = _locked(follow)
    follow.rhythm = rhythm
    follow.save(update_fields=["rhythm"])


@transaction.atomic
def leave(*, follow):
    """Stops following one thing; with the last, the address is forgotten."""
    follow = _locked(follow)
    follower = follow.follower
    follow.delete()
    if not follower.follows.exists():
        _forget(follower)


@transaction.atomic
def stop(*, follower):
    """Stops all that an address follows, and forgets it. What waits to be sent to it does not go."""
    follower = Follower.objects.select_for_update().filter(pk=follower.pk).first()
    if follower:
        _forget(follower)


def _forget(follower):
    mail.forget(OutgoingEmail.objects.about(follower), reason=_("They stopped following."))
    audit.record(verb="follow.stopped", subject=follower, actor=None)
    follower.delete()


@transaction.atomic
def forget_unconfirmed(*, follow, now):
    """Deletes a request that nobody confirmed in time, with the address, if that is all. Says whether it was so."""
    try:
        follow = _locked(follow)
    except (Follow.DoesNotExist, Follower.DoesNotExist):
        return False
    if not Follow.objects.over(now).filter(pk=follow.pk).exists():
        return False
    follow.delete()
    if not follow.follower.follows.exists():
        mail.forget(OutgoingEmail.objects.about(follow.follower), reason=_("Nobody confirmed it in time."))
        follow.follower.delete()
    return True


def _locked(follow):
    """The follower is locked first, as the digest does. Raises DoesNotExist for one that has gone meanwhile."""
    follower = Follower.objects.select_for_update().get(follows=follow.pk)
    follow = Follow.objects.select_for_update(of=("self",)).get(pk=follow.pk)
    follow.follower = follower
    return follow
