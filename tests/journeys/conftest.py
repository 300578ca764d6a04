import email
import email.policy
import re
from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from oiep import email as mail
from oiep.models import User
from tests.factories import ManagerFactory

PASSWORD = "a long and winding lane"
EXAMPLE_USERS = {"lead": "lead@example.org", "manager": "manager@example.org"}


@pytest.fixture
def reference(db):
    """The scheme's own areas, districts, sectors and pledge ideas, and the Charter."""
    cache.clear()
    call_command("load_reference", verbosity=0)


@pytest.fixture
def manager(db):
    return ManagerFactory(email="manager@oiep.example", name="Maya Manager", password=PASSWORD)


@pytest.fixture
def letters(settings, tmp_path):
    """`letters(address)` sends what is due, and reads the mail files written to an address, the oldest first."""
    settings.EMAIL_BACKEND = "oiep.mail_files.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"

    def read(address):
        mail.send_due()
        files = sorted(settings.EMAIL_FILE_PATH.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))
        messages = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return [Letter(message) for message in messages if message["To"] == address]

    return read


class Letter:
    def __init__(self, message):
        self.subject = message["Subject"]
        self.text = message.get_body(("plain",)).get_content()
        self.html = message.get_body(("html",)).get_content()

    def link(self, path):
        """The link in the message whose address begins with that path."""
        [link] = set(re.findall(rf"https?://[^/\s]+{re.escape(path)}\S*", self.text))
        return link

    @property
    def code(self):
        return re.search(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", self.text, re.MULTILINE).group()


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker):
    """A running site with the example data, for the tests of a module that only look.

    It stays for the whole module, and leaves the database as the migrations made it.
    """
    with django_db_blocker.unblock():
        assert connection.settings_dict["NAME"].startswith("test_"), "Mark the module with django_db."
        cache.clear()
        call_command("load_reference", verbosity=0)
        call_command("load_groups", verbosity=0)
        call_command("load_events", verbosity=0)
        call_command("load_history", verbosity=0)
        for examples in (
            "load_examples",
            "load_example_stories",
            "load_example_followers",
            "load_example_groups",
            "load_example_events",
            "load_example_awards",
            "load_example_reports",
            "load_example_desk",
        ):
            call_command(examples, stdout=StringIO())
        clients = {role: Client() for role in ("visitor", *EXAMPLE_USERS)}
        for role, address in EXAMPLE_USERS.items():
            clients[role].force_login(User.objects.get(email=address), "django.contrib.auth.backends.ModelBackend")
        server = LiveServer("localhost")
    yield Site(server.url, clients)
    with django_db_blocker.unblock():
        server.stop()
        django_db_setup()


@dataclass(frozen=True)
class Site:
    """url: where it answers. clients: role → a test client of that role."""

    url: str
    clients: dict
