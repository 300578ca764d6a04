"""What partners promise."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from oiep.moderation import DECISIONS, Moderated, ModeratedQuerySet, Move, State, moderation_constraints
from oiep.rounds import add_months
from oiep.text import clean_line, clean_text, fold, prefix_query
from partners.models import Partner, PriorityArea
from pledges.models.ideas import STATEMENT_LENGTH, Capacity, PledgeIdea


class PledgeQuerySet(ModeratedQuerySet):
    def published(self):
        """What the public may see: approved pledges of published partners, also those that have ended since."""
        return self.approved().filter(partner__in=Partner.objects.published())

    def live(self):
        """Promises that stand today, of partners that are listed: what lists show."""
        return self.approved().filter(ended_at=None, partner__in=Partner.objects.listed())

    def counted(self):
        """What counts and totals show: those that are live, and those of residents who were forgotten."""
        return self.approved().filter(ended_at=None, partner__in=Partner.objects.counted())

    def promised(self):
        """What partners ever promised, live or ended, each as its latest version says it."""
        return self.approved().exclude(ending=Pledge.Ending.REPLACED)

    def open(self):
        """Neither ended nor declined: what its partner can still change or withdraw."""
        return self.filter(ended_at=None).exclude(state=State.DECLINED)

    def matching(self, words):
        """Pledges whose own words, or whose partner's public words, begin with the words given, without accents."""
        query = prefix_query(words)
        return self.filter(Q(search=query) | Q(partner__in=Partner.objects.filter(search=query))) if query else self

    def visible_to(self, user):
        return self.filter(partner__in=Partner.objects.visible_to(user))


