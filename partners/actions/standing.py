"""Each action locks the partner's row first, so of two people who act at once the second sees what the first did."""

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep.moderation import NotPossible
from partners.models import Partner


class Conflict(NotPossible):
    """Somebody else changed it since the form was opened. The message may be shown to a user."""


class TooMany(ValidationError):
    """More messages than may be sent at a time. The message may be shown to a user."""


def locked(partner):
    """The partner's row, locked until the transaction ends."""
    return Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)


def lock_standing(partner):
    """The same, of a partner that stands. Raises NotPossible when it has withdrawn."""
    partner = locked(partner)
    if partner.withdrawn_at:
        raise NotPossible(
            _("This partner withdrew on %(date)s, so nothing about it can be changed any more.")
            % {"date": date_format(timezone.localdate(partner.withdrawn_at))}
        )
    return partner
