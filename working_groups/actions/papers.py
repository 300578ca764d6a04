"""The papers of a group: added, shown to the public or not, removed."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep import audit
from oiep.moderation import NotPossible
from oiep.uploads import is_kept_as
from working_groups.actions.groups import check_runs, locked
from working_groups.models import Paper


@transaction.atomic
def add_paper(*, group, title, file, actor, meeting=None):
    """Adds a file for the group's members, or for one of its meetings. file: a `SafeFile`. Returns the paper.

    The same file under the same title is not added twice, as by a double click.
    """
    group = locked(group)
    check_runs(group, actor)
    if meeting and meeting.group_id != group.pk:
        raise NotPossible(_("This meeting is another group's."))
    values = {"meeting": meeting, "title": title, "name": file.original_name, "size": file.content.size}
    for paper in group.papers.filter(**values):
        if is_kept_as(file, paper):
            return paper
    paper = Paper(group=group, added_by=actor, **values)
    paper.file.save(file.content.name, file.content, save=False)
    try:
        with transaction.atomic():
            paper.full_clean()
            paper.save()
    except BaseException:
        paper.file.delete(save=False)
        raise
    audit.record(verb="paper.added", subject=paper, actor=actor, group=group.pk)
    return paper


@transaction.atomic
def publish_paper(*, paper, actor):
    """Lets everybody read a paper. Raises NotPossible when its group is closed. To do so twice changes nothing."""
    paper = _lock(paper, actor)
    if paper.group.is_hidden:
        raise NotPossible(_("This group is closed to the public, so nothing of it can be published."))
    return _publish(paper, timezone.now(), actor)


@transaction.atomic
def unpublish_paper(*, paper, actor):
    """Takes a paper back from the public. The members keep it."""
    return _publish(_lock(paper, actor), None, actor)


def _publish(paper, at, actor):
    if bool(paper.published_at) != bool(at):
        paper.published_at = at
        paper.save(update_fields=["published_at"])
        audit.record(verb="paper.published" if at else "paper.unpublished", subject=paper, actor=actor)
    return paper


@transaction.atomic
def remove_paper(*, paper, actor):
    """Deletes a paper and its file."""
    paper = _lock(paper, actor)
    audit.record(verb="paper.removed", subject=paper, actor=actor, group=paper.group_id)
    paper.delete()


def _lock(paper, actor):
    group = locked(paper.group)
    check_runs(group, actor)
    found = Paper.objects.select_for_update(of=("self",)).filter(group=group, pk=paper.pk).first()
    if found is None:
        raise NotPossible(_("Somebody else has removed this paper."))
    found.group = group
    return found
