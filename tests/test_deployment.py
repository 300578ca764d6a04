"""What the containers run, tried without them: production's settings, its static files, its server."""

import contextlib
import json
import re
import subprocess
import urllib.error
import urllib.request

import pytest
import yaml
from django.core.management import CommandError, call_command

from oiep import health, local
from tests import smtp
from tests.production import ROOT, command_of_the_image, environment, manage

__all__ = ["environment"]

NEEDED = (
    "SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "FROM_EMAIL", "CONTACT_EMAIL",
)  # fmt: skip


@pytest.mark.django_db
def test_django_finds_nothing_to_mend_before_deploying(environment):
    checked = manage(environment, "check", "--deploy", "--fail-level", "WARNING")
    assert (checked.returncode, checked.stdout) == (0, "System check identified no issues (0 silenced).\n"), (
        checked.stderr
    )


@pytest.mark.django_db
def test_check_before_deploying_can_fail(environment):
    assert "security.W008" in manage({**environment, "SECURE_SSL_REDIRECT": "0"}, "check", "--deploy").stderr


@pytest.mark.django_db
@pytest.mark.parametrize("name", NEEDED)
def test_production_does_not_start_without_what_it_needs(environment, name):
    del environment[name]
    started = manage(environment, "check")
    assert started.returncode != 0
    assert f"SITE=production needs {name} in the environment." in started.stderr


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SECRET_KEY": "changeme"}, "SECRET_KEY is too easy to guess"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is too easy to guess"),
        ({"ALLOWED_HOSTS": "charter.oiep.example,*"}, "ALLOWED_HOSTS=* would let anybody"),
        ({"SITE_URL": "http://charter.oiep.example"}, "SITE_URL has to begin with https://"),
        ({"BACKUP_KEY": "short"}, "BACKUP_KEY is too short"),
        ({"SECRET_KEY_FILE": "/nowhere"}, "Both SECRET_KEY and SECRET_KEY_FILE are set"),
        ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere"}, "SECRET_KEY_FILE names /nowhere, which cannot be read"),
    ],
)
def test_production_does_not_start_with_what_is_unsafe(environment, changes, words):
    started = manage({**environment, **changes}, "check")
    assert started.returncode != 0
    assert words in started.stderr


@pytest.mark.django_db
def test_secrets_are_read_from_files(environment, tmp_path):
    path = tmp_path / "key"
    path.write_text(environment.pop("SECRET_KEY") + "\n")
    shown = manage(
        {**environment, "SECRET_KEY_FILE": str(path)},
        "shell", "-v0", "-c", "from django.conf import settings; print(settings.SECRET_KEY)",
    )  # fmt: skip
    assert shown.stdout.strip() == path.read_text().strip(), shown.stderr


@pytest.mark.django_db(transaction=True)
def test_gunicorn_serves_pages_and_files_that_may_be_kept_for_good(environment, tmp_path):
    collected = manage(environment, "collectstatic", "--noinput", "-v0")
    assert collected.returncode == 0, collected.stderr
    port = smtp.free_port()
    server = subprocess.Popen(command_of_the_image(port), cwd=ROOT, env=environment)

    def get(path, **headers):
        headers = {"Host": "charter.oiep.example", "X-Forwarded-Proto": "https", **headers}
        return opener.open(urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers), timeout=20)

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args):
            return None

    def is_ready():
        with (
            contextlib.suppress(urllib.error.URLError),
            get("/health/ready", **{"X-Forwarded-Proto": "http"}) as answer,
        ):
            return json.load(answer)["ready"]

    opener = urllib.request.build_opener(NoRedirect)
    try:
        assert local._wait(is_ready, seconds=60)
        with get("/accessibility/") as page:
            html = page.read().decode()
            assert page.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"
            assert "unsafe" not in page.headers["Content-Security-Policy"]
        address = re.search(r'href="(/static/[^"]+\.css)"', html)[1]
        assert re.search(r"\.[0-9a-f]{12}\.css$", address)
        with get(address, **{"Accept-Encoding": "gzip"}) as file:
            assert file.headers["Content-Encoding"] == "gzip"
            assert "immutable" in file.headers["Cache-Control"]
        with pytest.raises(urllib.error.HTTPError) as moved:
            get("/accessibility/", **{"X-Forwarded-Proto": "http"})
        assert moved.value.code == 301
        assert moved.value.headers["Location"] == "https://charter.oiep.example/accessibility/"
        moved.value.close()
        with pytest.raises(urllib.error.HTTPError) as forged:
            get("/accessibility/", Host="evil.example")
        assert forged.value.code == 400
        forged.value.close()
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.django_db
def test_health_command_fails_when_something_is_late(capsys):
    with pytest.raises(CommandError, match=r"Late: scheduler\."):
        call_command("health")
    health.note_tick()
    capsys.readouterr()
    call_command("health")
    assert json.loads(capsys.readouterr().out)["late"] == []


# The files ------------------------------------------------------------------------------------


def test_image_has_each_app_and_nothing_that_is_not_there():
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    copied = [name for line in lines for name in line.split()]
    let_in = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert sorted(copied) == sorted(let_in)
    assert all((ROOT / name).exists() for name in copied)
    assert {path.parent.name for path in ROOT.glob("*/apps.py")} <= set(copied)


