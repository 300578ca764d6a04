from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PutAside(models.Model):
    """A step of a person's own place that they do not want to be shown before a day. key: which, as `ideas/81`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="put_aside", verbose_name=_("person")
    )
    key = models.CharField(_("step"), max_length=100)
    until = models.DateField(_("until"))

    class Meta:
        verbose_name = _("step that was put aside")
        verbose_name_plural = _("steps that were put aside")
        constraints = [models.UniqueConstraint("user", "key", name="putaside_once")]

    def __str__(self):
        return f"{self.key} {self.pk}"
