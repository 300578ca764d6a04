"""The groups in which the partnership does its work, as a tree."""

import itertools

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.locks import lock_on
from oiep.text import clean_line, clean_text
from partners.models import PriorityArea

# The tree is drawn, and it is a partnership's: more levels than this are a mistake.
LEVELS_AT_MOST = 6
# Words of addresses below /working-groups/ that are no group's.
RESERVED = ("calendar", "invitations", "meetings", "papers")


class GroupQuerySet(models.QuerySet):
    def published(self):
        """What the public may see: groups that are not closed to it, below none that is."""
        return self.filter(is_hidden=False)

    def current(self, on=None):
        """Groups that have not ended. on: a day, today if left out."""
        on = on or timezone.localdate()
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on))

    def of(self, user):
        """The groups of which a signed-in person is a member now, in whatever role."""
        return self.filter(pk__in=self._memberships(user).values("group"))

    def run_by(self, user):
        """The groups that a person runs: as chair, co-chair or officer lead."""
        runs = self._memberships(user).filter(role__in=self.model.RUN_BY)
        return self.filter(pk__in=runs.values("group"))

    def visible_to(self, user):
        """Groups whose inner pages a signed-in person may see: their own; the manager sees all."""
        return self if user.has_perm("working_groups.change_group") else self.of(user)

    def managed_by(self, user):
        """Groups in which a person may change things: those that they run; the manager may in all."""
        return self if user.has_perm("working_groups.change_group") else self.run_by(user)

    def _memberships(self, user):
        members = self.model._meta.get_field("members").related_model
        return members.objects.current().filter(user=user) if user.is_authenticated else members.objects.none()


class Group(models.Model):
    class Kind(models.TextChoices):
        STEERING = "steering", _("Steering group")
        FORUM = "forum", _("Forum")
        WORKING = "working", _("Working group")
        SUB = "sub", _("Sub-group")
        STRAND = "strand", _("Work strand")
        TASK = "task", _("Task and finish group")

    # The roles whose holders run a group on the site.
    RUN_BY = ("chair", "co_chair", "officer")

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=120, validators=[clean_line])
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    purpose = models.CharField(_("what it is for, in a sentence or two"), max_length=400, validators=[clean_line])
    about = models.TextField(_("about"), blank=True, validators=[clean_text], help_text=_("Markdown."))
    terms = models.TextField(_("terms of reference"), blank=True, validators=[clean_text], help_text=_("Markdown."))
    areas = models.ManyToManyField(
        PriorityArea, related_name="working_groups", blank=True, verbose_name=_("priority areas that it owns")
    )
    link_label = models.CharField(_("works with"), max_length=80, blank=True, validators=[clean_line])
    link_url = models.URLField(_("address of that"), blank=True, validators=[URLValidator(schemes=["http", "https"])])
    starts_on = models.DateField(_("established"), null=True, blank=True)
    ends_on = models.DateField(_("ends"), null=True, blank=True)
    is_closed = models.BooleanField(
        _("closed to the public"),
        default=False,
        help_text=_("Nobody but its members and you sees it, or any group below it, or that it exists."),
    )
    takes_requests = models.BooleanField(_("people may ask to join"), default=True)
    source = models.CharField(
        _("where this is written"), max_length=200, blank=True, validators=[clean_line], help_text=_("For the manager.")
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_example = models.BooleanField(_("example"), default=False, editable=False)
    # Derived whenever a group is saved: whether it, or a group above it, is closed.
    is_hidden = models.BooleanField(default=False, editable=False)

    objects = GroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("working group")
        verbose_name_plural = _("working groups")
        ordering = ["order", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "parent",
                "name",
                name="group_name_once_a_level",
                nulls_distinct=False,
                violation_error_message=_("There is a group of this name at this place already."),
            ),
            models.CheckConstraint(
                name="group_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("pk")),
                violation_error_message=_("A group cannot be part of itself."),
            ),
            models.CheckConstraint(
                name="group_task_and_finish_has_an_end",
                condition=~Q(kind="task") | Q(ends_on__isnull=False),
                violation_error_message=_("A task and finish group has a day on which it ends."),
            ),
            models.CheckConstraint(
                name="group_ends_after_it_starts",
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("It ends before it starts."),
            ),
            models.CheckConstraint(
                name="group_link_is_whole",
                condition=Q(link_label="", link_url="") | (~Q(link_label="") & ~Q(link_url="")),
                violation_error_message=_("Give both what it works with and its address, or neither."),
            ),
            models.CheckConstraint(name="group_closed_is_hidden", condition=Q(is_closed=False) | Q(is_hidden=True)),
            models.CheckConstraint(
                name="group_address_is_free",
                condition=~Q(slug__in=RESERVED),
                violation_error_message=_("Another page has this address. Choose another one."),
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("working-group", args=[self.slug])

    def has_ended(self, on=None):
        return bool(self.ends_on and self.ends_on < (on or timezone.localdate()))

    def ancestors(self):
        """The groups above it, the nearest first. Raises ValidationError where it would stand below itself."""
        above, group = [], self.parent
        while group:
            if group.pk == self.pk:
                raise ValidationError({"parent": _("A group cannot be part of itself, or of a group below it.")})
            above.append(group)
            group = group.parent
            self._check_levels(len(above))
        return above

    def descendants(self):
        """The groups below it as a list of levels, each a list of groups: first its own, then theirs."""
        levels, above = [], [self]
        while self.pk and (level := list(Group.objects.filter(parent__in=above))):
            levels.append(level)
            above = level
        return levels

    def _check_levels(self, above, below=0):
        if above + 1 + below > LEVELS_AT_MOST:
            message = _("Groups can stand at most %(number)s levels deep.") % {"number": LEVELS_AT_MOST}
            raise ValidationError({"parent": message})

    def _settle(self):
        """Checks its place, and takes from it whether the public sees it. Returns the levels of groups below it."""
        above, below = self.ancestors(), self.descendants()
        self._check_levels(len(above), len(below))
        self.is_hidden = self.is_closed or any(group.is_closed for group in above)
        return below

    def clean(self):
        self._settle()

    @staticmethod
    def lock_tree():
        """Of two groups that are moved at once, each below the other, the second waits, and is refused."""
        lock_on("tree of groups")

    @transaction.atomic
    def save(self, *args, update_fields=None, **kwargs):
        """Saves it, and what its place in the tree means for the groups below it.

        Raises ValidationError where it would stand below itself, or too deep.
        """
        self.lock_tree()
        if self.parent_id:
            self.parent = Group.objects.get(pk=self.parent_id)
        below = self._settle()
        if update_fields is not None:
            update_fields = {*update_fields, "is_hidden"}
        super().save(*args, update_fields=update_fields, **kwargs)
        hidden = {self.pk: self.is_hidden}
        for group in itertools.chain(*below):
            hidden[group.pk] = group.is_closed or hidden[group.parent_id]
            if group.is_hidden != hidden[group.pk]:
                Group.objects.filter(pk=group.pk).update(is_hidden=hidden[group.pk])
