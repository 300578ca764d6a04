"""The columns of the file."""

IDS = ("review", "pledge")
ANSWERS = ("progress", "figure", "words")
NEEDS = (*IDS, *ANSWERS)
COLUMNS = (
    "review", "partner", "round", "due", "pledge", "area", "statement", "unit", "baseline", "target", "last figure",
    *ANSWERS,
)  # fmt: skip
