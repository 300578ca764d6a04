"""Who takes part in a group, who is asked to, and who asks."""

import secrets

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.invitations import Invitation, invitation_constraints
from oiep.text import clean_line, clean_text
from partners.models import Partner
from working_groups.models.groups import Group


class GroupMemberQuerySet(models.QuerySet):
    def current(self, on=None):
        """Members on a day, today if left out. One who leaves is no member any more on the day itself."""
        on = on or timezone.localdate()
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gt=on))

    def past(self, on=None):
        return self.filter(ends_on__lte=on or timezone.localdate())

    def shown(self):
        """Those whom the public may see, because they agreed, and of whom there is a name to show."""
        return self.filter(agreed_on__isnull=False).exclude(user__isnull=False, user__name="")

    def running(self):
        """Those who run the group on the site."""
        return self.filter(role__in=Group.RUN_BY)


class GroupMember(models.Model):
    """A person's part in a group, in one role, for a time.

    With an account (`user`) or, for somebody who is only named, by `name` alone. `agreed_on` is when the person agreed
    to be shown to the public, and `agreed_how` says how we know.
    """

    class Role(models.TextChoices):
        CHAIR = "chair", _("chair")
        CO_CHAIR = "co_chair", _("co-chair")
        CHAMPION = "champion", _("champion")
        OFFICER = "officer", _("officer lead")
        MEMBER = "member", _("member")

    group = models.ForeignKey(Group, models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="group_memberships",
        verbose_name=_("person"),
    )
    name = models.CharField(
        _("name, of somebody without an account"), max_length=150, blank=True, validators=[clean_line]
    )
    partner = models.ForeignKey(
        Partner, models.SET_NULL, null=True, blank=True, related_name="group_members", verbose_name=_("comes from")
    )
    organisation = models.CharField(
        _("comes from, where it is no partner"), max_length=150, blank=True, validators=[clean_line]
    )
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.MEMBER)
    starts_on = models.DateField(_("from"), default=timezone.localdate)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    agreed_on = models.DateField(_("agreed to be shown"), null=True, blank=True)
    agreed_how = models.CharField(_("how we know"), max_length=200, blank=True, validators=[clean_line])

    objects = GroupMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a group")
        verbose_name_plural = _("members of groups")
        ordering = [
            models.Case(
                *(
                    models.When(role=role, then=n)
                    for n, role in enumerate(["chair", "co_chair", "champion", "officer"])
                ),
                default=9,
            ),
            "starts_on",
            "pk",
        ]
        constraints = [
            models.UniqueConstraint(
                "group",
                "user",
                name="groupmember_once",
                condition=Q(ends_on=None),
                violation_error_message=_("This person is a member already."),
            ),
            models.CheckConstraint(
                name="groupmember_is_somebody",
                condition=Q(user__isnull=False, name="") | (Q(user=None) & ~Q(name="")),
                violation_error_message=_("Choose a person, or write the name of somebody without an account."),
            ),
            models.CheckConstraint(
                name="groupmember_ends_after_start", condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on"))
            ),
            models.CheckConstraint(
                name="groupmember_consent_is_recorded",
                condition=Q(agreed_on=None, agreed_how="") | (Q(agreed_on__isnull=False) & ~Q(agreed_how="")),
                violation_error_message=_("Say both when they agreed to be shown and how we know."),
            ),
        ]

    def __str__(self):
        return f"{self.get_role_display()} {self.pk}"

    @property
    def display_name(self):
        return str(self.user) if self.user_id else self.name

    @property
    def is_shown(self):
        """Whether the public may see who it is, as `shown()` asks."""
        return self.agreed_on is not None and bool(self.user.name if self.user_id else self.name)

    @property
    def runs_it(self):
        return self.role in Group.RUN_BY

    def is_current(self, on=None):
        on = on or timezone.localdate()
        return self.starts_on <= on and (self.ends_on is None or self.ends_on > on)


class GroupInvitation(Invitation):
    """Asks somebody to join a group."""

    group = models.ForeignKey(Group, models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=8, choices=GroupMember.Role.choices, default=GroupMember.Role.MEMBER)

    class Meta:
        verbose_name = _("invitation to join a group")
        verbose_name_plural = _("invitations to join groups")
        constraints = [
            *invitation_constraints("groupinvitation"),
            models.UniqueConstraint("group", "email", name="groupinvitation_one_open", condition=Q(state="open")),
        ]


class GroupJoinRequest(models.Model):
    """A signed-in person asks those who run a group to be let in."""

    class State(models.TextChoices):
        ASKED = "asked", _("waiting for an answer")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")

    group = models.ForeignKey(Group, models.CASCADE, related_name="join_requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="group_join_requests")
    words = models.TextField(
        _("why you want to join"), blank=True, max_length=600, validators=[clean_text, MaxLengthValidator(600)]
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("request to join a group")
        verbose_name_plural = _("requests to join groups")
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint("group", "user", name="groupjoinrequest_once", condition=Q(state="asked")),
            models.CheckConstraint(
                name="groupjoinrequest_answer_is_whole",
                condition=Q(state="asked", answered_at=None, answered_by=None)
                | (~Q(state="asked") & Q(answered_at__isnull=False, answered_by__isnull=False)),
            ),
        ]

    def __str__(self):
        return f"{self.state} {self.pk}"


def new_key():
    return secrets.token_urlsafe(24)


class CalendarAddress(models.Model):
    """The secret address of a person's calendar: the meetings of the groups of which they are a member just then."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_address")
    key = models.CharField(max_length=40, unique=True, default=new_key, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("address of a calendar")
        verbose_name_plural = _("addresses of calendars")

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"
