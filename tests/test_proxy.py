"""Production's settings under gunicorn, behind a real nginx with TLS (deploy/nginx.conf), where nginx is installed."""

import http.client
import json
import shutil
import socket
import ssl
import threading

import pytest
from django.db import connection, transaction

from oiep import local
from tests.production import HOST, environment, served  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed (Debian: nginx-light)"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def site(environment, tmp_path):  # noqa: F811
    with served(environment, tmp_path) as site:
        yield site


def test_site_is_served_over_tls_and_only_so(site):
    home = site.get("/")
    assert home.status == 200
    assert home.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"
    assert home.headers["Server"] == "nginx"
    with socket.create_connection(("127.0.0.1", site.http_port)) as plain:
        plain.sendall(f"GET /sign/ HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
        answer = plain.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 301")
    assert f"Location: https://{HOST}/sign/\r\n" in answer
    # A cookie is the browser's own business with this very host, over TLS.
    cookie = site.get("/contact/").headers["Set-Cookie"]
    assert cookie.startswith("__Host-csrf=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain=" not in cookie

    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", site.tls_port)) as raw, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(raw, server_hostname=HOST)

    # Of TLS 1.2, nothing without forward secrecy is spoken; and nobody's request is sent back to them.
    weak = ssl.create_default_context(cafile=site.context_file)
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:AES128-GCM-SHA256")
    with socket.create_connection(("127.0.0.1", site.tls_port)) as raw, pytest.raises((ssl.SSLError, OSError)):
        weak.wrap_socket(raw, server_hostname=HOST)
    assert site.get("/", method="TRACE").status == 405

    # Figures stay inside; with their token, past the proxy, operators get those of all workers.
    token = {"Authorization": "Bearer " + "m" * 40}
    assert site.get("/metrics", headers=token).status == 404
    inside = http.client.HTTPConnection("127.0.0.1", site.web, timeout=20)
    inside.request("GET", "/metrics", headers={"Host": HOST, "X-Forwarded-Proto": "https", **token})
    assert 'page="home"' in inside.getresponse().read().decode()
    inside.close()

    # PostgreSQL restarts: who comes meanwhile is told so, who comes after notices nothing.
    _end_connections()
    assert site.get("/partners/").status == 200

    # The number that the proxy gave is in the answer and in our log, which is JSON line by line.
    number = home.headers["X-Request-ID"]
    assert [line for line in site.log().splitlines() if not line.startswith("{")] == []
    lines = [json.loads(line) for line in site.log().splitlines()]
    assert [line["route"] for line in lines if line["request"] == number] == [""]
    assert {"at", "level", "logger", "message"} <= lines[0].keys()
    assert "192.0.2.99" not in site.log()


def test_stop_lets_a_request_finish(site):
    """Somebody's request waits for a table when web is told to stop; it is answered before web ends."""
    answers = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE partners_partner IN ACCESS EXCLUSIVE MODE")
        visitor = threading.Thread(target=lambda: answers.append(site.get("/partners/")))
        visitor.start()
        assert local._wait(_somebody_waits_for_a_table, seconds=30)
        _end_connections()  # as PostgreSQL does when it restarts
        visitor.join(40)
    (refused,) = answers
    assert (refused.status, refused.headers["Retry-After"]) == (503, "60")
    assert "We will be back in a moment" in refused.text
    answers.clear()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE partners_partner IN ACCESS EXCLUSIVE MODE")
        visitor = threading.Thread(target=lambda: answers.append(site.get("/partners/")))
        visitor.start()
        assert local._wait(_somebody_waits_for_a_table, seconds=30)
        site.process.terminate()
        assert not local._wait(lambda: site.process.poll() is not None, seconds=2)
    visitor.join(40)
    assert [answer.status for answer in answers] == [200]
    assert site.process.wait(40) == 0


def _end_connections():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] > 0


def _somebody_waits_for_a_table():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'partners_partner'::regclass")
        return cursor.fetchone()[0]


@pytest.mark.skipif(not shutil.which("caddy"), reason="caddy is not installed (Debian: caddy)")
def test_caddy_of_the_compose_file_does_the_same(environment, tmp_path):  # noqa: F811
    with served(environment, tmp_path, proxy="caddy") as site:
        home = site.get("/", headers={"X-Request-ID": "0123456789abcdef", "X-Forwarded-For": "192.0.2.99"})
        assert home.status == 200
        assert home.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"
        assert home.headers["X-Request-ID"] != "0123456789abcdef", "a visitor numbers no request"
        assert site.get("/metrics", headers={"Authorization": "Bearer " + "m" * 40}).status == 404
        assert site.get("/", method="TRACE").status == 405
        packed = site.get("/privacy/", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        with socket.create_connection(("127.0.0.1", site.http_port)) as plain:
            plain.sendall(f"GET /sign/ HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
            answer = plain.makefile("rb").read().decode()
        assert answer.startswith("HTTP/1.0 308")
        assert f"https://{HOST}" in answer
