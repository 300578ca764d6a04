"""In which areas a partner is active, and its leaving the Charter.

Leaving ends pledges too: `pledges.actions.pledges.withdraw_partner` does the whole of it.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from partners.actions.people import refuse_join_requests, take_back_invitations
from partners.actions.recognitions import end_with_partner
from partners.actions.standing import lock_standing, locked


@transaction.atomic
def set_active_areas(*, partner, areas):
    """Says in which priority areas a partner has live pledges, for the directory."""
    locked(partner).areas.set(areas)


@transaction.atomic
def withdraw(*, partner, actor):
    """Ends a partner's part in the Charter. What is waiting to be sent about it is not sent; its lead is told.

    Raises NotPossible when it has withdrawn already. Returns the partner as it is now.
    """
    partner = lock_standing(partner)
    partner.withdrawn_at, partner.withdrawn_by = timezone.now(), actor
    partner.save(update_fields=["withdrawn_at", "withdrawn_by"])
    partner.areas.clear()
    audit.record(verb="partner.withdrawn", subject=partner, actor=actor, state=partner.state)
    mail.withhold(OutgoingEmail.objects.about(partner), reason=_("The partner withdrew from the Charter."))
    refuse_join_requests(partner, actor)
    take_back_invitations(partner, actor)
    end_with_partner(partner=partner, actor=actor)
    if lead := partner.lead:
        mail.queue(
            to=lead.user.email,
            template="partner_withdrawn",
            context={"partner": partner, "lead": lead.user, "by_lead": actor == lead.user},
            about=partner,
        )
    return partner