def test_compose_file_takes_each_secret_from_a_file_and_has_no_default_for_one():
    compose = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{(\w+):\?", compose)) == {"SITE_HOST", "ACME_EMAIL"}
    assert set(re.findall(r"\$\{(\w+):-[^}]*\}", compose)) == {"PORT", "TRUSTED_PROXIES"}
    secrets = set(re.findall(r"^  (\w+): \{file: \./secrets/\1\}$", compose, re.MULTILINE))
    assert secrets == {"secret_key", "database_password", "email_url", "backup_key", "metrics_token"}
    assert set(re.findall(r"/run/secrets/(\w+)", compose)) == secrets
    for name in ("SECRET_KEY", "DATABASE_PASSWORD", "EMAIL_URL", "BACKUP_KEY", "METRICS_TOKEN", "POSTGRES_PASSWORD"):
        assert f"{name}:" not in compose
    described = (ROOT / "docs" / "operations.md").read_text()
    assert all(f"secrets/{name}" in described for name in secrets)


# What a service may be told by the format of compose files that we know; anything else is a slip.
OF_A_SERVICE = {
    "build", "cap_add", "cap_drop", "command", "depends_on", "deploy", "env_file", "environment", "healthcheck",
    "image", "ports", "profiles", "read_only", "restart", "secrets", "security_opt", "stop_grace_period", "tmpfs",
    "user", "volumes",
}  # fmt: skip
OURS = {"prepare", "tools", "web", "worker", "beat"}


def faults_in_compose(text):
    compose = yaml.safe_load(text)
    faults, services = [], compose["services"]
    for name, service in services.items():
        faults += [f"{name}: {key}" for key in service if key not in OF_A_SERVICE]
        for other, condition in service.get("depends_on", {}).items():
            needed = condition["condition"]
            if other not in services or (needed == "service_healthy" and "healthcheck" not in services[other]):
                faults.append(f"{name} waits for {other}, which is never {needed}")
        faults += [
            f"{name} has a secret that is none: {s}" for s in service.get("secrets", []) if s not in compose["secrets"]
        ]
        volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]
        faults += [f"{name}: {v}" for v in volumes if not v.startswith(("./", "/")) and v not in compose["volumes"]]
        if service.get("cap_drop") != ["ALL"] or service.get("security_opt") != ["no-new-privileges:true"]:
            faults.append(f"{name} has rights that it need not have")
        if not service.get("read_only") and name != "database":  # which writes beside its files
            faults.append(f"{name} can write to its own programs")
        if name not in OURS | {"proxy"} and not service.get("user"):
            faults.append(f"{name} runs as root")
        if service.get("restart") != ("no" if name in ("prepare", "tools") else "unless-stopped"):
            faults.append(f"{name} does not start again")
        if service.get("ports") and name not in ("proxy", "web"):
            faults.append(f"{name} can be reached from outside")
        if name not in ("prepare", "tools") and "healthcheck" not in service:
            faults.append(f"nobody sees whether {name} works")
        if any(re.search(r":latest$|^[^:]+$", image) for image in [service["image"]] if image != "oiep-charter"):
            faults.append(f"{name} is of any version")
    return faults


def test_containers_have_no_more_than_they_need():
    assert faults_in_compose((ROOT / "docker-compose.yml").read_text()) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cap_drop: [ALL]", "cap_drop: [SYS_TIME]"),
        ("read_only: true", "read_only: false"),
        ("user: postgres", "tty: true"),
        ("image: postgres:18", "image: postgres"),
        ("stop_grace_period: 60s", "stop_grace: 60s"),
        ("      - media:/srv/media", "      - medias:/srv/media"),
        ("test: [CMD, pg_isready", "tests: [CMD, pg_isready"),
    ],
)
def test_fault_in_the_compose_file_is_found(old, new):
    text = (ROOT / "docker-compose.yml").read_text()
    assert old in text
    changed = text.replace(old, new)
    if "pg_isready" in old:
        changed = re.sub(r"    healthcheck:\n      tests:.*\n.*\n", "", changed)
    assert faults_in_compose(changed) != []


def test_image_runs_without_rights_and_keeps_no_secret():
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    assert {word for word, _rest in lines} <= {"FROM", "RUN", "ENV", "COPY", "WORKDIR", "USER", "EXPOSE", "CMD"}
    users = [rest for word, rest in lines if word == "USER"]
    assert users == ["charter"]
    after = [word for word, _rest in lines][[word for word, _rest in lines].index("USER") :]
    assert set(after) <= {"USER", "EXPOSE", "CMD"}, "nothing is made by the user who runs it"
    images = [rest.split(" AS ")[0] for word, rest in lines if word == "FROM"]
    assert all(re.fullmatch(r"[\w/-]+:\d[\w.-]+", image) for image in images), "each of a named version"
    for rest in (rest for word, rest in lines if word == "RUN"):
        if "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert "rm -rf /var/lib/apt/lists/*" in rest
        if "pip install" in rest:
            assert "--no-cache-dir" in rest
    assert not [rest for word, rest in lines if word == "ENV" and re.search("KEY|PASSWORD|TOKEN|SECRET", rest)]


def test_operations_tells_what_each_setting_is():
    text = (ROOT / "docs" / "operations.md").read_text()
    described = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|( `\w+`(?:, `\w+`)*) \|", text, re.MULTILINE))))
    read = set(re.findall(r"env\.\w+\(\s*[\"'](\w+)", (ROOT / "oiep" / "settings.py").read_text()))
    assert read - described == set()
    assert described - read == {"SITE_HOST", "ACME_EMAIL", "WEB_CONCURRENCY"}  # of the compose file, and of gunicorn
