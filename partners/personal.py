"""What partners' tables hold about people."""

from django.utils.translation import gettext_lazy as _

from oiep.personal import Rows, Table

_MODERATED = "state submitted_at decided_at decided_by"

REGISTER = {
    "partners.District": Table(plain="id order retired_at slug map_shape map_label_x map_label_y", ours="name about"),
    "partners.PriorityArea": Table(
        plain="id order retired_at slug colour icon", ours="name short_name summary meaning"
    ),
    "partners.Sector": Table(plain="id order retired_at slug", ours="name"),
    "partners.DeclineReason": Table(plain="id order retired_at", ours="title message"),
    "partners.RecognitionKind": Table(
        plain="id order retired_at slug expires", ours="name about given_by website evidence_hint"
    ),
    "partners.Partner_districts": Table(plain="id partner district"),
    "partners.Partner_areas": Table(plain="id partner priorityarea"),
    "partners.Partner": Table(
        plain=(
            f"id {_MODERATED} kind is_social_enterprise is_cooperative show_name logo size sector county_wide"
            " contact_purposes contact_paused_at review_months created_at approved_at withdrawn_at withdrawn_by"
            " next_round_on lapsed_on is_example"
        ),
        # A resident's address on the site tells nothing: it is made of chance alone.
        partners="name slug description website name_key sort_name search_text search",
        letters="decision_message",
        partner="pk",
        clock="declined",
        title=_("Your signature as a resident"),
    ),
    "partners.Pause": Table(
        plain="id partner starts_on until set_by set_at", letters="reason", partner="partner", title=_("Pauses")
    ),
    "partners.Membership": Table(
        plain="id partner user role started_at ended_at confirmed_at",
        personal="job_title",
        rows=(
            Rows(
                _("Partners that you act for"),
                user="user",
                shown="partner role job_title started_at ended_at confirmed_at",
            ),
        ),
        clock="withdrawn",
    ),
    "partners.JoinRequest": Table(
        plain="id partner user state asked_at answered_at answered_by",
        personal="job_title",
        rows=(
            Rows(
                _("Partners that you asked to join"), user="user", shown="partner job_title state asked_at answered_at"
            ),
        ),
        clock="requests",
    ),
    "partners.PartnerInvitation": Table(
        plain="id state invited_by invited_at answered_at partner role",
        personal="email",
        rows=(
            Rows(
                _("Invitations to act for a partner"),
                address="email",
                shown="partner email role state invited_at answered_at",
            ),
        ),
        clock="requests",
    ),
    "partners.ProfileChange": Table(
        plain=f"id {_MODERATED} partner proposed_by proposed_at",
        partners="values before",
        letters="decision_message",
        partner="partner",
        clock="declined",
        title=_("Changes to your profile"),
    ),
    "partners.Logo": Table(
        plain="id partner width height added_by added_at", partners="file", partner="partner", title=_("Pictures")
    ),
    "partners.Recognition": Table(
        plain=f"id {_MODERATED} partner kind awarded_on expires_on claimed_by claimed_at replaces ended_at ending",
        partners="evidence_url evidence_file evidence_name",
        letters="decision_message note",
        rows=(
            Rows(
                _("Recognitions that you claimed"), user="claimed_by", erased={"note": ""}, shown="kind claimed_at note"
            ),
        ),
        partner="partner",
        clock="declined",
        title=_("Recognitions"),
    ),
    "partners.ContactMessage": Table(
        plain="id partner purpose source sent_at reported_at reported_by settlement settled_at settled_by",
        personal="name email message",
        letters="report",
        rows=(
            Rows(_("Messages that you sent"), address="email", shown="sent_at partner purpose name email message"),
            Rows(
                _("Messages that you reported"), user="reported_by", erased={"report": ""}, shown="reported_at report"
            ),
        ),
        clock="messages",
    ),
    # The key is made from an address and cannot be turned back. A block has to outlast the sender's wish to be erased.
    "partners.BlockedSender": Table(plain="id key blocked_at blocked_by"),
}
