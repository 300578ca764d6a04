"""Lists that the manager brings in, from the file to what came of it."""

import json

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.tables import Table
from oiep.text import clean_line


class Kind(models.TextChoices):
    PARTNERS = "partners", _("Partners and their people")
    PLEDGES = "pledges", _("Pledges")
    GROUPS = "groups", _("Working groups")
    EVENTS = "events", _("Events")


class Step(models.TextChoices):
    """What a worker does with a long list."""

    READING = "reading", _("reading the file")
    CHECKING = "checking", _("checking each row")
    WRITING = "writing", _("bringing it in")
    UNDOING = "undoing", _("taking it out again")


class ImportQuerySet(models.QuerySet):
    def waiting_for_work(self):
        return self.exclude(step="")

    def unfinished(self):
        return self.filter(done_at=None)

    def asking(self):
        return self.filter(asking_by__isnull=False, undone_at=None)


class Import(models.Model):
    """A list that is looked at before anything happens, then brought in as a whole or not at all, and can be undone.

    `table` is what was in the file, as JSON; it goes once the list was brought in, or by itself. `mapping`: the number
    of a column of the file → the name of ours. `answers`: row → whether it is "new" or the "same" as something that is
    here. `made`: (kind of thing, key) of all that it made.

    A long list is worked on by a worker, a `step` at a time: its `content` is read into rows (`ImportRow`), of which
    `table` keeps the first; `progress` of them are done. `refusal`: why a step could not be done, for the manager.
    """

    Kind = Kind
    Step = Step

    kind = models.CharField(_("what is in it"), max_length=10, choices=Kind.choices)
    file_name = models.CharField(_("file"), max_length=100, validators=[clean_line])
    table = models.TextField()
    headings_row = models.PositiveIntegerField(default=0)
    mapping = models.JSONField(default=dict)
    is_mapped = models.BooleanField(default=False)
    answers = models.JSONField(default=dict)
    made = models.JSONField(default=list)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("chosen by")
    )
    uploaded_at = models.DateTimeField(_("chosen"), default=timezone.now)
    rows = models.PositiveIntegerField(_("rows brought in"), default=0)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("brought in by")
    )
    done_at = models.DateTimeField(_("brought in"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("undone by")
    )
    undone_at = models.DateTimeField(_("undone"), null=True)

    is_long = models.BooleanField(default=False, db_default=False)
    content = models.BinaryField(null=True)
    step = models.CharField(max_length=8, choices=Step.choices, blank=True, default="", db_default="")
    step_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    progress = models.PositiveIntegerField(default=0, db_default=0)
    refusal = models.TextField(blank=True, default="", db_default="")

    # Who said that its organisations be asked to confirm, while not all of them have been.
    asking_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("list brought in")
        verbose_name_plural = _("lists brought in")
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="import_done_has_date_and_person",
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
            ),
            models.CheckConstraint(
                name="import_undone_was_done",
                condition=Q(undone_at=None, undone_by=None)
                | Q(undone_at__isnull=False, undone_by__isnull=False, done_at__isnull=False),
            ),
            models.CheckConstraint(name="import_done_keeps_no_table", condition=Q(done_at=None) | Q(table="")),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def stage(self):
        if self.step:
            return self.get_step_display()
        if self.undone_at:
            return _("undone")
        return _("brought in") if self.done_at else _("not brought in yet")

    def keep_table(self, table):
        self.table = json.dumps(
            {"rows": table.rows, "notes": [str(note) for note in table.notes], "comma": table.decimal_comma},
            ensure_ascii=False,
        ).replace("\\u0000", "")

    def read_table(self):
        kept = json.loads(self.table)
        return Table([(number, cells) for number, cells in kept["rows"]], kept["notes"], kept["comma"])


class ImportRow(models.Model):
    """A row of a long list: its cells as they were in the file, and what we make of them. It goes with the list.

    cells, problems, matches: JSON; a problem is (column, words), a match (name, why, url). name, more: what it is shown
    by. same_as: what it is here as already.
    """

    class State(models.TextChoices):
        UNCHECKED = "", _("not checked yet")
        NEW = "new", _("would come in")
        WRONG = "wrong", _("wrong")
        SAME = "same", _("here already")
        ASKED = "asked", _("may be here already")
        EMPTY = "empty", _("empty")

    of = models.ForeignKey(Import, models.CASCADE, related_name="long_rows")
    number = models.PositiveIntegerField(_("row"))
    cells = models.TextField()
    state = models.CharField(max_length=5, choices=State.choices, blank=True, default="")
    name = models.TextField(blank=True, default="")
    more = models.TextField(blank=True, default="")
    problems = models.TextField(default="[]")
    matches = models.TextField(default="[]")
    same_as = models.TextField(blank=True, default="")
    answer = models.CharField(max_length=4, blank=True, default="")

    class Meta:
        verbose_name = _("row of a long list")
        verbose_name_plural = _("rows of long lists")
        ordering = ["number"]
        constraints = [models.UniqueConstraint("of", "number", name="importrow_once")]
        indexes = [models.Index(fields=["of", "state", "number"], name="importrow_by_state")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def wrongs(self):
        """(column, words) of each cell that is wrong."""
        return json.loads(self.problems)

    @property
    def likes(self):
        """(name, why, url) of each thing that it may be the same as."""
        return json.loads(self.matches)


class Heading(models.Model):
    """What the manager said that a heading means, so that the next list of this kind is understood at once.

    `column` is the name of one of ours, empty for one that is left out.
    """

    kind = models.CharField(_("what is in it"), max_length=10, choices=Kind.choices)
    key = models.CharField(_("heading"), max_length=100)
    column = models.CharField(_("means"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("heading that we know")
        verbose_name_plural = _("headings that we know")
        constraints = [models.UniqueConstraint("kind", "key", name="heading_means_one_thing")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
