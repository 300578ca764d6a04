import re

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class EmailBackend(BaseEmailBackend):
    """Writes each message to a file that a mail program opens, whose name says when, to whom and what about.

    For a machine without a mail server (`make run`).
    """

    def send_messages(self, messages):
        settings.EMAIL_FILE_PATH.mkdir(parents=True, exist_ok=True)
        for message in messages:
            with _free_file(message) as file:
                file.write(message.message().as_bytes())
        return len(messages)


def _free_file(message):
    time = timezone.localtime().strftime("%Y-%m-%d %H.%M.%S")
    name = f"{time} {_readable(', '.join(message.to), 60)} - {_readable(message.subject, 80)}"
    number = 1
    while True:
        try:
            return (settings.EMAIL_FILE_PATH / f"{name}{f' ({number})' if number > 1 else ''}.eml").open("xb")
        except FileExistsError:
            number += 1


def _readable(words, length):
    return re.sub(r"[^\w@.,+-]+", " ", words).strip()[:length].strip(" .")
