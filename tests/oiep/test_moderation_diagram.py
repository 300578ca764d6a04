from pathlib import Path

from oiep import moderation
from oiep.management.commands.draw_moderation import diagram

DOCUMENT = Path(moderation.__file__).resolve().parents[1] / "docs" / "moderation.md"


def is_up_to_date():
    return f"```mermaid\n{diagram()}\n```" in DOCUMENT.read_text()


def test_picture_of_moderation_shows_the_moves_that_are_possible():
    assert is_up_to_date()


def test_picture_out_of_date_is_found(monkeypatch):
    more = {**moderation.TRANSITIONS, (moderation.Move.SUBMIT, moderation.State.DECLINED): moderation.State.SUBMITTED}
    monkeypatch.setattr("oiep.management.commands.draw_moderation.TRANSITIONS", more)
    assert not is_up_to_date()
