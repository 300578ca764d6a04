from django.utils.translation import gettext as _

from pledges.models import Signing
from pledges.next_steps.status import day
from pledges.next_steps.step import Step, Urgency


def signings_to_finish(user):
    """What this person began to sign, or has not confirmed yet."""
    steps = []
    for signing in Signing.objects.filter(email=user.email, confirmed_at=None).order_by("started_at"):
        if signing.has_expired():
            continue
        if signing.declared_at:
            text = _("We sent a link to your address on %(date)s. Open it to confirm that you signed.")
            steps.append(
                Step(
                    title=_("Confirm your signature"),
                    text=text % {"date": day(signing.last_mailed_at or signing.declared_at)},
                    urgency=Urgency.WAITED_FOR,
                )
            )
        else:
            text = _("You began on %(date)s. We keep what you wrote until %(until)s.")
            steps.append(
                Step(
                    title=_("Finish your signature"),
                    text=text % {"date": day(signing.started_at), "until": day(signing.expires_at)},
                    url=signing.resume_url,
                    label=_("Go on"),
                    urgency=Urgency.WAITED_FOR,
                )
            )
    return steps
