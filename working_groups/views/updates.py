"""Short dated notes of what a group has done."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from oiep.moderation import NotPossible
from partners.actions import Conflict
from working_groups.actions import work
from working_groups.forms.work import UpdateForm
from working_groups.views.inner import back, done, show
from working_groups.views.page import of_group

ON_A_PAGE = 20


@of_group()
def updates(request, group):
    page = Paginator(group.updates.all(), ON_A_PAGE).get_page(request.GET.get("page"))
    return show(request, group, "room/updates", tab="group-updates", page_obj=page)


@of_group(run=True)
def add(request, group):
    initial = {"happened_on": timezone.localdate(), "is_public": not group.is_hidden}
    form = UpdateForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            work.add_update(group=group, values=form.values(), actor=request.user)
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        else:
            return done(request, "group-updates", group.slug)
    return show(request, group, "room/update", tab="group-updates", form=form)


@of_group(run=True)
def change(request, group, pk):
    """Changes a note, or takes it back."""
    found = get_object_or_404(group.updates, pk=pk)
    if request.method == "POST" and "take_back" in request.POST:
        try:
            work.take_back_update(update=found, actor=request.user)
        except NotPossible as obstacle:
            return back(request, obstacle, "group-updates", group.slug)
        return done(request, "group-updates", group.slug, words=_("The update is taken back."))
    form = UpdateForm(request.POST or None, instance=found)
    context = {}
    if form.is_valid():
        try:
            work.change_update(update=found, values=form.values(), seen=form.cleaned_data["seen"], actor=request.user)
        except Conflict as conflict:
            found.refresh_from_db()
            context = {"conflict": conflict.message, "differences": form.differences(found)}
            form.see(found)
        except NotPossible as obstacle:
            return back(request, obstacle, "group-updates", group.slug)
        else:
            return done(request, "group-updates", group.slug)
    return show(request, group, "room/update", tab="group-updates", update=found, form=form, **context)
