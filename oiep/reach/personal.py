"""What we hold about people: `oiep.personal` says how to read this."""

from django.utils.translation import gettext_lazy as _

from oiep.personal import Rows, Table

REGISTER = {
    "reach.Follower": Table(
        plain="id language created_at",
        personal="email",
        # With the address goes all that it follows.
        rows=(Rows(_("Your address for news of what you follow"), address="email", shown="email language created_at"),),
        clock="follows",
    ),
    "reach.Follow": Table(
        plain="id follower area place partner rhythm source asked_at confirmed_at told_until",
        rows=(
            Rows(
                _("What you follow by e-mail"),
                address="follower__email",
                shown="area place partner rhythm asked_at confirmed_at",
            ),
        ),
        clock="follows",
    ),
}