class Pledge(Moderated):
    """A promise in one priority area.

    Once approved it is never rewritten: a change is a new pledge that `replaces` it, and ends it when it is approved.
    """

    Capacity = Capacity

    class Commitment(models.TextChoices):
        HOURS = "hours", _("volunteer hours")
        MONEY = "money", _("money")
        PREMISES = "premises", _("premises")
        PLACEMENTS = "placements", _("apprenticeships or placements")
        MENTORING = "mentoring", _("mentoring")
        IN_KIND = "in_kind", _("help in kind")

    class Ending(models.TextChoices):
        REPLACED = "replaced", _("changed")
        ACHIEVED = "achieved", _("achieved")
        STOPPED = "stopped", _("stopped")
        WITHDRAWN = "withdrawn", _("taken back before a decision")

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="pledges")
    area = models.ForeignKey(PriorityArea, models.PROTECT, related_name="pledges", verbose_name=_("priority area"))
    capacity = models.CharField(_("capacity"), max_length=10, choices=Capacity.choices)
    idea = models.ForeignKey(
        PledgeIdea, models.SET_NULL, null=True, blank=True, related_name="pledges", verbose_name=_("from the idea")
    )
    statement = models.TextField(
        _("the pledge"), max_length=STATEMENT_LENGTH, validators=[clean_text, MaxLengthValidator(STATEMENT_LENGTH)]
    )
    measure = models.CharField(_("what is measured"), max_length=150, blank=True, validators=[clean_line])
    unit = models.CharField(_("unit"), max_length=30, blank=True, validators=[clean_line])
    baseline = models.DecimalField(_("where it starts"), max_digits=14, decimal_places=2, null=True, blank=True)
    target = models.DecimalField(_("target"), max_digits=14, decimal_places=2, null=True, blank=True)
    target_date = models.DateField(_("by"), null=True, blank=True)
    commitment = models.CharField(_("resource commitment"), max_length=10, choices=Commitment.choices, blank=True)
    commitment_amount = models.DecimalField(
        _("how much"), max_digits=12, decimal_places=2, null=True, blank=True,
        help_text=_("Hours, pounds, or a number of places, as the commitment says."),
    )  # fmt: skip
    commitment_note = models.CharField(_("about the commitment"), max_length=200, blank=True, validators=[clean_line])

    created_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    started_on = models.DateField(_("since"), null=True, editable=False)
    renewed_on = models.DateField(_("renewed"), null=True, editable=False)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="replacements",
        verbose_name=_("replaces"),
    )  # fmt: skip
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    ending = models.CharField(_("how it ended"), max_length=10, choices=Ending.choices, blank=True, editable=False)
    ending_reason = models.CharField(_("why"), max_length=300, blank=True, editable=False, validators=[clean_line])

    # Derived from the statement whenever it is saved.
    search_text = models.TextField(editable=False)
    search = models.GeneratedField(
        expression=SearchVector("search_text", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    objects = PledgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        ordering = ["area__order", "pk"]
        indexes = [
            GinIndex("search", name="pledge_search"),
            models.Index(fields=["submitted_at"], name="pledge_waiting", condition=Q(state="submitted")),
            models.Index(fields=["area", "-started_on"], name="pledge_by_area", condition=Q(state="approved")),
        ]
        constraints = [
            *moderation_constraints("pledge"),
            models.CheckConstraint(name="pledge_says_something", condition=~Q(statement="")),
            models.CheckConstraint(
                name="pledge_ending_has_a_date",
                condition=Q(ended_at=None, ending="") | (Q(ended_at__isnull=False) & ~Q(ending="")),
            ),
            models.CheckConstraint(
                name="pledge_approved_has_started",
                condition=~Q(state=State.APPROVED) | Q(started_on__isnull=False),
            ),
            models.CheckConstraint(
                name="pledge_target_is_measured",
                condition=Q(target=None, baseline=None) | ~Q(measure=""),
                violation_error_message=_("Say what you will measure, so that the figures mean something."),
            ),
            models.CheckConstraint(
                name="pledge_target_date_has_a_target",
                condition=Q(target_date=None) | Q(target__isnull=False),
                violation_error_message=_(
                    "Give the target that you want to reach by that date, or leave the date out."
                ),
            ),
            models.CheckConstraint(
                name="pledge_commitment_amount_is_of_something",
                condition=Q(commitment_amount=None, commitment_note="") | ~Q(commitment=""),
                violation_error_message=_("Choose what kind of resource you commit."),
            ),
            models.CheckConstraint(
                name="pledge_commitment_amount_is_positive",
                condition=Q(commitment_amount=None) | Q(commitment_amount__gt=0),
                violation_error_message=_("Give an amount above 0, or leave it out."),
            ),
            models.CheckConstraint(name="pledge_not_its_own_replacement", condition=~Q(replaces=F("id"))),
            # A change that was declined or taken back leaves room for another.
            models.UniqueConstraint(
                "replaces",
                name="pledge_replaced_once",
                condition=~Q(state=State.DECLINED) & ~Q(ending="withdrawn"),
                violation_error_message=_("A change to this pledge waits already."),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_live(self):
        return self.state == State.APPROVED and not self.ended_at

    @property
    def replacement(self):
        """The change to this pledge that waits or was approved, or None."""
        return next(
            (p for p in self.replacements.all() if p.state != State.DECLINED and p.ending != self.Ending.WITHDRAWN),
            None,
        )

    @property
    def runs_until(self):
        """The day on which the year that it runs for ends; 29 February falls to the 28th."""
        since = self.renewed_on or self.started_on
        return add_months(since, 12) if since else None

    def get_absolute_url(self):
        return reverse("pledge", args=[self.pk])

    def save(self, *args, update_fields=None, **kwargs):
        self.search_text = fold(self.statement)
        if update_fields is not None and "statement" in update_fields:
            update_fields = {*update_fields, "search_text"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def why_not(self, move):
        if self.partner.withdrawn_at:
            return self.partner.why_not(move)
        if self.ended_at and move in DECISIONS | {Move.SUBMIT, Move.UNDO}:
            return _("It ended on %(date)s (%(how)s), so there is nothing left to decide.") % {
                "date": date_format(timezone.localdate(self.ended_at)),
                "how": self.get_ending_display(),
            }
        if move == Move.UNDO and self.state == State.APPROVED and hasattr(self, "came_with"):
            return _("It came with a review and stands as long as that does. Undo the decision on the review.")
        if move == Move.UNDO and self.state == State.DECLINED and self.replaces and self.replaces.replacement:
            return _("Another change to the same pledge was sent in since, so this one stays declined.")
        return super().why_not(move)
