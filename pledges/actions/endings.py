"""Warning the manager before somebody's agreement ends: to be in a story, or to be listed as a helper.

The warnings are rows of the outgoing mail under the key `<what>/<row>/<last day>/<step>`. What is due is asked by
window, never by equality of dates: a day run twice changes nothing, and of several missed steps the latest goes, once.
"""

import datetime

from django.conf import settings
from django.db.models import Case, CharField, Exists, F, OuterRef, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import email as mail
from oiep.models import OutgoingEmail


def ends_by(today=None):
    """The last day that counts as ending soon."""
    return (today or timezone.localdate()) + datetime.timedelta(days=settings.CONSENT_ASKED_DAYS)


def to_warn_of(rows, *, what, last_day, today):
    """Those whose latest step that is due is not in the ledger yet, the first to end first.

    rows: of those that end soon. what: how their keys begin. last_day: the name of the field.
    """
    due = [
        When(**{f"{last_day}__lte": today - datetime.timedelta(days=offset)}, then=Value(step))
        for step, offset in reversed(settings.CONSENT_STEPS)
    ]
    key = Concat(
        Value(f"{what}/"), Cast("pk", CharField()), Value("/"), Cast(last_day, CharField()), Value("/"), "step"
    )
    return (
        rows.annotate(step=Case(*due, output_field=CharField()))
        .exclude(step=None)
        .annotate(key=key)
        .filter(~Exists(OutgoingEmail.objects.filter(key=OuterRef("key"))))
        .order_by(F(last_day), "pk")
    )


def warn(row, *, what, until, template, about, context, today):
    """Records the latest step that is due, with its message to the manager. Returns the step.

    Steps before it that the ledger does not hold were missed: they are recorded as not sent.
    """
    days = [(step, until + datetime.timedelta(days=offset)) for step, offset in settings.CONSENT_STEPS]
    keys = {step: f"{what}/{row.pk}/{until}/{step}" for step, day in days if day <= today}
    step, key = keys.popitem()
    mail.skip(
        templates=dict.fromkeys(keys.values(), template),
        about=about,
        reason=_("Its day had passed by the time we looked, so the next message went instead."),
    )
    mail.queue(
        to=settings.CONTACT_EMAIL,
        template=template,
        context={"until": until, "is_over": until < max(today, timezone.localdate()), **context},
        key=key,
        about=about,
        hurry=False,
    )
    return step
