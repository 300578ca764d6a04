"""What a person does with the list of what to do next."""

from django.conf import settings
from django.utils import timezone

from oiep.rounds import add_months
from pledges.models import PutAside


def put_aside(*, user, key):
    """Keeps a step off a person's list for PUT_ASIDE_MONTHS. Only they see it, so it leaves no other trace."""
    until = add_months(timezone.localdate(), settings.PUT_ASIDE_MONTHS)
    PutAside.objects.update_or_create(user=user, key=key, defaults={"until": until})
