"""What became of the texts that the manager edits: each state that one had, who wrote it and when."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RevisionQuerySet(models.QuerySet):
    def of(self, obj):
        """The states of one text, the newest first."""
        return self.filter(subject_type=ContentType.objects.get_for_model(obj), subject_id=str(obj.pk))


class Revision(models.Model):
    """A state of a text: the words of its fields, as they stood from this moment on."""

    subject_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    subject_id = models.CharField(max_length=40)
    subject = GenericForeignKey("subject_type", "subject_id")
    words = models.JSONField(_("words"))
    at = models.DateTimeField(_("when"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who"))

    objects = RevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("earlier text")
        verbose_name_plural = _("earlier texts")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["subject_type", "subject_id", "-at"], name="revision_of_a_text")]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class Wording(models.Model):
    """The manager's own words for passages of an e-mail or a page: {what the template says: [text, text of several]}.

    Where a later version of the portal says something else at a place, the words for it are not used any more.
    """

    template = models.CharField(_("e-mail or page"), max_length=100, unique=True)
    words = models.JSONField(_("words"), default=dict)
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(_("changed"), null=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("words of an e-mail or a page")
        verbose_name_plural = _("words of e-mails and pages")
        ordering = ["template"]

    def __str__(self):
        return self.template
