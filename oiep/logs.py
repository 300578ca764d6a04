"""What the log never says: the secret part of an address of ours, by which somebody else could open it; anybody's
e-mail address; and what stood in a row that the database refused."""

import contextvars
import datetime
import json
import logging
import re

# Of the request, or of the task, that is being worked on; empty outside of both. It stands here because gunicorn writes
# lines before there is a Django.
number = contextvars.ContextVar("number of the request", default="")

_SECRETS = re.compile(
    r"(/(?:working-groups/calendar|news/stop|reviews|sign/confirm|sign/resume|following/confirm|following|invitations/\w+)/)"
    r"[^/\s'\"?]+"
)
_ADDRESSES = re.compile(r"[^\s<>()\[\]\"',;:/]+@[^\s<>()\[\]\"',;:/]+")
# PostgreSQL quotes the row, or the value, with its line breaks.
_ROWS = re.compile(r"^DETAIL: .*?(?=\n\n(?:The above|During handling)|\nTraceback|\Z)", re.MULTILINE | re.DOTALL)


def masked(text):
    return _ADDRESSES.sub("…", _SECRETS.sub(r"\1…", _ROWS.sub("DETAIL: …", text)))


class MaskedFormatter(logging.Formatter):
    def format(self, record):
        return masked(super().format(record))


class JsonFormatter(MaskedFormatter):
    """A line of JSON for each record: when, how bad, who says it, what, during which request, and where in the code."""

    def format(self, record):
        line = {
            "at": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": masked(record.getMessage()),
            "request": number.get(),
            **getattr(record, "of", {}),
        }
        if record.exc_info:
            line["trace"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
