"""What pages of other parts show of the awards."""

from django import template

from events.models import AwardRound

register = template.Library()


@register.simple_tag
def open_awards():
    """The awards that take nominations now; None when there are none."""
    return AwardRound.objects.taking_nominations().order_by("closes_at").first()
