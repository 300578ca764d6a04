"""Update reports to the Future Oxfordshire Partnership: drafted from the data, edited, reviewed and published."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from oiep.reports.sections import Section
from oiep.text import clean_line, clean_text

TEXT_LENGTH = 20_000
_TEXT = [clean_text, MaxLengthValidator(TEXT_LENGTH)]


class StatementQuerySet(models.QuerySet):
    def for_period(self, starts_on, ends_on):
        """What happened between two days, and what holds on the last of them."""
        happened = Q(kind=Statement.Kind.HAPPENED, starts_on__gte=starts_on, starts_on__lte=ends_on)
        holds = Q(kind=Statement.Kind.LASTING, starts_on__lte=ends_on) & (Q(ends_on=None) | Q(ends_on__gte=ends_on))
        return self.filter(happened | holds)


class Statement(models.Model):
    """What a report says and no other table knows: the mission, a milestone of the Charter, who pays for what."""

    class Kind(models.TextChoices):
        LASTING = "lasting", _("It holds from that day on")
        HAPPENED = "happened", _("It happened on that day")

    title = models.CharField(
        _("what it is about"), max_length=100, unique=True, validators=[clean_line], help_text=_("For you, in lists.")
    )
    section = models.CharField(_("where it stands in a report"), max_length=15, choices=Section.choices)
    text = models.TextField(_("what the report says"), validators=_TEXT, help_text=_("Markdown."))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.HAPPENED)
    starts_on = models.DateField(_("day"))
    is_day_known = models.BooleanField(_("the day is known, not only the month"), default=True)
    ends_on = models.DateField(
        _("until"), null=True, blank=True, help_text=_("For what holds: the last day. Blank: until you say so.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    source = models.CharField(_("where this is written"), max_length=200, blank=True, validators=[clean_line])

    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement for reports")
        verbose_name_plural = _("statements for reports")
        ordering = ["section", "order", "starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="statement_until_is_of_what_lasts",
                condition=Q(ends_on=None) | Q(kind="lasting", ends_on__gte=F("starts_on")),
                violation_error_message=_("Only what holds has an end, which is not before its beginning."),
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def when(self):
        return date_format(self.starts_on, "j F Y" if self.is_day_known else "F Y")


class UpdateReportQuerySet(models.QuerySet):
    def published(self):
        """What the public may read: reports of which there is an edition. It reads the newest edition alone."""
        return self.filter(models.Exists(Edition.objects.filter(report=models.OuterRef("pk"))))

    def newest_first(self):
        return self.order_by("-ends_on", "-pk")


class UpdateReport(models.Model):
    """A report for a period. The manager writes it; what the public reads are its editions, which never change."""

    class State(models.TextChoices):
        DRAFT = "draft", _("being written")
        REVIEWED = "reviewed", _("reviewed")
        PUBLISHED = "published", _("published as it is")

    name = models.CharField(
        _("short name"),
        max_length=60,
        unique=True,
        validators=[clean_line],
        help_text=_("For when it is, for example “May 2022”."),
    )
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    title = models.CharField(
        _("title"),
        max_length=150,
        validators=[clean_line],
        default=_("Oxfordshire Inclusive Economy Partnership update"),
    )
    addressee = models.CharField(
        _("to"), max_length=120, validators=[clean_line], default=_("Future Oxfordshire Partnership")
    )
    reported_on = models.DateField(_("date of the report"))
    starts_on = models.DateField(_("period, from"))
    ends_on = models.DateField(_("to"))
    author = models.CharField(
        _("report of"), max_length=250, validators=[clean_line], help_text=_("Name, job title, organisation.")
    )
    status = models.CharField(
        _("status"), max_length=40, validators=[clean_line], default=_("Open"), help_text=_("As councils mark papers.")
    )
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DRAFT, editable=False)
    drafted_at = models.DateTimeField(_("drafted"), null=True, editable=False)
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, editable=False)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    is_example = models.BooleanField(_("example"), default=False, editable=False)

    objects = UpdateReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("update report")
        verbose_name_plural = _("update reports")
        ordering = ["-ends_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="updatereport_period_has_days",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("The period ends before it starts."),
            ),
            models.CheckConstraint(
                name="updatereport_reported_after_its_period",
                condition=Q(reported_on__gte=F("starts_on")),
                violation_error_message=_("The report is of a day before its period."),
            ),
            models.CheckConstraint(
                name="updatereport_reviewed_says_when_and_by_whom",
                condition=Q(state="draft", reviewed_at=None, reviewed_by=None)
                | (~Q(state="draft") & Q(reviewed_at__isnull=False, reviewed_by__isnull=False)),
            ),
        ]

    def __str__(self):
        return f"{self.title}, {self.name}"

    def get_absolute_url(self):
        return reverse("report", args=[self.slug])

    @property
    def period(self):
        """The period in words: 1 March 2021 to 31 May 2022."""
        return _("%(first)s to %(last)s") % {
            "first": date_format(self.starts_on),
            "last": date_format(self.ends_on),
        }

    @property
    def edition(self):
        """What the public reads, or None before it is published."""
        return self.editions.order_by("-number").first()


class ParagraphQuerySet(models.QuerySet):
    def in_order(self):
        return self.order_by("order", "pk")

    def shown(self):
        return self.filter(left_out=False)

    def to_choose(self):
        """Those of which the data say something else than when the manager edited them."""
        return self.filter(waiting__isnull=False)


class Paragraph(models.Model):
    """A paragraph of a report. What was drafted from the data and what the manager wrote are kept apart.

    `key` says which data it is drafted from; one that the manager added has `own` for its source. `edited` is None
    until the manager changes the words. `waiting` is a newer draft that the manager has not chosen or refused yet; it
    is empty where the data do not say anything of the kind any more.
    """

    report = models.ForeignKey(UpdateReport, models.CASCADE, related_name="paragraphs")
    section = models.CharField(_("section"), max_length=15, choices=Section.choices)
    key = models.CharField(max_length=80)
    order = models.PositiveIntegerField(_("order"))
    drafted = models.TextField(_("draft"), blank=True)
    sources = models.JSONField(_("where it comes from"), default=list, blank=True)
    chart = models.JSONField(_("chart"), null=True, blank=True)
    drafted_at = models.DateTimeField(_("drafted"), default=timezone.now)
    edited = models.TextField(_("text"), null=True, blank=True, validators=_TEXT)
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    waiting = models.TextField(_("newer draft"), null=True, blank=True)
    waiting_sources = models.JSONField(default=list, blank=True)
    waiting_chart = models.JSONField(null=True, blank=True)
    left_out = models.BooleanField(_("left out"), default=False)
    # Rises with each change of the words: who edits an older one is shown what it says now.
    version = models.PositiveIntegerField(default=0)

    objects = ParagraphQuerySet.as_manager()

    class Meta:
        verbose_name = _("paragraph of a report")
        verbose_name_plural = _("paragraphs of reports")
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint("report", "key", name="paragraph_once_in_a_report"),
            models.CheckConstraint(
                name="paragraph_edited_says_when_and_by_whom",
                condition=Q(edited=None, edited_at=None, edited_by=None)
                | Q(edited__isnull=False, edited_at__isnull=False, edited_by__isnull=False),
            ),
            models.CheckConstraint(
                name="paragraph_waiting_is_beside_an_edited_one", condition=Q(waiting=None) | Q(edited__isnull=False)
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def text(self):
        """What the report says."""
        return self.drafted if self.edited is None else self.edited

    @property
    def is_own(self):
        """Whether the manager added it, rather than edited a draft."""
        return self.key.startswith("own/")


class Edition(models.Model):
    """What was published of a report, whole, as it was on that day. A correction is another edition, and says why."""

    report = models.ForeignKey(UpdateReport, models.PROTECT, related_name="editions")
    number = models.PositiveSmallIntegerField(_("edition"))
    content = models.JSONField(_("content"))
    why = models.CharField(_("what was corrected"), max_length=300, blank=True, validators=[clean_line])
    published_at = models.DateTimeField(_("published"), default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("edition of a report")
        verbose_name_plural = _("editions of reports")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint("report", "number", name="edition_once_in_a_report"),
            models.CheckConstraint(
                name="edition_correction_says_what", condition=Q(number=1, why="") | (Q(number__gt=1) & ~Q(why=""))
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
