"""What operators see of what happens, and that it is nobody's data."""

import io
import json
import logging

import pytest
import sentry_sdk
from django.db import connection
from sentry_sdk.transport import Transport

from oiep import accounts, errors, metrics, tracing
from oiep.logs import JsonFormatter
from tests.factories import OutgoingEmailFactory, PartnerFactory, UserFactory

TOKEN = "t0ken-" * 8
ROW = "sharp, in a row"


@pytest.fixture
def lines(settings):
    """`lines()` are what was logged during a test, as an operator's tools read it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    tracing.requests.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    tracing.requests.setLevel(logging.WARNING)
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
def test_answer_and_lines_of_a_request_bear_its_number(client, lines):
    numbers = [client.get("/accessibility/")["X-Request-ID"] for _ in range(2)]
    assert [line["request"] for line in lines()] == numbers
    assert len(set(numbers)) == 2
    assert tracing.number() == ""


@pytest.mark.django_db
def test_line_of_a_request_has_its_pattern_and_nobodys_data(client, lines):
    PartnerFactory(approved=True, slug="rosas-bakery")
    client.get("/partners/rosas-bakery/?q=rosa@example.org", REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Rosa's phone")
    client.get("/nothing/rosa")
    first, second = (line for line in lines() if line["logger"] == "oiep.requests")
    assert (first["method"], first["route"], first["status"]) == ("GET", "partners/<slug:slug>/", 200)
    assert (second["route"], second["status"]) == ("", 404)
    for words in ("rosa", "Rosa", "192.0.2.7"):
        assert words not in json.dumps([first, second])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [(1, "0123456789abcdef", True), (0, "0123456789abcdef", False), (1, 'x"\n{}', False), (1, "a" * 65, False)],
)
def test_number_of_a_proxy_of_ours_is_taken(client, settings, proxies, given, is_taken):
    settings.TRUSTED_PROXIES = proxies
    number = client.get("/health/live", headers={"X-Request-ID": given})["X-Request-ID"]
    assert (number == given) == is_taken
    assert tracing._NUMBER.fullmatch(number)


def test_error_is_one_line_of_json_with_its_trace_masked(lines):
    try:
        raise ValueError("No: rosa@example.org\nDETAIL: Failing row contains (" + ROW.upper() + ").")
    except ValueError:
        logging.getLogger("oiep").exception("It failed at /reviews/s3cret/ for %s, twice.", "rosa@example.org")
    (line,) = lines()
    assert line["message"] == "It failed at /reviews/…/ for …, twice."
    assert "ValueError: No: …" in line["trace"]
    assert ROW.upper() not in line["trace"]
    assert "rosa" not in json.dumps(line)


@pytest.mark.django_db
def test_slow_query_is_logged_with_its_shape_and_no_value(lines, settings):
    settings.SLOW_QUERY_MS = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'Rosa''s', 4711,\n %s", ["rosa@example.org"])
    (line,) = [line for line in lines() if "SELECT" in line["message"]]
    assert line["message"].endswith("ms: SELECT ?, ?, %s")
    settings.SLOW_QUERY_MS = 60_000
    connection.cursor().execute("SELECT 1")
    assert len([line for line in lines() if "SELECT" in line["message"]]) == 1


@pytest.mark.django_db
def test_metrics_are_for_those_with_the_token(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1"
    for token, given, status in (
        (TOKEN, f"Bearer {TOKEN}", 200),
        (TOKEN, TOKEN, 404),
        (TOKEN, "Bearer ", 404),
        (TOKEN, "", 404),
        ("", "Bearer ", 404),
    ):
        settings.METRICS_TOKEN = token
        assert client.get("/metrics", headers={"Authorization": given}).status_code == status, given


@pytest.mark.django_db
def test_metrics_count_what_happens(client, settings):
    settings.METRICS_TOKEN, settings.REDIS_URL = TOKEN, "redis://127.0.0.1:1"
    OutgoingEmailFactory.create_batch(3)

    def figures():
        text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
        return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))

    name = 'charter_requests_total{method="GET",page="accessibility",status="2xx"}'
    before = float(figures().get(name, 0))
    client.get("/accessibility/")
    after = figures()
    assert float(after[name]) == before + 1
    assert float(after['charter_mails{state="waiting"}']) == 3
    assert float(after["charter_ready"]) == 1
    assert float(after["charter_redis"]) == 0
    assert "accessibility/" not in "".join(after)


def test_strangers_cannot_make_metrics_grow(client, db):
    before = len(metrics.text())
    for number in range(5):
        client.generic(f"M{number}", f"/nothing/{number}")
    grown = len(metrics.text()) - before
    assert grown < 2500  # one page, one method, however often


class Kept(Transport):
    """Keeps what would go to Sentry."""

    def __init__(self):
        super().__init__()
        self.reports = []

    def capture_envelope(self, envelope):
        self.reports.append(envelope.serialize().decode())


@pytest.mark.django_db
def test_reported_error_says_where_and_nothing_of_whom():
    transport = Kept()
    with sentry_sdk.new_scope() as scope:
        scope.set_client(sentry_sdk.Client("https://key@sentry.invalid/1", transport=transport, **errors.options()))
        scope.set_user({"email": "rosa@example.org"})
        sentry_sdk.add_breadcrumb(message="Rosa Sharp came")
        secret = "Rosa Sharp"
        try:
            raise ValueError(f"Not for rosa@example.org\nDETAIL: Key (name)=({secret}) exists.")
        except ValueError:
            sentry_sdk.capture_exception()
        scope.get_client().close()
    (report,) = transport.reports
    said = json.loads(report.splitlines()[-1])
    (error,) = said["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", "Not for …\nDETAIL: …")
    assert error["stacktrace"]["frames"][-1]["function"] == "test_reported_error_says_where_and_nothing_of_whom"
    # Its own lines of code are part of a trace.
    for frame in said["exception"]["values"][0]["stacktrace"]["frames"]:
        for lines_of_code in ("pre_context", "context_line", "post_context"):
            frame.pop(lines_of_code, None)
    for words in ("rosa", "Rosa", "Sharp"):
        assert words not in json.dumps(said)


def test_request_of_an_error_is_not_reported():
    event = {
        "request": {"method": "POST", "url": "https://x/sign/confirm/s3cret/", "data": "Rosa", "cookies": "a=Rosa"},
        "user": {"ip_address": "192.0.2.7"},
        "transaction": "/partners/rosa/",
        "logentry": {"message": "For %s", "params": ["Rosa"]},
        "exception": {"values": [{"type": "E", "value": "at /reviews/s3cret/"}]},
    }
    kept = errors.without_persons(event)
    assert kept["tags"] == {"request": "", "method": "POST"}
    assert kept["exception"]["values"][0]["value"] == "at /reviews/…/"
    for words in ("Rosa", "s3cret", "192.0", "rosa"):
        assert words not in json.dumps(kept)


# Telling of a weakness ------------------------------------------------------------------------


@pytest.mark.django_db
def test_security_txt_says_whom_to_tell(client, settings, time_machine):
    time_machine.move_to("2027-03-01 09:00Z", tick=False)
    settings.SECURITY_EMAIL, settings.SITE_URL = "security@oiep.example", "https://charter.oiep.example"
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().splitlines() == [
        "Contact: mailto:security@oiep.example",
        "Expires: 2027-08-28T00:00:00Z",
        "Preferred-Languages: en",
        "Canonical: https://charter.oiep.example/.well-known/security.txt",
    ]


# Signing in -----------------------------------------------------------------------------------


@pytest.fixture
def noted(lines):
    """`noted()` is what was logged of signing in."""
    accounts.security.setLevel(logging.INFO)
    what = ("event", "user", "by", "why")
    yield lambda: [
        {name: line[name] for name in what if name in line} for line in lines() if line["logger"] == "oiep.security"
    ]
    accounts.security.setLevel(logging.WARNING)


@pytest.mark.django_db
def test_signing_in_is_noted_by_number(client, noted):
    user = UserFactory(email="rosa@example.org", password="a long and winding lane")
    for password in ("a short and winding lane", "a long and winding lane"):
        client.post("/accounts/login/password/", {"login": user.email, "password": password})
    client.post("/accounts/logout/")
    assert noted() == [
        {"event": "sign-in refused", "why": "email_password_mismatch"},
        {"event": "signed in", "user": user.pk, "by": ["password"]},
        {"event": "signed out", "user": user.pk},
    ]


@pytest.mark.django_db
def test_wrong_code_is_noted(client, noted):
    client.post("/accounts/login/", {"email": "rosa@example.org"})
    client.post("/accounts/login/code/confirm/", {"code": "WRON-GONE"})
    assert noted() == [{"event": "sign-in refused", "why": "incorrect_code"}]
