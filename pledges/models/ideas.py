"""Ready-made pledges that the manager curates."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from oiep.text import clean_line, clean_text
from oiep.translated import TranslatedCharField, TranslatedTextField
from partners.models import Kind, PriorityArea, ReferenceData, ReferenceQuerySet


class Capacity(models.TextChoices):
    EMPLOYER = "employer", _("as an employer")
    BUYER = "buyer", _("as a buyer")
    SUPPLIER = "supplier", _("as a supplier")
    COMMUNITY = "community", _("as a community member")
    OWNER = "owner", _("as an owner of land or premises")
    INVESTOR = "investor", _("as an investor")
    RESIDENT = "resident", _("as a resident")


STATEMENT_LENGTH = 300


class PledgeIdeaQuerySet(ReferenceQuerySet):
    def current(self):
        """Ideas on offer: neither they nor their areas are retired."""
        return super().current().filter(area__retired_at=None)

    def for_kind(self, kind):
        return self.filter(kinds__contains=[kind])

    def for_short_route(self):
        return self.filter(on_short_route=True)


class PledgeIdea(ReferenceData):
    area = models.ForeignKey(PriorityArea, models.PROTECT, related_name="ideas", verbose_name=_("priority area"))
    capacity = models.CharField(_("capacity"), max_length=10, choices=Capacity.choices)
    kinds = ArrayField(models.CharField(max_length=12, choices=Kind.choices), verbose_name=_("kinds of partner"))
    title = TranslatedCharField(_("title"), max_length=100, unique=True, validators=[clean_line])
    statement = TranslatedTextField(
        _("the pledge"),
        max_length=STATEMENT_LENGTH,
        validators=[clean_text, MaxLengthValidator(STATEMENT_LENGTH)],
        help_text=_("In the signer's own voice: “We will…”, or “I will…” for residents."),
    )
    why = TranslatedTextField(_("why it matters"), validators=[clean_text])
    first_steps = TranslatedTextField(_("first steps"), validators=[clean_text], help_text=_("One step a line."))
    measure = TranslatedCharField(_("what to measure"), max_length=150, validators=[clean_line])
    unit = TranslatedCharField(_("unit"), max_length=30, blank=True, validators=[clean_line])
    on_short_route = models.BooleanField(
        _("offered to organisations of fewer than 10 people"),
        default=False,
        help_text=_("As a yes or no question, with no figure asked."),
    )

    objects = PledgeIdeaQuerySet.as_manager()

    class Meta(ReferenceData.Meta):
        verbose_name = _("pledge idea")
        verbose_name_plural = _("pledge ideas")
        ordering = ["area__order", "order", "pk"]

    def __str__(self):
        return self.title

    @property
    def steps(self):
        return [line.strip() for line in self.first_steps.splitlines() if line.strip()]
