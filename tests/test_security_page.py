"""docs/security.md answers each requirement of the checklist by its number, and names tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Of ASVS 5.0.0, the requirements of levels 1 and 2: section → how many there are of these levels, from 1 on.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "11.1": 2, "11.2": 3, "11.3": 3,
    "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3,
    "16.5": 3,
}  # fmt: skip
# Chapters that are about what the portal has not.
NOT_THERE = {"V10", "V17"}
REQUIREMENTS = {f"V{section}.{number}" for section, many in SECTIONS.items() for number in range(1, many + 1)}
WITHOUT_TEST = ("by design", "of the operator")


def faults_in(text):
    rows = re.findall(r"^\| (V\d[^|]*) \|([^|]+)\|([^|]*)\|$", text, re.MULTILINE)
    answered = [number for row in rows for number in row[0].split(", ")]
    faults = sorted((REQUIREMENTS | NOT_THERE) ^ set(answered))
    faults += sorted({number for number in answered if answered.count(number) > 1})
    faults += [
        f"{path}::{name}" if name else path
        for path, name in re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", text)
        if not _is_there(path, name)
    ]
    return faults + [
        numbers
        for numbers, answer, test in rows
        if not answer.strip() or ("`tests/" not in test and not test.strip().startswith(WITHOUT_TEST))
    ]


def _is_there(path, name):
    file = ROOT / path
    return file.exists() and (not name or bool(re.search(rf"^def {name}\(", file.read_text(), re.MULTILINE)))


def test_each_requirement_has_its_answer_and_each_test_is_there():
    assert len(REQUIREMENTS) == 253 - 29 - 7  # of levels 1 and 2, without those of V10 and V17
    assert faults_in((ROOT / "docs" / "security.md").read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("| V3.7.2 |", "| V3.7.3 |", "V3.7.2"),
        ("| V17 |", "| |", "V17"),
        ("| V8.4.1 |", "| V8.4.1, V8.3.1 |", "V8.3.1"),
        ("test_no_redirect_leaves_the_site", "test_gone", "tests/test_crawl.py::test_gone"),
        ("`tests/test_database.py`", "`tests/test_gone.py`", "tests/test_gone.py"),
        ("`tests/test_database.py`", "", "V2.2.2"),
    ],
)
def test_faults_are_found(old, new, fault):
    text = (ROOT / "docs" / "security.md").read_text()
    assert old in text
    assert fault in faults_in(text.replace(old, new))
