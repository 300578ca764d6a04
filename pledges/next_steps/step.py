from dataclasses import dataclass
from enum import IntEnum


class Urgency(IntEnum):
    """How pressing a step is, the most pressing first."""

    LATE = 1  # its day has passed, and the public can see it
    WAITED_FOR = 2  # somebody cannot go on without it
    DUE = 3  # it has a day
    OPEN = 4  # it should be done some time
    YEARLY = 5  # a look whether all is still right
    IDEA = 6  # it may be done


@dataclass(frozen=True)
class Step:
    """One thing to do. about: whom it is for, by name. words: what the manager wrote, if anything.

    put_aside_url: where a POST puts it aside for a time, for a step that one may leave (see `PutAside`).
    """

    title: str
    about: str = ""
    url: str = ""
    label: str = ""
    text: str = ""
    words: str = ""
    urgency: Urgency = Urgency.OPEN
    put_aside_url: str = ""

    @property
    def tone(self):
        return "amber" if self.urgency <= Urgency.DUE else "blue"


def in_order(steps):
    """The most pressing first; those that are equally pressing keep their order."""
    return sorted(steps, key=lambda step: step.urgency)
