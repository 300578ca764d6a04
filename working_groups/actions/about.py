"""What a group says of itself."""

from django.db import transaction
from django.utils.translation import gettext as _

from oiep import audit
from partners.actions import Conflict, version_of
from working_groups.actions.groups import check_runs, locked
from working_groups.models import Group

FIELDS = ("purpose", "about", "terms", "takes_requests")


def about(group):
    return {name: getattr(group, name) for name in FIELDS}


@transaction.atomic
def describe_group(*, group, values, seen, actor):
    """Changes what a group's page says of it, and whether people may ask to join. Returns the group.

    Its name, its place in the tree, its areas, its end and who sees it are for the manager. values: those of FIELDS.
    seen: `version_of` what the form was opened on. Raises Conflict when somebody else changed it meanwhile.
    """
    group = locked(group)
    check_runs(group, actor)
    if version_of(about(group)) != seen:
        raise Conflict(_("Somebody else changed this while you wrote"))
    changed = {name: value for name, value in values.items() if getattr(group, name) != value}
    for name, value in changed.items():
        setattr(group, name, value)
    group.clean_fields(exclude={field.name for field in Group._meta.fields} - {*changed})
    if changed:
        # Nothing of this touches the tree, so the tree is not locked for it, as `save` does.
        Group.objects.filter(pk=group.pk).update(**changed)
        audit.record(verb="group.described", subject=group, actor=actor, fields=sorted(changed))
    return group
