"""What the log never says: the secret part of an address of ours, by which somebody else could open it; anybody's
e-mail address; and what stood in a row that the database refused."""

import logging
import re

_SECRETS = re.compile(
    r"(/(?:working-groups/calendar|news/stop|reviews|sign/confirm|sign/resume|following/confirm|following|invitations/\w+)/)"
    r"[^/\s'\"?]+"
)
_ADDRESSES = re.compile(r"[^\s<>()\[\]\"',;:/]+@[^\s<>()\[\]\"',;:/]+")
# PostgreSQL quotes the row, or the value, with its line breaks.
_ROWS = re.compile(r"^DETAIL: .*?(?=\n\n(?:The above|During handling)|\nTraceback|\Z)", re.MULTILINE | re.DOTALL)


class MaskedFormatter(logging.Formatter):
    def format(self, record):
        text = _ROWS.sub("DETAIL: …", super().format(record))
        return _ADDRESSES.sub("…", _SECRETS.sub(r"\1…", text))
