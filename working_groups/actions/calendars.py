"""The secret address of a person's calendar."""

from django.db import transaction
from django.utils import timezone

from oiep import audit
from working_groups.models import CalendarAddress
from working_groups.models.people import new_key


@transaction.atomic
def renew_calendar_address(*, user):
    """Gives a person a calendar address, or a new one, from when on the old one leads nowhere. Returns it."""
    address, is_new = CalendarAddress.objects.select_for_update().get_or_create(user=user)
    if not is_new:
        address.key, address.made_at = new_key(), timezone.now()
        address.save(update_fields=["key", "made_at"])
    audit.record(verb="calendaraddress.made" if is_new else "calendaraddress.renewed", subject=address, actor=user)
    return address
