"""Invitations by e-mail to take a part in something: to act for a partner, to join a working group.

The link in the message may be forwarded, so having it is not enough: only who signs in with the address that was
invited can accept or decline. Nothing that the inviter typed stands in the message, as it may be our first to that
address.

An app derives a model from `Invitation`, calls `oiep.invitations.actions` under its own lock, and shows the page behind
the link with `oiep.invitations.views`.
"""

from oiep.invitations.models import Invitation, InvitationQuerySet, invitation_constraints

__all__ = ["Invitation", "InvitationQuerySet", "invitation_constraints"]
