"""No line of the log tells who somebody is."""

import io
import logging
import logging.config

import pytest
from django.conf import settings
from django.db import IntegrityError
from django.utils.module_loading import import_string

from oiep import email
from oiep.day import run_day
from oiep.logs import MaskedFormatter
from partners.models import ContactMessage
from tests.factories import ContactMessageFactory, OutgoingEmailFactory


@pytest.fixture
def log():
    """What the site's own handler writes while a test runs."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(MaskedFormatter(settings.LOGGING["formatters"]["line"]["format"]))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_the_sites_handlers_all_write_masked_lines():
    for handler in settings.LOGGING["handlers"].values():
        formatter = import_string(settings.LOGGING["formatters"][handler["formatter"]]["()"])
        assert issubclass(formatter, MaskedFormatter)
    assert settings.CELERY_WORKER_HIJACK_ROOT_LOGGER is False


@pytest.mark.django_db
def test_row_that_the_database_refuses_is_not_quoted(log):
    letter = ContactMessageFactory(email="rosa@example.org", name="Rosa Sharp", message="One.\n\nTwo, by Rosa Sharp.")
    try:
        ContactMessage.objects.filter(pk=letter.pk).update(purpose="")
    except IntegrityError:
        logging.getLogger("oiep").exception("It failed for %s.", "rosa@example.org")
    lines = log.getvalue()
    assert "contactmessage_to_a_partner_has_a_purpose" in lines
    assert "It failed for …" in lines
    for words in ("rosa", "Rosa", "Two"):
        assert words not in lines


@pytest.mark.django_db
def test_neither_mail_nor_the_days_work_tells_of_anybody(log, settings):
    logging.getLogger().setLevel(logging.INFO)
    OutgoingEmailFactory(to="rosa@example.org", text="Rosa Sharp")
    email.send_due()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    OutgoingEmailFactory(to="rosa@example.org", text="Rosa Sharp")
    email.send_due()
    run_day()
    assert "The mail server cannot be reached." in log.getvalue()
    assert "rosa" not in log.getvalue().lower()
    logging.getLogger().setLevel(logging.WARNING)
