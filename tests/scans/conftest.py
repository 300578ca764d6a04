"""The site as production serves it: its settings, gunicorn, nginx with TLS, and something of everything in it."""

import shutil
from pathlib import Path

import pytest
from django.core.files.storage import storages

from oiep.backup.making import names_in
from tests.production import environment, free_ports, served
from tests.test_access import browser_of, make_world, rows_for

__all__ = ["environment"]


@pytest.fixture
def scanned(transactional_db, environment, settings, tmp_path, request):
    """The Site, with `roles`: role → the addresses that they may open, and the cookie of somebody who is it.

    `@pytest.mark.parametrize("scanned", ["planted"], indirect=True)` gives the site with faults.
    """
    if not shutil.which("nginx"):
        pytest.fail("The scans need nginx (Debian: nginx-light).", pytrace=False)
    ports = free_ports()
    root = f"https://127.0.0.1:{ports['tls_port']}"
    environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.scans.settings",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SITE_URL": root,
        "PLANTED_FAULTS": "1" if getattr(request, "param", "") == "planted" else "",
    }
    settings.SECRET_KEY = environment["SECRET_KEY"]  # sessions that are begun here are good there
    users, keys = make_world()
    roles = {role: Role(root, users, keys, role) for role in ("anonymous", "lead", "manager")}
    private = storages["private"]
    for name in names_in(private):  # kept in memory, in tests
        file = Path(environment["MEDIA_ROOT"]) / "private" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(private.open(name).read())
    with served(environment, tmp_path, ports, host="127.0.0.1") as site:
        site.root, site.roles = root, roles
        yield site


class Role:
    def __init__(self, root, users, keys, name):
        client = browser_of(users, name)
        session = client.cookies.get("sessionid")
        self.cookie = f"__Host-session={session.value}" if session else ""
        self.paths = sorted({path for path, answer in rows_for(name, keys) if answer == "200"})
        self.addresses = [f"{root}{path}" for path in self.paths]
