import gc
import os
import shutil

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from playwright.sync_api import sync_playwright

from oiep import email
from oiep.models import OutgoingEmail
from tests import database
from tests.factories import ManagerFactory
from tests.processes import environment, redis, sink  # noqa: F401 - fixtures


def pytest_collection_finish():
    """What is there by now stays to the end: the search for waste need not look at it again and again."""
    gc.collect()
    gc.freeze()


# The database -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, django_db_blocker):
    """Copies the tables instead of making them once more for each process and each run."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = database.template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A test with real transactions ends by taking away what it has written. The value does that."""
    with django_db_blocker.unblock():
        database.hurry()
        empty = database.Emptying()
    TransactionTestCase._fixture_teardown = lambda case: empty()
    yield empty
    with django_db_blocker.unblock():
        database.end_others()


@pytest.fixture(scope="module")
def module_db(django_db_setup, django_db_blocker):
    """What a fixture of a module writes, `with module_db.unblock():`, each of its tests finds as it was written.

    It is all one transaction, which is rolled back at the end. So no test of the module may have real transactions, and
    what a test changes in memory has to be its own copy.
    """
    everything = transaction.atomic()
    everything._from_testcase = True
    with django_db_blocker.unblock():
        everything.__enter__()
    yield django_db_blocker
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        everything.__exit__(None, None, None)


# People --------------------------------------------------------------------------------------


@pytest.fixture
def manager(db):
    return ManagerFactory()


@pytest.fixture
def client_of():
    """`client_of(user)` is a browser in which that user has signed in."""

    def make(user):
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


@pytest.fixture
def mailbox(db):
    """`mailbox()` sends what is due and returns all messages sent so far in this test.

    A message that cannot be sent fails the test with the reason.
    """

    def send_and_read():
        email.send_due()
        trouble = OutgoingEmail.objects.exclude(reason="").exclude(state=OutgoingEmail.State.NOT_SENT)
        assert not [(message.template, message.reason) for message in trouble]
        return mail.outbox

    return send_and_read


# A real browser -------------------------------------------------------------------------------


def _chromium():
    """The path of a Chromium, or None for the one that `playwright install` brings."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser():
    # Playwright's loop runs in this thread, so Django takes the tests' own queries for asynchronous ones.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    arguments = ["--disable-gpu", "--disable-background-networking"]
    # The browser's own way out of the machine is shut as well.
    arguments.append("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1")
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        path = _chromium()
        if path is None and not os.path.exists(playwright.chromium.executable_path):
            pytest.fail(
                "The browser tests need Chromium. Install it (Debian: apt-get install chromium; elsewhere: "
                ".venv/bin/playwright install chromium), or name one that is there: CHROMIUM=/path/to/chromium.",
                pytrace=False,
            )
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


def watch(context, own_address, trouble):
    """Notes in the list `trouble` what no page of ours may do."""

    def note_refusal(line):
        if line.type == "error" and "Content Security Policy" in line.text:
            trouble.append(line.text)

    def note_foreign(request):
        if not request.url.startswith((own_address, "data:", "blob:", "about:")):
            trouble.append(request.url)

    context.on("weberror", lambda error: trouble.append(str(error.error)))
    context.on("console", note_refusal)
    context.on("request", note_foreign)


@pytest.fixture
def open_page(browser, live_server, settings):
    """`open_page(width=320, …)` is a new page of a new visitor; further arguments go to Playwright's `new_context`.

    A script error, a refusal by the Content-Security-Policy, or a request to another host fails the test.
    """
    settings.SITE_URL = live_server.url
    contexts, trouble = [], []

    def open_one(*, width=1280, height=800, **options):
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": height}, locale="en-GB", **options
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        watch(context, live_server.url, trouble)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture
def sign_in(client_of, live_server):
    """`sign_in(page, user)` signs the user in on that page's browser, without the journey through the mailbox."""

    def put_session_into(page, user):
        session = client_of(user).cookies["sessionid"]
        page.context.add_cookies([{"name": session.key, "value": session.value, "url": live_server.url}])

    return put_session_into
