"""Who signed, where, and in which areas."""

import datetime
import secrets

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MaxLengthValidator, URLValidator
from django.db import models
from django.db.models import OuterRef, Q
from django.db.models.query import ModelIterable
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from oiep.moderation import DECISIONS, Moderated, ModeratedQuerySet, Move, State, moderation_constraints
from oiep.rounds import next_round
from oiep.text import clean_line, clean_text, fold, name_key, prefix_query
from partners.models.reference import District, PriorityArea, Sector, entries


class Kind(models.TextChoices):
    BUSINESS = "business", _("Business")
    VOLUNTARY = "voluntary", _("Voluntary or community organisation")
    EDUCATION = "education", _("Education provider")
    PUBLIC_BODY = "public_body", _("Public body")
    RESIDENT = "resident", _("Resident")


class Size(models.TextChoices):
    MICRO = "micro", _("Fewer than 10 people")
    SMALL = "small", _("10 to 49 people")
    MEDIUM = "medium", _("50 to 249 people")
    LARGE = "large", _("250 people or more")


class Purpose(models.TextChoices):
    BUY = "buy", _("Buy from us")
    WORK = "work", _("Work with us")
    VOLUNTEER = "volunteer", _("Volunteer")
    PLEDGE = "pledge", _("Ask about a pledge")


class _WithEntries(ModelIterable):
    """Partners with their areas and districts, as `with_cards` asked for their keys."""

    def __iter__(self):
        areas, districts = entries(PriorityArea), entries(District)
        for partner in super().__iter__():
            partner._prefetched_objects_cache = {
                "areas": [entry for key, entry in areas.items() if key in partner.area_keys],
                "districts": [entry for key, entry in districts.items() if key in partner.district_keys],
            }
            yield partner


class PartnerQuerySet(ModeratedQuerySet):
    def published(self):
        """What the public may see a page of. An organisation's says that it withdrew; a resident who did, or who was
        forgotten, has none."""
        gone = Q(withdrawn_at__isnull=False) | Q(next_round_on=None)
        return self.approved().exclude(gone, kind=Kind.RESIDENT)

    def counted(self):
        """What counts and totals show: what is listed, and residents who were forgotten, as a number."""
        return self.approved().filter(withdrawn_at=None, lapsed_on=None)

    def listed(self):
        """What the directory, the map and lists show."""
        return self.counted() & self.published()

    def lapsed(self):
        """Those that stay out of `listed()` because they left a progress review unanswered for too long."""
        return self.published().filter(withdrawn_at=None, lapsed_on__isnull=False)

    def with_round_until(self, day):
        """Partners whose next round is on a day or before it, and who are asked: approved, and not withdrawn."""
        return self.approved().filter(withdrawn_at=None, next_round_on__lte=day)

    def visible_to(self, user):
        """The partners that a signed-in person acts for."""
        return self.filter(memberships__user=user, memberships__ended_at=None)

    def without_lead(self):
        """Those that take part, or want to, and that nobody leads. Residents who were forgotten have no lead either."""
        led = self.model.objects.filter(memberships__role="lead", memberships__ended_at=None)
        forgotten = Q(kind=Kind.RESIDENT, state=State.APPROVED, next_round_on=None)
        return self.filter(~forgotten, withdrawn_at=None).exclude(state=State.DECLINED).exclude(pk__in=led.values("pk"))

    def in_place(self, *districts):
        """Partners that work in one of the districts; those that work county-wide work in each."""
        return self.filter(
            Q(county_wide=True)
            | Q(pk__in=Partner.districts.through.objects.filter(district__in=districts).values("partner"))
        )

    def in_area(self, *areas):
        """Partners with a live pledge in one of the areas."""
        return self.filter(pk__in=Partner.areas.through.objects.filter(priorityarea__in=areas).values("partner"))

    def matching(self, words):
        """Full-text search over public words, by the beginnings of words, without accents and case."""
        query = prefix_query(words)
        return self.filter(search=query) if query else self

    def with_cards(self):
        """With the logo, the areas and the districts that cards show, in the one query."""
        areas, districts = (
            ArraySubquery(through.objects.filter(partner=OuterRef("pk")).order_by().values(to))
            for through, to in ((Partner.areas.through, "priorityarea"), (Partner.districts.through, "district"))
        )
        rows = self.select_related("logo").annotate(area_keys=areas, district_keys=districts)
        rows._iterable_class = _WithEntries
        return rows

    def by_name(self):
        """As a reader looks names up: those that are shown first, residents without a name after them."""
        return self.order_by("-show_name", "sort_name", "pk")

    def same_name(self, name):
        """Organisations that have signed, or wait to, under another spelling of the same name."""
        return (
            self.exclude(kind=Kind.RESIDENT)
            .filter(name_key=name_key(name), withdrawn_at=None)
            .exclude(state=State.DECLINED)
        )


