"""Production's settings under gunicorn, behind a real nginx with TLS (deploy/nginx.conf), where nginx is installed."""

import contextlib
import datetime
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection, transaction

from oiep import local
from tests import smtp
from tests.test_deployment import ROOT, environment, manage  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed (Debian: nginx-light)"),
    pytest.mark.django_db(transaction=True),
]
HOST = "charter.oiep.example"


def certificate(folder):
    """A self-signed certificate for HOST, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "charter.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "charter.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def configuration(folder, *, web, http_port, tls_port):
    """nginx's own file around ours, with ports of this machine."""
    ours = (ROOT / "deploy" / "nginx.conf").read_text()
    for old, new in (
        ("127.0.0.1:8000;", f"127.0.0.1:{web};"),
        ("listen 80;", f"listen 127.0.0.1:{http_port};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{tls_port} ssl"),
        ("charter.example.org", HOST),
        ("/etc/ssl/", f"{folder}/"),
    ):
        assert old in ours
        ours = ours.replace(old, new)
    places = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = folder / "nginx.conf"
    path.write_text(
        f"daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ include /etc/nginx/mime.types;\n{places}\n{ours}\n}}\n"
    )
    return path


class Site:
    """What a visitor's browser speaks to."""

    def __init__(self, tls_port, http_port, web, folder):
        self.tls_port, self.http_port, self.web = tls_port, http_port, web
        self.context = ssl.create_default_context(cafile=str(folder / "charter.pem"))

    def tls(self):
        raw = socket.create_connection(("127.0.0.1", self.tls_port), timeout=40)
        return self.context.wrap_socket(raw, server_hostname=HOST)

    def get(self, path, *, method="GET", headers=(), body=None):
        line = http.client.HTTPSConnection(HOST, timeout=40)
        line.sock = self.tls()
        with contextlib.closing(line):
            line.request(method, path, body=body, headers=dict(headers))
            answer = line.getresponse()
            answer.text = answer.read().decode(errors="replace")
            return answer

    def is_ready(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/health/ready").status == 200


@pytest.fixture
def site(environment, tmp_path):  # noqa: F811
    assert manage(environment, "collectstatic", "--noinput", "-v0").returncode == 0
    certificate(tmp_path)
    ports = {name: smtp.free_port() for name in ("web", "http_port", "tls_port")}
    nginx = shutil.which("nginx")
    path = configuration(tmp_path, **ports)
    command = re.search(r"^CMD (\[.+?\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1]
    command = [f"127.0.0.1:{ports['web']}" if part == "0.0.0.0:8000" else part for part in json.loads(command)]
    log = (tmp_path / "log").open("w+")
    settings = {**environment, "METRICS_TOKEN": "m" * 40}
    web = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=settings, stderr=log)
    proxy = subprocess.Popen([nginx, "-c", str(path), "-p", str(tmp_path)], stderr=subprocess.DEVNULL)
    site = Site(ports["tls_port"], ports["http_port"], ports["web"], tmp_path)
    site.process = web
    try:
        assert local._wait(site.is_ready, seconds=90)
        site.log = lambda: (tmp_path / "log").read_text()
        yield site
    finally:
        for process in (proxy, web):
            process.terminate()
            process.wait(60)
        log.close()


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
