"""docs/security.md names tests that are there, for every chapter of the checklist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = 17  # of ASVS 5.0


def faults_in(text):
    rows = re.findall(r"^\| (V\d+)(?:\.\d+)?[^|]*\|([^|]+)\|([^|]*)\|$", text, re.MULTILINE)
    faults = [f"V{number}" for number in range(1, CHAPTERS + 1) if f"V{number}" not in {row[0] for row in rows}]
    faults += [path for path in re.findall(r"`(tests/[\w/.]+)`", text) if not (ROOT / path).exists()]
    return faults + [
        chapter
        for chapter, answer, test in rows
        if not test.strip() and "there is none" not in answer and "docs/" not in answer
    ]


def test_each_chapter_has_its_answer_and_each_test_is_there():
    assert faults_in((ROOT / "docs" / "security.md").read_text()) == []


def test_faults_are_found():
    text = (ROOT / "docs" / "security.md").read_text()
    assert faults_in(text.replace("| V17 WebRTC", "| WebRTC")) == ["V17"]
    assert faults_in(text.replace("`tests/test_proxy.py`", "`tests/test_gone.py`")) != []
