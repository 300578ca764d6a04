"""Who follows what by e-mail. An address is enough: nobody needs an account."""

import datetime

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.text import clean_line
from partners.models import District, Partner, PriorityArea

_CONFIRM, _MANAGE = "oiep.reach.follow", "oiep.reach.follower"


def _with_token(rows, salt, token):
    try:
        return rows.get(pk=signing.Signer(salt=salt).unsign_object(token))
    except (signing.BadSignature, ValueError, TypeError):
        raise rows.model.DoesNotExist from None


class FollowerQuerySet(models.QuerySet):
    def with_token(self, token):
        """The one whose link this is. Raises DoesNotExist for a link that we did not make, or of who has stopped."""
        return _with_token(self, _MANAGE, token)


class Follower(models.Model):
    """An address that follows something, or was asked whether it wants to. It goes with the last that it follows."""

    email = models.EmailField(_("e-mail address"), max_length=254, unique=True, validators=[clean_line])
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en-gb")
    created_at = models.DateTimeField(_("first asked"), default=timezone.now, editable=False)

    objects = FollowerQuerySet.as_manager()

    class Meta:
        verbose_name = _("follower")
        verbose_name_plural = _("followers")

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def token(self):
        return signing.Signer(salt=_MANAGE).sign_object(self.pk)

    @property
    def manage_url(self):
        return settings.SITE_URL + reverse("following", args=[self.token])

    @property
    def stop_url(self):
        return settings.SITE_URL + reverse("following-stop", args=[self.token])


class FollowQuerySet(models.QuerySet):
    def confirmed(self):
        return self.exclude(confirmed_at=None)

    def over(self, now):
        """Those that nobody confirmed in time."""
        return self.filter(confirmed_at=None, asked_at__lt=now - datetime.timedelta(days=settings.CONFIRMATION_DAYS))

    def to_tell(self, rhythm, until):
        """Those that have not been told yet of the time before a day."""
        return self.confirmed().filter(rhythm=rhythm, told_until__lt=until)

    def with_token(self, token):
        return _with_token(self, _CONFIRM, token)


class Follow(models.Model):
    """That an address follows one area, place or partner, once it has confirmed that by a link sent to it."""

    class Rhythm(models.TextChoices):
        WEEKLY = "weekly", _("Once a week, on Monday")
        MONTHLY = "monthly", _("Once a month, on its first day")

    follower = models.ForeignKey(Follower, models.CASCADE, related_name="follows")
    area = models.ForeignKey(PriorityArea, models.CASCADE, null=True, related_name="+")
    place = models.ForeignKey(District, models.CASCADE, null=True, related_name="+")
    partner = models.ForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    rhythm = models.CharField(_("how often"), max_length=7, choices=Rhythm.choices, default=Rhythm.WEEKLY)
    source = models.CharField(max_length=64, editable=False)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    # The first day of which no digest has told yet.
    told_until = models.DateField(null=True, editable=False)

    objects = FollowQuerySet.as_manager()

    class Meta:
        verbose_name = _("follow")
        verbose_name_plural = _("follows")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["source", "asked_at"], name="follow_source"),
            models.Index(
                fields=["rhythm", "told_until"], name="follow_to_tell", condition=Q(confirmed_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="follow_is_of_one_thing",
                condition=Q(area__isnull=False, place=None, partner=None)
                | Q(area=None, place__isnull=False, partner=None)
                | Q(area=None, place=None, partner__isnull=False),
            ),
            models.UniqueConstraint("follower", "area", name="follow_area_once", condition=Q(area__isnull=False)),
            models.UniqueConstraint("follower", "place", name="follow_place_once", condition=Q(place__isnull=False)),
            models.UniqueConstraint(
                "follower", "partner", name="follow_partner_once", condition=Q(partner__isnull=False)
            ),
            models.CheckConstraint(
                name="follow_confirmed_is_told_from_a_day",
                condition=Q(confirmed_at=None, told_until=None)
                | Q(confirmed_at__isnull=False, told_until__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def subject(self):
        return self.area or self.place or self.partner

    @property
    def confirm_url(self):
        token = signing.Signer(salt=_CONFIRM).sign_object(self.pk)
        return settings.SITE_URL + reverse("follow-confirm", args=[token])

    @property
    def confirm_until(self):
        return self.asked_at + datetime.timedelta(days=settings.CONFIRMATION_DAYS)
