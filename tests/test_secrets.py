"""No secret is kept in the repository."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PATTERNS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a key of Amazon's": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a token of GitHub's": r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{40,}",
    "a token of Slack's": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a key of Google's": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "a DSN of Sentry's": r"https://[0-9a-f]{32}@[\w.-]+/\d+",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "a password in an address": r"\b\w+(?:\+\w+)?://[\w.-]+:(?!password@|\$|\{|<)[^\s@/'\"`{}]{6,}@(?!\S*\.invalid)",
    "a secret with a value": (
        r"(?i)\b(?:secret_key|api_key|auth_token|access_key|private_key|password)\b\s*[:=]\s*"
        r"[\"'](?=[^\"']*\d)(?=[^\"']*[a-z])[A-Za-z0-9+/=_-]{20,}[\"']"
    ),
}
# What looks like one and is none: file → what.
NONE = {
    # Documented: who loads the examples signs in with it, on a trial site.
    "pledges/management/commands/load_examples.py": ('PASSWORD = "charter-example-2026"',),
}


def secrets_in(name, text):
    return [
        f"{name}: {what}"
        for what, pattern in PATTERNS.items()
        for match in re.finditer(pattern, text)
        if match[0] not in NONE.get(name, ())
    ]


def test_no_file_holds_a_secret():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    faults = []
    for name in listed.split("\0")[:-1]:
        path = ROOT / name
        if path.is_file() and path.name != Path(__file__).name:
            faults += secrets_in(name, path.read_bytes().decode(errors="replace"))
    assert faults == []


def test_folders_of_secrets_and_back_ups_stay_out():
    for path in (".env", "secrets/secret_key", "backups/charter.tar.gz"):
        assert subprocess.run(["git", "check-ignore", "-q", "--no-index", path], cwd=ROOT).returncode == 0, path


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----",
        "AKIA" + "Q" * 16,
        "token = ghp_" + "a1" * 18,
        "https://" + "0af9" * 8 + "@sentry.example/7",
        "postgresql://charter:hunter22@db.example.org/charter",
        'SECRET_KEY = "q9w8e7r6t5y4u3i2o1p0a"',
        "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4",
    ],
)
def test_planted_secret_is_found(text):
    assert secrets_in("a.py", text) != []


@pytest.mark.parametrize(
    "text",
    ["smtp+tls://user:password@host:587", "postgresql://user:${PASSWORD}@db/x", "SECRET_KEY = env.str('SECRET_KEY')"],
)
def test_example_is_no_secret(text):
    assert secrets_in("a.md", text) == []
