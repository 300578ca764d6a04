"""Local helpers of the toolkit: the manager is warned before their agreement to be listed ends."""

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from pledges.actions.endings import ends_by, to_warn_of, warn
from pledges.models import Resource


def helpers_ending(today=None):
    """Those in use whose agreement ends near enough to ask again, or has ended."""
    helpers = Resource.objects.current().filter(kind=Resource.Kind.HELPER).exclude(agreed_by="")
    return helpers.filter(agreed_until__lte=ends_by(today))


def helpers_to_ask(today):
    return to_warn_of(helpers_ending(today), what="helper", last_day="agreed_until", today=today)


@transaction.atomic
def warn_of_helper(*, helper, today):
    """Records the latest step that is due, with its message to the manager. Returns the step; None for nothing."""
    helper = Resource.objects.select_for_update(of=("self",)).filter(pk=helper.pk).first()
    if helper is None or not helpers_to_ask(today).filter(pk=helper.pk).exists():
        return None
    address = settings.SITE_URL + reverse("admin:pledges_resource_change", args=[helper.pk])
    return warn(
        helper,
        what="helper",
        until=helper.agreed_until,
        template="helper_consent_ending",
        about=helper,
        context={"helper": helper, "admin_url": address},
        today=today,
    )
