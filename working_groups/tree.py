"""The groups as they stand below each other."""

from dataclasses import dataclass, field

from working_groups.models import Group


@dataclass
class Branch:
    """A group with those below it."""

    group: Group
    below: list["Branch"] = field(default_factory=list)

    def __iter__(self):
        """(group, depth) for the group, at depth 0, and all below it, each before those below it."""
        yield self.group, 0
        for branch in self.below:
            for group, depth in branch:
                yield group, depth + 1


def branches_of(groups):
    """The groups as branches. One whose parent is not among them stands at the top.

    groups: in the order in which those of one level should stand.
    """
    branches = {group.pk: Branch(group) for group in groups}
    top = []
    for branch in branches.values():
        above = branches.get(branch.group.parent_id)
        (above.below if above else top).append(branch)
    return top


def in_order(groups):
    """(group, depth) for each group, each before those below it."""
    return [pair for branch in branches_of(groups) for pair in branch]


def tree_of(groups, on=None):
    """The groups that go on, as branches, and a list of those that have ended. on: a day, today if left out."""
    groups = list(groups)
    ended = [group for group in groups if group.has_ended(on)]
    return branches_of(group for group in groups if not group.has_ended(on)), ended
