"""What may be shown of a message after it was written.

Some messages let their reader in: by a code, or by a link that signs in, confirms or opens something. Who shows them to
somebody else, or on a screen that was left open, gives that away. So only the kinds that are known to be harmless are
shown, and of these only without such links.
"""

import re

from django.utils.translation import gettext as _

# Kinds of message whose words let nobody in.
HARMLESS = (
    *("charter_", "contact_", "decision_", "help_", "join_", "message_", "partner_", "pledge_", "profile_"),
    *("recognition_", "story_"),
)
# The person it was written to may read these as well, without their links.
OWN = (
    *HARMLESS, "action_", "address_taken", "award_", "event_", "group_", "meeting_", "review_", "sign_already",
    "sign_in_changed", "sign_received",
)  # fmt: skip
# A link with a key in it has a part that no address of ours has otherwise: long, with capitals, colons or the like.
_KEY = re.compile(r"https?://\S*?/(?=[^/\s]*[A-Z_:.~=][^/\s]*(?:/|\s|$))[^/\s]{16,}\S*")


def holds_key(text):
    """Whether a link in it opens something for whoever has it."""
    return bool(_KEY.search(text))


def text_for_manager(email):
    """The text of a message for somebody else than its reader, or None where it lets its reader in."""
    return email.text if email.template.startswith(HARMLESS) and not holds_key(email.text) else None


def text_for_reader(email):
    """The text for the person it was written to, without such links; None where it is of no kind that may be shown."""
    if not email.template.startswith(OWN):
        return None
    return _KEY.sub(lambda _link: _("[this link is in the e-mail itself]"), email.text)
