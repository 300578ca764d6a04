from django.urls import reverse
from django.utils.translation import gettext as _

from partners.models import PartnerInvitation
from pledges.next_steps.status import day
from pledges.next_steps.step import Step, Urgency


def invitations_to_answer(user):
    """The partners that this person is asked to act for."""
    waiting = PartnerInvitation.objects.open().filter(email=user.email).select_related("partner").order_by("invited_at")
    return [
        Step(
            title=_("You are invited to act for a partner"),
            text=_("%(partner)s asked you on %(date)s. You can answer until %(until)s.")
            % {
                "partner": invitation.partner.public_name,
                "date": day(invitation.invited_at),
                "until": day(invitation.expires_at),
            },
            url=reverse("partner-invitation", args=[invitation.token]),
            label=_("Look at the invitation"),
            urgency=Urgency.WAITED_FOR,
        )
        for invitation in waiting
    ]