class Partner(Moderated):
    Kind = Kind
    Size = Size
    Purpose = Purpose

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    is_social_enterprise = models.BooleanField(_("social enterprise"), default=False)
    is_cooperative = models.BooleanField(_("co-operative"), default=False)
    name = models.CharField(_("name"), max_length=150, validators=[clean_line])
    show_name = models.BooleanField(_("name shown to the public"), default=True)
    slug = models.SlugField(_("address"), max_length=80, unique=True, editable=False)
    description = models.TextField(
        _("what it does"), blank=True, validators=[clean_text, MaxLengthValidator(600)], max_length=600
    )
    # A picture in `partners.Logo` that the manager has approved with the rest of the profile.
    logo = models.OneToOneField(
        "partners.Logo",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("logo"),
    )
    website = models.URLField(_("website"), blank=True, validators=[URLValidator(schemes=["http", "https"])])
    size = models.CharField(_("size"), max_length=6, choices=Size.choices, blank=True)
    sector = models.ForeignKey(Sector, models.PROTECT, null=True, blank=True, verbose_name=_("sector"))
    county_wide = models.BooleanField(_("works across the county"), default=False)
    districts = models.ManyToManyField(District, related_name="partners", blank=True, verbose_name=_("districts"))
    # Kept by `pledges.actions`: the areas of the partner's live pledges.
    areas = models.ManyToManyField(
        PriorityArea, related_name="partners", blank=True, editable=False, verbose_name=_("active in")
    )
    contact_purposes = ArrayField(
        models.CharField(max_length=10, choices=Purpose.choices),
        default=list,
        blank=True,
        verbose_name=_("may be written to"),
    )
    contact_paused_at = models.DateTimeField(_("contact paused"), null=True, blank=True, editable=False)
    review_months = models.PositiveSmallIntegerField(
        _("reports progress"), choices=[(12, _("once a year")), (6, _("twice a year"))], default=12
    )
    created_at = models.DateTimeField(_("entered"), default=timezone.now, editable=False)
    approved_at = models.DateTimeField(_("first approved"), null=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    # Kept by `pledges.actions`: the anniversary that names the round to be opened next (none for a resident who was
    # forgotten), and the day on which the partner lapsed because a review stayed unanswered.
    next_round_on = models.DateField(_("next round"), null=True, editable=False)
    lapsed_on = models.DateField(_("lapsed"), null=True, editable=False)
    is_example = models.BooleanField(_("example"), default=False, editable=False)

    # Derived from the fields above whenever they are saved.
    name_key = models.CharField(max_length=150, editable=False)
    sort_name = models.CharField(max_length=150, editable=False)
    search_text = models.TextField(editable=False)
    search = models.GeneratedField(
        expression=SearchVector("search_text", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    objects = PartnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["sort_name", "pk"]
        indexes = [
            GinIndex("search", name="partner_search"),
            models.Index(
                fields=["-show_name", "sort_name", "id"],
                name="partner_listed_by_name",
                condition=Q(state="approved", withdrawn_at=None),
            ),
            models.Index(
                fields=["-approved_at", "-id"],
                name="partner_listed_by_date",
                condition=Q(state="approved", withdrawn_at=None),
            ),
            models.Index(fields=["submitted_at"], name="partner_waiting", condition=Q(state="submitted")),
            models.Index(fields=["sort_name", "id"], name="partner_lapsed", condition=Q(lapsed_on__isnull=False)),
            models.Index(
                fields=["next_round_on"],
                name="partner_next_round",
                condition=Q(state="approved", withdrawn_at=None),
            ),
        ]
        constraints = [
            *moderation_constraints("partner"),
            models.UniqueConstraint(
                "name_key",
                name="partner_organisation_signs_once",
                condition=~Q(kind=Kind.RESIDENT) & Q(withdrawn_at=None) & ~Q(state=State.DECLINED),
                violation_error_message=_("An organisation of this name has signed already."),
            ),
            models.CheckConstraint(
                name="partner_organisation_shows_its_name",
                condition=Q(kind=Kind.RESIDENT) | Q(show_name=True),
                violation_error_message=_("An organisation signs in public: its name is shown."),
            ),
            models.CheckConstraint(
                name="partner_resident_has_no_size",
                condition=~Q(kind=Kind.RESIDENT)
                | Q(size="", sector=None, is_social_enterprise=False, is_cooperative=False, county_wide=False),
                violation_error_message=_("A resident has no size, sector or legal form."),
            ),
            models.CheckConstraint(
                name="partner_withdrawal_has_date_and_person",
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
            ),
            models.CheckConstraint(
                name="partner_approved_has_first_approval",
                condition=~Q(state=State.APPROVED) | Q(approved_at__isnull=False),
            ),
            # A resident who was forgotten is asked no more.
            models.CheckConstraint(
                name="partner_approved_has_next_round",
                condition=~Q(state=State.APPROVED) | Q(next_round_on__isnull=False) | Q(kind=Kind.RESIDENT),
            ),
            models.CheckConstraint(
                name="partner_lapsed_is_no_resident", condition=Q(lapsed_on=None) | ~Q(kind=Kind.RESIDENT)
            ),
            models.CheckConstraint(name="partner_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self):
        return str(self.public_name)

    @property
    def public_name(self):
        """The name for the public: a resident who did not choose to be named is “A resident of Cherwell”."""
        if self.show_name:
            return self.name
        district = next(iter(self.districts.all()), None) if self.pk else None
        return _("A resident of %(place)s") % {"place": district or _("Oxfordshire")}

    @property
    def is_resident(self):
        return self.kind == Kind.RESIDENT

    @property
    def is_published(self):
        gone = self.withdrawn_at or not self.next_round_on
        return self.state == State.APPROVED and not (self.is_resident and gone)

    @property
    def forgotten_on(self):
        """The first day on which the clocks delete whom to write to, of a partner that withdrew, or all of one that was
        declined (`oiep.privacy.clocks`); None for all others."""
        if self.withdrawn_at:
            since, days = self.withdrawn_at, settings.WITHDRAWN_KEPT_DAYS
        elif self.state == State.DECLINED:
            since, days = self.decided_at, settings.DECLINED_KEPT_DAYS
        else:
            return None
        return timezone.localdate(since) + datetime.timedelta(days=days + 1)

    @property
    def lead(self):
        return next((m for m in self.memberships.all() if m.is_lead), None)

    @property
    def takes_messages(self):
        return bool(
            self.is_published and not self.withdrawn_at and self.contact_purposes and not self.contact_paused_at
        )

    def round_after(self, day):
        """The anniversary of its first approval that names the first round after a day. Residents have one a year."""
        months = 12 if self.is_resident else self.review_months
        return next_round(timezone.localdate(self.approved_at), months, day)

    def is_paused(self, on):
        return self.pauses.current(on).exists()

    def get_absolute_url(self):
        return reverse("partner", args=[self.slug])

    def why_not(self, move):
        if self.withdrawn_at and move in DECISIONS | {Move.SUBMIT, Move.UNDO}:
            return _("It was withdrawn on %(date)s, so there is nothing left to decide.") % {
                "date": date_format(timezone.localdate(self.withdrawn_at))
            }
        return super().why_not(move)

    def clean(self):
        self._derive()

    def _derive(self):
        self.name_key = name_key(self.name)[:150]
        self.sort_name = fold(self.name if self.show_name else "")[:150]
        # Only public words: a search must not find a resident by a name that is not shown.
        self.search_text = fold(f"{self.name if self.show_name else ''} {self.description}")

    def save(self, *args, update_fields=None, **kwargs):
        if not self.slug:
            self.slug = self._free_slug()
        self._derive()
        if update_fields is not None:
            update_fields = {*update_fields, "slug", "name_key", "sort_name", "search_text"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def _free_slug(self):
        # A resident's address must not tell the name, not even that of one who is named today.
        base = "resident" if self.is_resident else slugify(fold(self.name))[:60].strip("-")
        slug = f"{base or 'partner'}-{secrets.token_hex(4)}" if self.is_resident or not base else base
        while Partner.objects.filter(slug=slug).exists():
            slug = f"{base or 'partner'}-{secrets.token_hex(4)}"
        return slug


class PauseQuerySet(models.QuerySet):
    def current(self, on):
        return self.filter(starts_on__lte=on, until__gt=on)


class Pause(models.Model):
    """A time in which a partner is not asked, set by the manager. `until` is the first day on which it is over."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="pauses")
    starts_on = models.DateField(_("from"))
    until = models.DateField(_("until"))
    reason = models.CharField(_("why"), max_length=300, blank=True, validators=[clean_line])
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    set_at = models.DateTimeField(_("set"), default=timezone.now)

    objects = PauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["starts_on"]
        constraints = [
            # A pause that is ended on its first day keeps its row and covers no day.
            models.CheckConstraint(name="pause_ends_after_it_starts", condition=Q(until__gte=models.F("starts_on"))),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
