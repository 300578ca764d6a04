"""Events that people come to, and awards."""

from events.models.awards import (
    AwardRound,
    Category,
    Criterion,
    Nomination,
)
from events.models.events import Contributor, Event, LearningPoint, Material, Photograph, ProgrammeItem, Series
from events.models.judging import Interest, Judge, JudgeInvitation, Score, Vote, VoteRequest
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
    "JudgeInvitation",
    "LearningPoint",
    "Material",
    "Nomination",
    "Photograph",
    "ProgrammeItem",
    "Registration",
    "Score",
    "Series",
    "Vote",
    "VoteRequest",
]
