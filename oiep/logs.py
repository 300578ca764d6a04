"""What the log says of a visit: never the secret part of an address, by which somebody else could open it."""

import logging
import re

_SECRETS = re.compile(r"(/(?:working-groups/calendar|reviews|sign/confirm|sign/resume|invitations/\w+)/)[^/\s'\"?]+")


class MaskedFormatter(logging.Formatter):
    def format(self, record):
        return _SECRETS.sub(r"\1…", super().format(record))
