"""The row of an invitation, and the link to it."""

import datetime

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _


class InvitationQuerySet(models.QuerySet):
    def open(self, now=None):
        """Those that can still be accepted: for INVITATION_DAYS after they were sent."""
        since = (now or timezone.now()) - datetime.timedelta(days=settings.INVITATION_DAYS)
        return self.filter(state=Invitation.State.OPEN, invited_at__gt=since)

    def with_token(self, token):
        """The invitation that a link names, whatever became of it. Raises DoesNotExist for a link we did not make."""
        try:
            return self.get(pk=signing.Signer(salt=self.model._meta.label_lower).unsign_object(token))
        except (signing.BadSignature, ValueError, TypeError):
            raise self.model.DoesNotExist from None


class Invitation(models.Model):
    class State(models.TextChoices):
        OPEN = "open", _("waiting for an answer")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        TAKEN_BACK = "taken_back", _("taken back")

    email = models.EmailField(_("e-mail address"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name=_("invited by")
    )
    invited_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def token(self):
        return signing.Signer(salt=self._meta.label_lower).sign_object(self.pk)

    @property
    def expires_at(self):
        return self.invited_at + datetime.timedelta(days=settings.INVITATION_DAYS)

    @property
    def is_open(self):
        return self.state == self.State.OPEN and timezone.now() < self.expires_at

    @property
    def shown_email(self):
        """The address as its owner knows it again and nobody else learns it: c…@example.org."""
        mailbox, _at, domain = self.email.rpartition("@")
        return f"{mailbox[:1]}…@{domain}"

    def is_for(self, user):
        """Whether somebody is signed in with the address that was invited."""
        return user.is_authenticated and user.email == self.email

    @property
    def why_over(self):
        """Why it cannot be answered any more, in words for who follows the link; empty when it can."""
        if self.state == self.State.OPEN:
            date, words = self.expires_at, "" if self.is_open else _("It could be accepted until %(date)s.")
        else:
            date, words = self.answered_at, self._WORDS[self.state]
        return words and words % {"date": date_format(timezone.localdate(date))}

    _WORDS = {
        State.ACCEPTED: _("It was accepted on %(date)s."),
        State.DECLINED: _("It was declined on %(date)s."),
        State.TAKEN_BACK: _("It was taken back on %(date)s."),
    }


def invitation_constraints(name):
    """The check constraint that each kind of invitation carries; `name` begins its name."""
    return [
        models.CheckConstraint(
            name=f"{name}_answer_has_a_date",
            condition=Q(state="open", answered_at=None) | (~Q(state="open") & Q(answered_at__isnull=False)),
        ),
    ]
