"""Times as people say them."""

from django import template

from working_groups import times

register = template.Library()
register.filter("clock", times.clock)
register.filter("moment", times.moment)
