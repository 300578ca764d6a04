"""The moments at which a day in Oxfordshire begins and is over."""

import datetime

from django.utils import timezone


def end_of(day):
    after = day + datetime.timedelta(days=1)
    return datetime.datetime.combine(after, datetime.time(), timezone.get_default_timezone())


def start_of(day):
    return end_of(day - datetime.timedelta(days=1))
