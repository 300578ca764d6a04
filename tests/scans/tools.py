"""Where `make scan` has put the scanners."""

import pytest

from tests.production import ROOT

FOLDER = ROOT / ".local" / "scan"


def python(name):
    """The path of a scanner from the Python index."""
    return _there(FOLDER / "bin" / name)


def node(path):
    """The path of a file of one from npm."""
    return _there(FOLDER / "node_modules" / path)


def _there(path):
    if not path.exists():
        pytest.fail(f"{path.name} is not installed: run `make scan`, which installs it.", pytrace=False)
    return str(path)
