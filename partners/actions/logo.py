"""Logos: taking one in with a changed profile, and letting those go that are in use no more.

A logo is a value of the profile, as the key of its row: a new one waits in a ProfileChange, and is live once the
partner's `logo` is it. So a row is in use as long as it is live, waits, or is what undoing a decision would bring back.
"""

import datetime
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import NotPossible, State
from partners.actions.standing import locked
from partners.models import Logo, Partner, ProfileChange


@contextmanager
def new_logo(*, partner, picture, actor, proposed):
    """Keeps a picture as a logo that nobody sees yet, in the caller's transaction, which names it in the profile.

    picture: as `make_safe_picture` returns it, or None. proposed: the key of the logo that the profile names already;
    the same picture again adds nothing. Yields the profile's new value, {"logo": key}, or {} without a picture. Where
    the profile is not taken in after all, the file leaves the disk again.
    """
    if picture is None:
        yield {}
        return
    file, width, height = picture
    if _is_picture_of(proposed, file):
        yield {"logo": proposed}
        return
    logo = Logo(partner=partner, width=width, height=height, added_by=actor)
    logo.file.save(file.content.name, file.content, save=False)
    try:
        logo.full_clean()
        logo.save()
        yield {"logo": logo.pk}
    except BaseException:
        logo.file.delete(save=False)
        raise


def _is_picture_of(key, file):
    logo = Logo.objects.filter(pk=key).first() if key else None
    if logo is None:
        return False
    try:
        with logo.file.open("rb") as kept:
            return kept.read() == file.content.read()
    except FileNotFoundError:
        return False
    finally:
        file.content.seek(0)


def logo_of(partner, key):
    """A partner's logo by its key, None for none. Raises NotPossible when it is not kept any more."""
    if not key:
        return None
    logo = partner.logos.filter(pk=key).first()
    if logo is None:
        raise NotPossible(_("The logo that it needs is not kept any more. Choose it again."))
    return logo


def spare_logos():
    """Logos that are not live. Some of them are in use all the same."""
    return Logo.objects.filter(~Exists(Partner.objects.filter(logo=OuterRef("pk")))).order_by("pk")


@transaction.atomic
def forget_logo(*, logo, today):
    """Deletes a logo that is in use no more, with its file. Returns whether it did.

    It is kept while a change that is not decided on would make it live, while undoing would bring it back instead of
    the one that is live now, and for LOGO_KEPT_DAYS after a decision that it was part of.
    """
    logo = Logo.objects.select_related("partner").filter(pk=logo.pk).first()
    if logo is None:
        return False
    partner = locked(logo.partner)
    if partner.logo_id == logo.pk or logo.pk in _in_use(partner, today):
        return False
    audit.record(verb="logo.forgotten", subject=logo, partner=partner.pk)
    logo.delete()
    return True


def _in_use(partner, today):
    """The keys of a partner's logos that waiting changes name, and that undoing a decision would bring back."""
    since = today - datetime.timedelta(days=settings.LOGO_KEPT_DAYS)
    keys = set()
    for change in partner.profile_changes.all():
        if "logo" not in change.values:
            continue
        is_recent = change.decided_at is not None and timezone.localdate(change.decided_at) >= since
        if change.state in ProfileChange.OPEN or (change.state == State.DECLINED and is_recent):
            keys.add(change.values["logo"])
        elif change.state == State.APPROVED and (is_recent or change.values["logo"] == partner.logo_id):
            keys.add(change.before["logo"])
    return keys
