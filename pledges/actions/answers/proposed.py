"""Pledges that a review proposes, as its answers keep them until it is approved."""

import datetime
from decimal import Decimal

from django.db import models

from pledges.actions.pledges import FIELDS
from pledges.models import Pledge


def pledge_to_json(values):
    """What a pledge says, as an answer keeps it. values: field → value, as the pledge form has them."""

    def plain(value):
        if isinstance(value, models.Model):
            return value.pk
        return str(value) if isinstance(value, Decimal | datetime.date) else value

    return {field: plain(values[field]) for field in FIELDS if field in values}


def pledge_from_json(values, **others):
    """The pledge that an answer keeps, not saved."""
    pledge = Pledge(**others)
    for name in FIELDS:
        field = Pledge._meta.get_field(name)
        if values.get(name) is not None:
            setattr(pledge, field.attname, field.to_python(values[name]))
    return pledge
