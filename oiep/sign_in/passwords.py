"""What is no password here, beside what Django refuses."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# What anybody would try first on this site. docs/security.md (V6.1.2) names them as well.
OUR_OWN_WORDS = ("charter", "inclusive", "economy", "oxford", "oxfordshire", "partnership", "pledge", "oiep")


class NotOurOwnWords:
    """Refuses a password in which little is left once the words of this site are taken out of it."""

    AT_LEAST = 8  # characters that are left

    def validate(self, password, user=None):
        left = re.sub("|".join(sorted(OUR_OWN_WORDS, key=len, reverse=True)), "", password, flags=re.IGNORECASE)
        if left != password and len(re.sub(r"[\W_]", "", left)) < self.AT_LEAST:
            raise ValidationError(self.get_help_text(), code="own_words")

    def get_help_text(self):
        return _("That is too easy to guess on this site. Use words that have nothing to do with it.")
