"""Who gets a message: the people that a choice of areas, districts, kinds, statuses, roles or groups means."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from desk.models import Message
from oiep.models import NewsWish, User
from partners.models import Kind, Membership, Partner
from pledges.models import Review
from pledges.overview import Where, condition, with_standing
from working_groups.models import GroupMember


class Standing(models.TextChoices):
    DUE = "due", _("Review due")
    OVERDUE = "overdue", _("Review overdue")
    LAPSED = "lapsed", _("Lapsed")
    PAUSED = "paused", _("Paused")
    IN_ORDER = "in_order", _("Nothing due")


_WHERE = {
    Standing.DUE: Where.DUE,
    Standing.OVERDUE: Where.OVERDUE,
    Standing.LAPSED: Where.LAPSED,
    Standing.PAUSED: Where.PAUSED,
}


def partners_of(message):
    """The partners that a message is about. Residents get nothing but news that they asked for."""
    chosen = message.chosen
    partners = Partner.objects.published().filter(withdrawn_at=None)
    if not message.is_news:
        partners = partners.exclude(kind=Kind.RESIDENT)
    if areas := chosen.get("areas"):
        partners = partners.in_area(*areas)
    if districts := chosen.get("districts"):
        partners = partners.in_place(*districts)
    if kinds := chosen.get("kinds"):
        partners = partners.filter(kind__in=kinds)
    if statuses := chosen.get("statuses"):
        partners = partners.filter(_standing(statuses))
    return partners


def _standing(statuses):
    reviews = with_standing(Review.objects.all())
    found = {standing: reviews.filter(condition(where)).values("partner") for standing, where in _WHERE.items()}
    wanted = models.Q(pk__in=[])
    for status in statuses:
        if status == Standing.IN_ORDER:
            wanted |= ~models.Q(*(models.Q(pk__in=rows) for rows in found.values()), _connector=models.Q.OR)
        else:
            wanted |= models.Q(pk__in=found[Standing(status)])
    return wanted


def audience_of(message):
    """The people who get a message, each once, by the number of their account."""
    users = User.objects.filter(is_active=True, erasure=None).exclude(email="")
    if message.whom == Message.Whom.GROUPS:
        members = GroupMember.objects.current().filter(group__in=message.chosen.get("groups", []))
        users = users.filter(pk__in=members.filter(user__isnull=False).values("user"))
    elif message.whom == Message.Whom.PARTNERS:
        people = Membership.objects.current().filter(partner__in=partners_of(message))
        people = people.filter(role__in=message.chosen.get("roles") or [Membership.Role.LEAD])
        users = users.filter(pk__in=people.values("user"))
    if message.is_news:
        users = users.filter(pk__in=NewsWish.objects.current().values("user"))
    return users.order_by("pk")
