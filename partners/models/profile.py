"""Changes to what the public reads about a partner."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.moderation import Moderated, ModeratedQuerySet, Move, State, moderation_constraints
from oiep.uploads import PrivateFileField
from partners.models.partners import Partner


class ProfileChange(Moderated):
    """A change to an approved partner's public profile, which waits beside what is live.

    `values` holds each changed field's new value as its form sends it, `before` what was live when it was proposed.
    """

    OPEN = (State.DRAFT, State.SUBMITTED, State.CHANGES_ASKED)

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="profile_changes")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    proposed_at = models.DateTimeField(_("proposed"), default=timezone.now)
    values = models.JSONField(_("new"))
    before = models.JSONField(_("before"))

    objects = ModeratedQuerySet.as_manager()

    class Meta:
        verbose_name = _("change to a profile")
        verbose_name_plural = _("changes to profiles")
        constraints = [
            *moderation_constraints("profilechange"),
            models.UniqueConstraint(
                "partner",
                name="profilechange_one_open",
                condition=Q(state__in=(State.DRAFT, State.SUBMITTED, State.CHANGES_ASKED)),
                violation_error_message=_("A change to this profile waits already."),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_open(self):
        """Whether it waits, or its partner can still work on it."""
        return self.state in self.OPEN

    def why_not(self, move):
        if self.partner.withdrawn_at:
            return self.partner.why_not(move)
        if move == Move.UNDO and self.state in (State.APPROVED, State.DECLINED):
            others = self.partner.profile_changes.exclude(pk=self.pk)
            if others.filter(state__in=self.OPEN).exists():
                return _("Another change to this profile waits. Decide on that one first.")
            if not self._logo_is_kept():
                return _("The logo that it needs is not kept any more, so this cannot be undone.")
        return super().why_not(move)

    def _logo_is_kept(self):
        """Whether the logo is there that undoing would make live or wait again (`partners.actions.logo`)."""
        logo = (self.before if self.state == State.APPROVED else self.values).get("logo")
        return not logo or self.partner.logos.filter(pk=logo).exists()


class Logo(models.Model):
    """A picture that stands for a partner. It is public once the partner's `logo` is this one."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="logos")
    file = PrivateFileField(_("file"))
    width = models.PositiveSmallIntegerField(_("width in pixels"))
    height = models.PositiveSmallIntegerField(_("height in pixels"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    added_at = models.DateTimeField(_("added"), default=timezone.now)

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    def get_absolute_url(self):
        return reverse("partner-logo", args=[self.partner.slug, self.pk])
