"""A real mail server for the tests, on 127.0.0.1."""

import contextlib
import email
import socket
from collections import Counter

from aiosmtpd.controller import Controller


class Sink:
    """Keeps the messages that it accepts, in `accepted`.

    `answers` maps a recipient to a list of answers, the next one first; without any it accepts. The answer DROP takes
    the message and breaks the connection before saying so. `on_accept` is called with each message before the answer.
    """

    DROP = "drop"

    def __init__(self):
        self.accepted, self.answers, self.connections = [], {}, 0
        self.on_accept = lambda message: None

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server, session, envelope):
        answers = self.answers.get(envelope.rcpt_tos[0]) or ["250 OK"]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer not in ("250 OK", self.DROP):
            return answer
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.accepted.append(message)
        self.on_accept(message)
        if answer == self.DROP:
            self.answers.pop(envelope.rcpt_tos[0])
            server.transport.abort()
        return "250 OK"

    def times_accepted(self):
        """How often each Message-ID was taken."""
        return Counter(message["Message-ID"] for message in self.accepted)


@contextlib.contextmanager
def running(sink, port=None):
    port = port or free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
