"""Production's settings under gunicorn, behind a real nginx with TLS, for tests and scans."""

import contextlib
import datetime
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from oiep import local
from tests import smtp
from tests.processes import database_url

ROOT = Path(__file__).resolve().parent.parent
HOST = "charter.oiep.example"


@pytest.fixture
def environment(tmp_path):
    """What docs/operations.md asks an operator for, and nothing that these tests set for themselves."""
    ours = ("DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE")
    return {
        **{name: value for name, value in os.environ.items() if name not in ours},
        "SITE": "production",
        "SECRET_KEY": "kR7-" * 16 + "xQz!9",
        "ALLOWED_HOSTS": HOST,
        "SITE_URL": f"https://{HOST}",
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": database_url(),
        "REDIS_URL": "redis://redis.invalid",
        "EMAIL_URL": "smtp://mail.invalid",
        "FROM_EMAIL": "OIEP <charter@oiep.example>",
        "CONTACT_EMAIL": "manager@oiep.example",
        "STATIC_ROOT": str(tmp_path / "static"),
        "MEDIA_ROOT": str(tmp_path / "media"),
    }


def manage(environment, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


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


def caddy_configuration(folder, *, web, http_port, tls_port):
    """Ours, with ports and the certificate of this machine."""
    ours = (ROOT / "deploy" / "Caddyfile").read_text()
    here = f"admin off\n\thttp_port {http_port}\n\thttps_port {tls_port}\n\tdefault_bind 127.0.0.1"
    for old, new in (
        ("email {$ACME_EMAIL}", here),
        ("{$SITE_HOST} {\n\tencode", f"{{$SITE_HOST}} {{\n\ttls {folder}/charter.pem {folder}/charter.key\n\tencode"),
        ("web:8000 {", f"127.0.0.1:{web} {{"),
    ):
        assert old in ours
        ours = ours.replace(old, new)
    path = folder / "Caddyfile"
    path.write_text(ours)
    return path


class Site:
    """What a visitor's browser speaks to."""

    def __init__(self, tls_port, http_port, web, folder, host=HOST):
        self.tls_port, self.http_port, self.web, self.host = tls_port, http_port, web, host
        self.context_file = str(folder / "charter.pem")
        self.context = ssl.create_default_context(cafile=self.context_file)

    def tls(self):
        raw = socket.create_connection(("127.0.0.1", self.tls_port), timeout=40)
        return self.context.wrap_socket(raw, server_hostname=HOST)

    def get(self, path, *, method="GET", headers=(), body=None):
        line = http.client.HTTPSConnection(HOST, timeout=40)
        line.sock = self.tls()
        with contextlib.closing(line):
            line.request(method, path, body=body, headers={"Host": self.host, **dict(headers)})
            answer = line.getresponse()
            answer.text = answer.read().decode(errors="replace")
            return answer

    def is_ready(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/health/ready").status == 200


def command_of_the_image(port):
    """What the image runs, listening on a port of this machine."""
    dockerfile = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    command = json.loads(re.search(r"^CMD (\[.+?\])$", dockerfile, re.MULTILINE)[1])
    return [sys.executable, "-m", *(f"127.0.0.1:{port}" if part == "0.0.0.0:8000" else part for part in command)]


@contextlib.contextmanager
def served(environment, folder, ports=None, host=HOST, proxy="nginx"):
    """The Site, while gunicorn and nginx, or caddy, run; files of theirs are in `folder`.

    ports: of `web`, `http_port` and `tls_port`; free ones if left out. host: the name by which it is asked for.
    """
    collected = manage(environment, "collectstatic", "--noinput", "-v0")
    assert collected.returncode == 0, collected.stderr
    certificate(folder)
    ports = ports or free_ports()
    log = (folder / "log").open("w+")
    settings = {**environment, "METRICS_TOKEN": "m" * 40}
    web = subprocess.Popen(command_of_the_image(ports["web"]), cwd=ROOT, env=settings, stderr=log)
    if proxy == "nginx":
        command = ["-c", str(configuration(folder, **ports)), "-p", str(folder)]
    else:
        command = ["run", "--adapter", "caddyfile", "--config", str(caddy_configuration(folder, **ports))]
    proxy = subprocess.Popen(
        [shutil.which(proxy), *command],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "SITE_HOST": HOST, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
    )
    site = Site(ports["tls_port"], ports["http_port"], ports["web"], folder, host)
    site.process = web
    site.log = lambda: (folder / "log").read_text()
    site.broken = lambda: [line for line in map(json.loads, site.log().splitlines()) if line.get("status", 0) >= 500]
    try:
        assert local._wait(site.is_ready, seconds=90), site.log()
        yield site
    finally:
        for process in (proxy, web):
            process.terminate()
            process.wait(60)
        log.close()


def free_ports():
    return {name: smtp.free_port() for name in ("web", "http_port", "tls_port")}
