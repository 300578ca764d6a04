"""Who acts for a partner, and who asks to."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.invitations import Invitation, invitation_constraints
from oiep.text import clean_line
from partners.models.partners import Partner


class MembershipQuerySet(models.QuerySet):
    def current(self):
        return self.filter(ended_at=None)


class Membership(models.Model):
    """A person who acts for a partner. Each partner with people has one lead, who gets the scheme's mail."""

    class Role(models.TextChoices):
        LEAD = "lead", _("lead")
        SECOND = "second", _("second contact")
        MEMBER = "member", _("member")

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    job_title = models.CharField(_("job title"), max_length=100, blank=True, validators=[clean_line])
    started_at = models.DateTimeField(_("since"), default=timezone.now)
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)
    # When the person last said that what we hold about how to reach them is right; they are asked once a year.
    confirmed_at = models.DateTimeField(
        _("contact details confirmed"), default=timezone.now, db_default=Now(), editable=False
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("person of a partner")
        verbose_name_plural = _("people of partners")
        ordering = ["role", "started_at"]
        constraints = [
            models.UniqueConstraint(
                "partner",
                name="membership_one_lead",
                condition=Q(role="lead", ended_at=None),
                violation_error_message=_("A partner has one lead at a time."),
            ),
            models.UniqueConstraint(
                "partner",
                name="membership_one_second",
                condition=Q(role="second", ended_at=None),
                violation_error_message=_("A partner has one second contact at a time."),
            ),
            models.UniqueConstraint(
                "partner",
                "user",
                name="membership_once",
                condition=Q(ended_at=None),
                violation_error_message=_("This person acts for the partner already."),
            ),
        ]

    def __str__(self):
        return f"{self.get_role_display()} {self.pk}"

    @property
    def is_lead(self):
        return self.role == self.Role.LEAD and not self.ended_at


class JoinRequest(models.Model):
    """Somebody of an organisation that has signed already asks its lead to be added."""

    class State(models.TextChoices):
        ASKED = "asked", _("waiting for the lead")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="join_requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="join_requests")
    job_title = models.CharField(_("job title"), max_length=100, blank=True, validators=[clean_line])
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("request to join")
        verbose_name_plural = _("requests to join")
        constraints = [
            models.UniqueConstraint("partner", "user", name="joinrequest_once", condition=Q(state="asked")),
            models.CheckConstraint(
                name="joinrequest_answer_has_date_and_person",
                condition=Q(state="asked", answered_at=None, answered_by=None)
                | (~Q(state="asked") & Q(answered_at__isnull=False, answered_by__isnull=False)),
            ),
        ]

    def __str__(self):
        return f"{self.state} {self.pk}"


class PartnerInvitation(Invitation):
    """Asks a colleague to act for a partner. Only the manager can invite somebody to lead it."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=10, choices=Membership.Role.choices, default=Membership.Role.MEMBER)

    class Meta:
        verbose_name = _("invitation to act for a partner")
        verbose_name_plural = _("invitations to act for partners")
        constraints = [
            *invitation_constraints("partnerinvitation"),
            models.UniqueConstraint("partner", "email", name="partnerinvitation_one_open", condition=Q(state="open")),
        ]
