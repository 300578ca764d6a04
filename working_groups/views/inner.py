"""What the inner pages of a group share: what their tabs need, and where one goes after."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from working_groups.models import Group


def runs(user, group):
    """Whether a person may change things in a group: who runs it, and the manager."""
    return Group.objects.managed_by(user).filter(pk=group.pk).exists()


def show(request, group, template, *, tab, **context):
    """A page of a group. tab: the name of the address of the tab under which it stands."""
    context = {"group": group, "runs": runs(request.user, group), "tab": tab, **context}
    return render(request, f"working_groups/{template}.html", context)


def back(request, obstacle, *where):
    """After what could not be done, with the reason."""
    messages.warning(request, obstacle.message)
    return redirect(*where)


def done(request, *where, words=None):
    messages.success(request, words or _("That is saved."))
    return redirect(*where)
