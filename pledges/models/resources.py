"""The toolkit: what helps partners to deliver what they pledged."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator, URLValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.text import clean_line, clean_text
from oiep.translated import TranslatedCharField
from oiep.uploads import PrivateFileField
from partners.models import Kind as PartnerKind
from partners.models import Partner, PriorityArea, ReferenceData, ReferenceQuerySet, Size
from pledges.models.ideas import Capacity


class Need(models.TextChoices):
    """What partners ask each other for, and offer."""

    MENTORS = "mentors", _("Mentors")
    VOLUNTEERS = "volunteers", _("Volunteers")
    PREMISES = "premises", _("Premises")
    ADVICE = "advice", _("Advice")
    EQUIPMENT = "equipment", _("Equipment or materials")
    OTHER = "other", _("Something else")


_ALL = _("None of them means all.")


def _several(choices, words, help_text=_ALL):
    return ArrayField(
        models.CharField(max_length=12, choices=choices.choices),
        default=list,
        blank=True,
        verbose_name=words,
        help_text=help_text,
    )


class ResourceQuerySet(ReferenceQuerySet):
    def published(self, on=None):
        """What is in use and, of local helpers, who has agreed to be listed on a day: today, if it is left out."""
        day = on or timezone.localdate()
        agreed = Q(agreed_on__lte=day, agreed_until__gte=day) & ~Q(agreed_by="")
        return self.current().filter(~Q(kind=Resource.Kind.HELPER) | agreed)

    def in_area(self, *areas):
        """For one of the areas, or for all."""
        through = Resource.areas.through.objects
        some = Exists(through.filter(resource=OuterRef("pk")))
        return self.filter(~some | Q(pk__in=through.filter(priorityarea__in=areas).values("resource")))

    def for_one_of(self, field, values):
        """For one of the capacities, kinds of partner or sizes, or for all."""
        return self.filter(Q(**{field: []}) | Q(**{f"{field}__overlap": list(values)}))

    def services_for(self, need):
        """Where somebody runs a service for it already."""
        return self.filter(needs__contains=[need])

    def matching(self, words):
        for word in words.split()[:10]:
            self = self.filter(Q(title__icontains=word) | Q(summary__icontains=word) | Q(body__icontains=word))
        return self


class Resource(ReferenceData):
    """A guide, a template, a link, a report, or somebody local who helps.

    `areas`, `capacities`, `partner_kinds` and `sizes` say whom it is for; where one is empty, it is for all of them.
    """

    class Kind(models.TextChoices):
        GUIDE = "guide", _("Guide")
        TEMPLATE = "template", _("Template")
        LINK = "link", _("Link")
        HELPER = "helper", _("Local helper")
        REPORT = "report", _("Report")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    title = TranslatedCharField(_("title"), max_length=120, unique=True, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    summary = TranslatedCharField(_("in one or two sentences"), max_length=300, validators=[clean_line])
    body = models.TextField(
        _("text"), blank=True, max_length=8000, validators=[clean_text, MaxLengthValidator(8000)],
        help_text=_("Markdown."),
    )  # fmt: skip
    url = models.URLField(_("link"), blank=True, validators=[URLValidator(schemes=["http", "https"])])
    file = PrivateFileField(_("file"), blank=True)
    file_name = models.CharField(_("the file's name"), max_length=100, blank=True, validators=[clean_line])
    file_size = models.PositiveIntegerField(_("size in bytes"), default=0, editable=False)
    source = models.CharField(
        _("where it comes from"), max_length=200, blank=True, validators=[clean_line],
        help_text=_("For example: the partnership's update of June 2022."),
    )  # fmt: skip
    areas = models.ManyToManyField(
        PriorityArea, related_name="resources", blank=True, verbose_name=_("priority areas"),
        help_text=_("None of them means all."),
    )  # fmt: skip
    capacities = _several(Capacity, _("for those who act"))
    partner_kinds = _several(PartnerKind, _("for kinds of partner"))
    sizes = _several(Size, _("for sizes of organisation"))
    needs = _several(Need, _("it is a service for"), _("Shown where partners ask for such help."))
    # Of a local helper.
    partner = models.ForeignKey(
        Partner, models.SET_NULL, null=True, blank=True, related_name="resources",
        verbose_name=_("the helper is the partner"),
    )  # fmt: skip
    agreed_by = models.CharField(
        _("who agreed that they are listed"), max_length=120, blank=True, validators=[clean_line],
        help_text=_("And how. Without it a local helper is not shown."),
    )  # fmt: skip
    agreed_on = models.DateField(_("agreed on"), null=True, blank=True)
    agreed_until = models.DateField(_("agreed until"), null=True, blank=True)

    objects = ResourceQuerySet.as_manager()

    class Meta(ReferenceData.Meta):
        verbose_name = _("toolkit entry")
        verbose_name_plural = _("toolkit entries")
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                name="resource_file_has_a_name",
                condition=Q(file="", file_name="", file_size=0) | (~Q(file="") & ~Q(file_name="") & Q(file_size__gt=0)),
            ),
            models.CheckConstraint(
                name="resource_agreement_is_whole",
                condition=Q(agreed_by="", agreed_on=None, agreed_until=None)
                | (~Q(agreed_by="") & Q(agreed_on__isnull=False, agreed_until__isnull=False)),
                violation_error_message=_("Say who agreed, since when and until when; or none of it."),
            ),
            models.CheckConstraint(
                name="resource_agreement_ends_after_it_begins",
                condition=Q(agreed_on=None) | Q(agreed_until__gte=models.F("agreed_on")),
                violation_error_message=_("The last day lies before the first."),
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("resource", args=[self.slug])

    @property
    def capacities_in_words(self):
        return [str(Capacity(value).label) for value in self.capacities]

    @property
    def partner_kinds_in_words(self):
        return [str(PartnerKind(value).label) for value in self.partner_kinds]

    @property
    def sizes_in_words(self):
        return [str(Size(value).label) for value in self.sizes]
