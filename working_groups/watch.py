"""What the desk looks out for among working groups."""

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.rounds import add_months
from oiep.watch import Figure, Section, register
from working_groups.models import Group, Meeting


def _idle():
    """Groups that have not met for months, and have called no meeting. New ones have as long to begin."""
    since = add_months(timezone.localdate(), -settings.GROUP_IDLE_MONTHS)
    met = Meeting.objects.called().filter(cancelled_at=None, starts_at__date__gte=since)
    old_enough = Q(starts_on=None) | Q(starts_on__lt=since)
    return Group.objects.current().filter(old_enough).exclude(pk__in=met.values("group"))


register(
    Figure(
        "group-idle",
        Section.MEND,
        (_("group that has not met for six months"), _("groups that have not met for six months")),
        _idle,
        _("Ask its chair for a meeting, or give it a day on which it ends."),
    ),
    Figure(
        "group-shown",
        Section.NEVER,
        (_("group that is shown below one that is closed"), _("groups that are shown below one that is closed")),
        lambda: Group.objects.filter(is_hidden=False).filter(Q(is_closed=True) | Q(parent__is_hidden=True)),
        _("Choose it and “Put right”: it is hidden then."),
        "red",
        lambda group, actor: group.save(),
    ),
)
