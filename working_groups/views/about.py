"""What a group says of itself, changed by those who run it."""

from oiep.moderation import NotPossible
from partners.actions import Conflict
from working_groups.actions.about import describe_group
from working_groups.forms.about import AboutForm
from working_groups.models import Group
from working_groups.views.inner import back, done, show
from working_groups.views.page import of_group


@of_group(run=True)
def change(request, group):
    form = AboutForm(request.POST or None, instance=group)
    context = {}
    if form.is_valid():
        try:
            describe_group(group=group, values=form.values(), seen=form.cleaned_data["seen"], actor=request.user)
        except Conflict as conflict:
            group = Group.objects.select_related("parent").get(pk=group.pk)
            context = {"conflict": conflict.message, "differences": form.differences(group)}
            form.see(group)
        except NotPossible as obstacle:
            return back(request, obstacle, "group-room", group.slug)
        else:
            return done(request, "group-room", group.slug)
    return show(request, group, "room/about", tab="group-room", form=form, **context)
