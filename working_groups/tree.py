"""The groups as they stand below each other."""

from dataclasses import dataclass, field

from working_groups.models import Group


@dataclass
class Branch:
    """A group with those below it."""

    group: Group
    below: list["Branch"] = field(default_factory=list)


def tree_of(groups, on=None):
    """The groups that go on, as a list of branches, and a list of those that have ended.

    groups: in the order in which they should stand. A group whose parent is not among those that go on stands at the
    top. on: a day, today if left out.
    """
    groups = list(groups)
    ended = [group for group in groups if group.has_ended(on)]
    branches = {group.pk: Branch(group) for group in groups if not group.has_ended(on)}
    top = []
    for branch in branches.values():
        above = branches.get(branch.group.parent_id)
        (above.below if above else top).append(branch)
    return top, ended
