"""The headings of an update report, in the order of the partnership's report of June 2022."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Section(models.TextChoices):
    SUMMARY = "summary", _("Executive summary and purpose")
    OUTCOMES = "outcomes", _("How this report contributes to the Oxfordshire Strategic Vision outcomes")
    RECOMMENDATIONS = "recommendations", _("Recommendations")
    APPENDICES = "appendices", _("Appendices")
    INTRODUCTION = "introduction", _("Introduction and structure")
    GROUPS = "groups", _("Working group activity")
    STEERING = "steering", _("Steering Group activity")
    CHARTER = "charter", _("Charter and communications")
    EVENTS = "events", _("Events")
    COMMUNITY = "community", _("Community engagement")
    FINANCE = "finance", _("Financial implications")
    LEGAL = "legal", _("Legal implications")
    OTHER = "other", _("Other implications")
    CONCLUSION = "conclusion", _("Conclusion")
    BACKGROUND = "background", _("Background papers")


@dataclass(frozen=True)
class Part:
    """A heading of the first level. Its own section comes first; those below it have headings of the second level."""

    number: str
    heading: str
    section: Section | None = None
    below: tuple[Section, ...] = ()


PARTS = (
    Part("", Section.SUMMARY.label, Section.SUMMARY),
    Part("", Section.OUTCOMES.label, Section.OUTCOMES),
    Part("", Section.RECOMMENDATIONS.label, Section.RECOMMENDATIONS),
    Part("", Section.APPENDICES.label, Section.APPENDICES),
    Part("1a", Section.INTRODUCTION.label, Section.INTRODUCTION),
    Part(
        "1b",
        _("Progress update"),
        None,
        (Section.GROUPS, Section.STEERING, Section.CHARTER, Section.EVENTS, Section.COMMUNITY),
    ),
    Part("2", Section.FINANCE.label, Section.FINANCE),
    Part("3", Section.LEGAL.label, Section.LEGAL),
    Part("4", Section.OTHER.label, Section.OTHER),
    Part("5", Section.CONCLUSION.label, Section.CONCLUSION),
    Part("6", Section.BACKGROUND.label, Section.BACKGROUND),
)
# What a report for councillors has always, also where there is nothing to say.
ALWAYS = (Section.FINANCE, Section.LEGAL, Section.OTHER, Section.BACKGROUND)
