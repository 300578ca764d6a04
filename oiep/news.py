"""The partnership's news: only for those who asked for it, until they press stop once (RFC 8058)."""

from django.db import transaction
from django.utils import timezone

from oiep import audit
from oiep import email as mail
from oiep.models import NewsWish, OutgoingEmail, User

WHY_STOPPED = "They stopped the news."


@transaction.atomic
def ask(*, user, how):
    """Notes that somebody wants the news. Returns their wish; one that stands stays as it was."""
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    wish, new = NewsWish.objects.get_or_create(user=user, defaults={"how": how})
    if wish.stopped_at:
        wish.asked_at, wish.how, wish.stopped_at = timezone.now(), how, None
        wish.save()
        new = True
    if new:
        audit.record(verb="newswish.asked", subject=wish, actor=user, how=how)
    return wish


@transaction.atomic
def stop(*, user):
    """Stops the news for somebody, also what waits to be sent. Returns whether there was anything to stop."""
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    wish = NewsWish.objects.current().filter(user=user).first()
    if wish is None:
        return False
    wish.stopped_at = timezone.now()
    wish.save(update_fields=["stopped_at"])
    audit.record(verb="newswish.stopped", subject=wish, actor=user)
    waiting = OutgoingEmail.objects.filter(to=user.email).exclude(stop_url="")
    mail.withhold(waiting, reason=WHY_STOPPED)
    # Those of a message that the manager has stopped do not go when it goes on.
    held = waiting.filter(state=OutgoingEmail.State.NOT_SENT).exclude(withheld="")
    held.update(withheld=WHY_STOPPED, reason=WHY_STOPPED)
    return True


def wants_it(user):
    return NewsWish.objects.current().filter(user=user).exists()
