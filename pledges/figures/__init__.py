"""How many signed, what they promised and what came of it: the one place that every page, program and export asks."""

from pledges.figures.counts import areas_with_figures, places_with_figures, totals
from pledges.figures.facts import Measured, Outcome, Timing, facts, gather
from pledges.figures.slices import Figures, Slice, figures, of_slice

__all__ = [
    "Figures",
    "Measured",
    "Outcome",
    "Slice",
    "Timing",
    "areas_with_figures",
    "facts",
    "figures",
    "gather",
    "of_slice",
    "places_with_figures",
    "totals",
]
