"""The lists that the manager edits: places, priority areas, sectors, reasons to decline."""

import copy

from django.core.validators import RegexValidator
from django.db import models
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oiep.changes import entries
from oiep.text import clean_line, clean_text
from oiep.translated import Translated, TranslatedCharField, TranslatedTextField


class ReferenceQuerySet(models.QuerySet):
    def current(self):
        return self.filter(retired_at=None)


def entry_or_404(model, slug):
    """One entry by its address, the caller's own."""
    for entry in entries(model).values():
        if entry.slug == slug:
            return copy.copy(entry)
    raise Http404


class ReferenceData(Translated):
    """A list that the manager edits. An entry in use is retired, not deleted, so that nothing that names it breaks."""

    order = models.PositiveSmallIntegerField(_("order"), default=0)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["order", "pk"]


class District(ReferenceData):
    name = TranslatedCharField(_("name"), max_length=60, unique=True, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    about = TranslatedTextField(_("about"), blank=True, validators=[clean_text], help_text=_("Markdown."))
    map_shape = models.TextField(
        _("shape on the map"),
        blank=True,
        validators=[RegexValidator(r"^[MLHVCSQTAZmlhvcsqtaz0-9 ,.\-]*$", _("This is not the path of an SVG shape."))],
        help_text=_("The path of an SVG shape within 0 0 300 360. Leave it blank to list the district beside the map."),
    )
    map_label_x = models.PositiveSmallIntegerField(_("label, from the left"), default=0)
    map_label_y = models.PositiveSmallIntegerField(_("label, from the top"), default=0)

    class Meta(ReferenceData.Meta):
        verbose_name = _("district")
        verbose_name_plural = _("districts")

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("place", args=[self.slug])


class PriorityArea(ReferenceData):
    class Colour(models.TextChoices):
        """Each is a token of `static/css/tokens.css`, in a light and a dark value."""

        GREEN = "green", _("green")
        PLUM = "plum", _("plum")
        BRICK = "brick", _("brick")
        BLUE = "blue", _("blue")
        SLATE = "slate", _("slate")
        TEAL = "teal", _("teal")
        OCHRE = "ochre", _("ochre")
        MOSS = "moss", _("moss")
        ROSE = "rose", _("rose")
        INDIGO = "indigo", _("indigo")

    name = TranslatedCharField(
        _("name"), max_length=200, unique=True, validators=[clean_line], help_text=_("As the Charter words it.")
    )
    short_name = TranslatedCharField(_("short name"), max_length=60, unique=True, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    summary = TranslatedCharField(_("in one sentence"), max_length=250, validators=[clean_line])
    meaning = TranslatedTextField(_("what it means"), validators=[clean_text], help_text=_("Markdown."))
    colour = models.CharField(_("colour"), max_length=10, choices=Colour.choices)
    icon = models.CharField(
        _("icon"),
        max_length=40,
        help_text=_("The name of a heroicon, for example “home-modern”."),
        validators=[clean_line],
    )

    class Meta(ReferenceData.Meta):
        verbose_name = _("priority area")
        verbose_name_plural = _("priority areas")

    def __str__(self):
        return self.short_name

    def get_absolute_url(self):
        return reverse("area", args=[self.slug])


class Sector(ReferenceData):
    name = TranslatedCharField(_("name"), max_length=80, unique=True, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=60, unique=True)

    class Meta(ReferenceData.Meta):
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")

    def __str__(self):
        return self.name


class DeclineReason(ReferenceData):
    title = TranslatedCharField(_("reason"), max_length=100, unique=True, validators=[clean_line])
    message = TranslatedTextField(
        _("what we write"), validators=[clean_text], help_text=_("You can change it for each partner before it goes.")
    )

    class Meta(ReferenceData.Meta):
        verbose_name = _("reason to decline")
        verbose_name_plural = _("reasons to decline")

    def __str__(self):
        return self.title
