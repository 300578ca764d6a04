from django.utils.translation import gettext as _

from pledges.models import Signing
from pledges.next_steps.status import day
from pledges.next_steps.step import Step, Urgency


def signings_to_finish(user):
    """What this person began to sign, or has not confirmed yet."""
    steps = []
    for signing in Signing.objects.filter(email=user.email, confirmed_at=None).order_by("started_at"):
        if signing.has_expired() or (signing.is_from_list and not signing.declared_at):
            continue
        if signing.declared_at:
            # Being signed in proves the address as well as the link in the e-mail does, which may have got lost.
            text = _("You have signed, and not confirmed it yet. You can until %(until)s; it takes one press.")
            steps.append(
                Step(
                    title=_("Confirm your signature"),
                    text=text % {"until": day(signing.expires_at)},
                    url=signing.confirmation_url,
                    label=_("Look at it and confirm"),
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
