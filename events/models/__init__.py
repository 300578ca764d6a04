"""Events that people come to, and awards."""

from events.models.awards import (
    AwardRound,
    Category,
    Criterion,
    Interest,
    Judge,
    Nomination,
    Score,
    Vote,
)
from events.models.events import Contributor, Event, LearningPoint, Material, Photograph, ProgrammeItem, Series
from events.models.registrations import Feedback, Registration

__all__ = [
    "AwardRound",
    "Category",
    "Contributor",
    "Criterion",
    "Event",
    "Feedback",
    "Interest",
    "Judge",
    "LearningPoint",
    "Material",
    "Nomination",
    "Photograph",
    "ProgrammeItem",
    "Registration",
    "Score",
    "Series",
    "Vote",
]
