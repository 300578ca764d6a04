"""Scans of what is in the repository: bandit and detect-secrets, each proved on a planted fault."""

import json
import subprocess

import pytest

from tests.production import ROOT
from tests.scans import tools

# Packages of ours, in which bandit looks.
PACKAGES = ("oiep", "partners", "pledges", "working_groups", "events", "desk", "manage.py")
# What bandit says of every program that is started (ruff: S603), and of text that stands in the code itself.
NO_FAULT = ("B404", "B603", "B308")
# bandit's name → that by which ruff knows the same, where it is another. A line that is right all the same says so.
SAME = {"B703": "S308"}
# What looks like a secret and is none: (file, kind) → what it is.
NO_SECRETS = {
    ("docs/operations.md", "Basic Auth Credentials"): "user:password, as an example",
    (
        "pledges/management/commands/load_examples.py",
        "Secret Keyword",
    ): "documented: of the examples on a local machine",
    ("pledges/models/charter.py", "Base64 High Entropy String"): "the alphabet of references",
    ("oiep/texts/examples.py", "B105"): "csrf_token: nothing",
}


def bandit(*paths):
    """(file, line, rule) of what bandit finds and nobody has judged in the code."""
    run = subprocess.run(
        [tools.python("bandit"), "-q", "-r", *paths, "-f", "json", "-s", ",".join(NO_FAULT)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    return [
        (fault["filename"], fault["line_number"], fault["test_id"])
        for fault in json.loads(run.stdout)["results"]
        if not _is_judged(fault) and (fault["filename"], fault["test_id"]) not in NO_SECRETS
    ]


def _is_judged(fault):
    lines = (ROOT / fault["filename"]).read_text().split("\n")
    first, last = min(fault["line_range"]), max(fault["line_range"])
    rule = SAME.get(fault["test_id"], f"S{fault['test_id'][1:]}")
    return any("noqa" in line and rule in line for line in lines[first - 1 : last])


def secrets(*paths, folder=ROOT):
    """(file, kind) of what detect-secrets finds. In tests, passwords are made up."""
    run = subprocess.run(
        [tools.python("detect-secrets"), "scan", "--all-files", *paths],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    found = {(name, fault["type"]) for name, faults in json.loads(run.stdout)["results"].items() for fault in faults}
    return {
        (name, kind)
        for name, kind in found
        if not (name.startswith("tests/") and kind == "Secret Keyword") and (name, kind) not in NO_SECRETS
    }


def test_bandit_finds_nothing():
    assert bandit(*PACKAGES) == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("subprocess.run(command, shell=True)", "B602"),
        ("pickle.loads(data)", "B301"),
        ("hashlib.md5(key)", "B324"),
        ("mark_safe(text)", "B703"),
        ("cursor.execute('SELECT a FROM b WHERE c = ' + text)", "B608"),
        ("yaml.load(text)", "B506"),
    ],
)
def test_bandit_finds_a_planted_fault(tmp_path, line, rule):
    file = tmp_path / "planted.py"
    names = "from django.utils.safestring import mark_safe\nimport hashlib, pickle, subprocess, yaml\n"
    file.write_text(f"{names}def do(command, data, key, text, cursor):\n    {line}\n")
    assert rule in {fault[2] for fault in bandit(str(file))}


def test_secrets_are_not_in_the_repository():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    ours = [name for name in listed if name and not name.endswith(".po") and name != "tests/test_secrets.py"]
    assert secrets(*ours) == set()


def test_planted_secret_is_found(tmp_path):
    file = tmp_path / "planted.py"
    file.write_text(
        'SECRET = "q9w8e7r6t5y4u3i2o1p0"\nADDRESS = "postgresql://charter:hunter22@db.example.invalid/charter"\n'
    )
    assert {kind for _name, kind in secrets("planted.py", folder=tmp_path)} >= {
        "Secret Keyword",
        "Basic Auth Credentials",
    }
