"""The papers of a group."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from oiep.moderation import NotPossible
from oiep.uploads import attachment
from working_groups.actions import papers as actions
from working_groups.forms.meetings import PaperForm
from working_groups.models import Group, Paper
from working_groups.views.inner import runs
from working_groups.views.page import of_group

_A_PAGE, _TAB = 50, "group-papers"


@never_cache
@require_safe
def paper(request, pk):
    """The file, to everybody once it is published; before, to the group's members, who can sign in first."""
    row = Paper.objects.published().filter(pk=pk).first()
    if row is None and request.user.is_authenticated:
        row = Paper.objects.filter(group__in=Group.objects.visible_to(request.user), pk=pk).first()
    if row is None and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if row is None:
        raise Http404
    try:
        return attachment(row.file, name=row.name)
    except FileNotFoundError:
        raise Http404 from None


@of_group()
def papers(request, group):
    context = {
        "group": group,
        "tab": _TAB,
        "runs": runs(request.user, group),
        "page_obj": Paginator(group.papers.select_related("meeting"), _A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "working_groups/meetings/papers.html", context)


@of_group(run=True)
def add(request, group):
    wanted = request.GET.get("meeting", "")
    initial = {"meeting": group.meetings.filter(pk=wanted).first() if wanted.isdecimal() else None}
    is_sent = request.method == "POST"
    form = PaperForm(request.POST if is_sent else None, request.FILES or None, group=group, initial=initial)
    if form.is_valid():
        try:
            paper = actions.add_paper(group=group, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("The paper is there. Only members see it until you publish it."))
            return redirect(paper.meeting) if paper.meeting else redirect("group-papers", group.slug)
    return render(request, "working_groups/meetings/paper_add.html", {"group": group, "tab": _TAB, "form": form})


@of_group(run=True)
def manage(request, group, pk):
    """Publishes a paper, takes it back, or removes it."""
    paper = get_object_or_404(group.papers.select_related("meeting"), pk=pk)
    done = {
        "publish": (actions.publish_paper, _("Everybody can read the paper now.")),
        "unpublish": (actions.unpublish_paper, _("Only members can read the paper now.")),
        "remove": (actions.remove_paper, _("The paper is gone.")),
    }
    if request.method == "POST" and request.POST.get("do") in done:
        act, words = done[request.POST["do"]]
        try:
            act(paper=paper, actor=request.user)
        except NotPossible as obstacle:
            messages.warning(request, obstacle.message)
        else:
            messages.success(request, words)
        return redirect(paper.meeting) if paper.meeting else redirect("group-papers", group.slug)
    return render(request, "working_groups/meetings/paper.html", {"group": group, "tab": _TAB, "paper": paper})
