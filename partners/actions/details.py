"""What a person says about how to reach them."""

from django.db import transaction
from django.utils import timezone

from oiep import audit
from partners.actions.standing import lock_standing


@transaction.atomic
def confirm_details(*, membership, job_title, actor):
    """Notes that what we hold about how to reach a person is right today, with their job title as they gave it.

    Returns the membership. Raises NotPossible when the partner withdrew, ValidationError for a job title that cannot be
    kept.
    """
    partner = lock_standing(membership.partner)
    membership = partner.memberships.current().select_for_update(of=("self",)).get(pk=membership.pk)
    changed = membership.job_title != job_title
    membership.job_title, membership.confirmed_at = job_title, timezone.now()
    membership.full_clean()
    membership.save(update_fields=["job_title", "confirmed_at"])
    audit.record(
        verb="membership.confirmed", subject=membership, actor=actor, partner=partner.pk, job_title_changed=changed
    )
    return membership
