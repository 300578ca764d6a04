"""What the manager's desk looks out for: each figure is the number of rows of one question, and leads to their list.

Each app says it of its own in a `watch.py`, which registers its figures here; the desk asks them all in one query. The
list that a figure leads to asks the same question (`?figure=<name>` in any list of admin), so the two cannot differ.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import models
from django.db.models import Count, Value
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules


class Section(models.TextChoices):
    WAY = "way"  # on its way, and nobody need do anything
    MEND = "mend"  # somebody has to do something
    SOON = "soon"  # something runs out
    UNUSUAL = "unusual"  # somebody should look
    NEVER = "never"  # what should never be


@dataclass(frozen=True)
class Figure:
    """One thing to look out for.

    words: a pair, of one row and of several, without the number. rows: () → a queryset of a model that has a list in
    admin, which shows all its rows. advice: what to do about one, in a sentence. mend: (row, actor) → None where the
    site can put one right by itself.
    """

    name: str
    section: Section
    words: tuple[str | Promise, str | Promise]
    rows: Callable
    advice: str | Promise = ""
    tone: str = "amber"
    mend: Callable | None = None

    @property
    def model(self):
        return self.rows().model

    @property
    def permission(self):
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"

    @property
    def url(self):
        options = self.model._meta
        return f"{reverse(f'admin:{options.app_label}_{options.model_name}_changelist')}?figure={self.name}"

    @property
    def title(self):
        return self.words[1]


_figures = {}


def register(*figures):
    for figure in figures:
        _figures[figure.name] = figure


def all_figures():
    autodiscover_modules("watch")
    return list(_figures.values())


def figures_of(model):
    """Those that count rows of a model, for its list in admin."""
    return [figure for figure in all_figures() if figure.model is model]


@dataclass(frozen=True)
class Counted:
    figure: Figure
    count: int

    @property
    def words(self):
        return self.figure.words[0] if self.count == 1 else self.figure.words[1]


def count(figures):
    """How many rows each figure has, in one query; those with none as well."""
    if not figures:
        return []
    first, *others = (
        figure.model._base_manager.filter(pk__in=figure.rows().order_by().values("pk"))
        .order_by()
        .annotate(figure=Value(figure.name, models.CharField()))
        .values_list("figure")
        .annotate(rows=Count("pk"))
        for figure in figures
    )
    found = dict(first.union(*others, all=True))
    return [Counted(figure, found.get(figure.name, 0)) for figure in figures]
