"""The last release, from the repository's own history: its code and its migrations.

`deploy/released` names its commit. Until there is a first release it names a version that was whole, so that what
upgrades promise is tried from the first day.
"""

import re
import subprocess
import tarfile

import pytest

from tests.production import ROOT

COMMIT = (ROOT / "deploy" / "released").read_text().strip()


def _git(*arguments, **options):
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, **options)


def require_history():
    """A clone that has no history, or one that was written anew, has no earlier version to try."""
    assert re.fullmatch("[0-9a-f]{40}", COMMIT), "deploy/released names a commit by its 40 digits"
    if _git("cat-file", "-e", f"{COMMIT}^{{commit}}").returncode:
        pytest.skip(f"this clone does not have the last release, {COMMIT}")


def last_migrations():
    """App → its last migration at the release."""
    require_history()
    listed = _git("ls-tree", "-r", "--name-only", COMMIT, text=True, check=True).stdout
    found = re.findall(r"^(?:\w+/)*(\w+)/migrations/(\d{4}_\w+)\.py$", listed, re.MULTILINE)
    return dict(sorted(found))


def check_out(folder):
    """Puts the files of the release into a folder."""
    require_history()
    archive = folder.with_suffix(".tar")
    _git("archive", "--output", str(archive), COMMIT, check=True)
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder
