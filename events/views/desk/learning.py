"""After an event: what people thought of it, what was learnt, photographs and slides."""

from django.core.exceptions import ValidationError
from django.db.models import Avg, Count
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from events.actions import learning as actions
from events.desk_forms import ConsentForm, MaterialForm, PhotographForm, PointActionForm, PointForm
from events.models import LearningPoint
from events.views.desk.page import back, done, of_event, show
from working_groups.models import Group

_LEARNING, _FILES = "event-learning", "event-files"
ANSWERS = 200


@of_event
def learning(request, event):
    """Points of learning, to add to; and what people said in their feedback."""
    form = PointForm(request.POST or None, instance=LearningPoint(event=event))
    if form.is_valid():
        actions.add_point(event=event, text=form.cleaned_data["text"], actor=request.user)
        return done(request, _LEARNING, event.slug)
    given = event.feedback.order_by()
    counts = dict(given.values_list("rating").annotate(n=Count("pk")))
    return show(
        request,
        event,
        "learning",
        tab=_LEARNING,
        form=form,
        points=event.learning.select_related("action__group"),
        number=sum(counts.values()),
        average=given.aggregate(average=Avg("rating"))["average"],
        ratings=[(rating, counts.get(rating, 0)) for rating in range(5, 0, -1)],
        answers=event.feedback.exclude(learnt="", better="")[:ANSWERS],
        until=actions.feedback_until(event),
    )


@of_event
def point(request, event, pk):
    """Changes a point of learning, moves it, or takes it away."""
    found = get_object_or_404(event.learning, pk=pk)
    form = PointForm(request.POST if "text" in request.POST else None, instance=LearningPoint(text=found.text))
    try:
        match request.POST.get("do"):
            case "up" | "down" as way:
                actions.move_point(point=found, up=way == "up", actor=request.user)
                return done(request, _LEARNING, event.slug)
            case "remove":
                actions.remove_point(point=found, actor=request.user)
                return done(request, _LEARNING, event.slug, words=_("It is gone."))
        if form.is_valid():
            actions.change_point(point=found, text=form.cleaned_data["text"], actor=request.user)
            return done(request, _LEARNING, event.slug)
    except actions.NotPossible as obstacle:
        return back(request, obstacle, _LEARNING, event.slug)
    return show(request, event, "point", tab=_LEARNING, point=found, form=form)


@of_event
def point_action(request, event, pk):
    """Makes a point of learning an action of a group that the person runs."""
    found = get_object_or_404(event.learning.select_related("action__group"), pk=pk)
    groups = Group.objects.managed_by(request.user).order_by("name")
    initial = {"what": found.text, "group": event.group_id}
    form = PointActionForm(request.POST or None, groups=groups, initial=initial)
    if form.is_valid():
        try:
            action = actions.make_action(point=found, actor=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            words = _("It is an action of the group now. There you can say who does it.")
            return done(request, "group-action", action.group.slug, action.pk, words=words)
    has_groups = groups.exists()
    return show(request, event, "point_action", tab=_LEARNING, point=found, form=form, has_groups=has_groups)


@of_event
def files(request, event):
    """Photographs and slides: what there is, and who sees it."""
    return show(
        request, event, "files", tab=_FILES, photographs=event.photographs.all(), materials=event.materials.all()
    )


@of_event
def photograph_add(request, event):
    form = PhotographForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("alt", "consent", "is_public")}
        upload = form.cleaned_data["upload"]
        return _added(request, event, form, actions.add_photograph, upload=upload, values=values)
    return show(request, event, "photograph_add", tab=_FILES, form=form)


@of_event
def material_add(request, event):
    form = MaterialForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        return _added(request, event, form, actions.add_material, **form.cleaned_data)
    return show(request, event, "material_add", tab=_FILES, form=form)


def _added(request, event, form, add, **values):
    try:
        add(event=event, actor=request.user, **values)
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
        template = "photograph_add" if add == actions.add_photograph else "material_add"
        return show(request, event, template, tab=_FILES, form=form)
    return done(request, _FILES, event.slug)


@of_event
def photograph(request, event, pk):
    """Shows a photograph to the public, hides it, or removes it."""
    found = get_object_or_404(event.photographs, pk=pk)
    form = ConsentForm(request.POST if "consent" in request.POST else None)
    match request.POST.get("do"):
        case "hide":
            actions.hide_photograph(photograph=found, actor=request.user)
            return done(request, _FILES, event.slug, words=_("Nobody sees it any more."))
        case "remove":
            actions.remove_file(row=found, actor=request.user)
            return done(request, _FILES, event.slug, words=_("It is gone."))
    if form.is_valid():
        actions.show_photograph(photograph=found, actor=request.user, **form.cleaned_data)
        return done(request, _FILES, event.slug, words=_("Everybody can see it now."))
    return show(request, event, "photograph", tab=_FILES, photograph=found, form=form)


@of_event
def material(request, event, pk):
    """Shows a file to the public, hides it, or removes it; the buttons stand on the page of all files."""
    found = get_object_or_404(event.materials, pk=pk)
    match request.POST.get("do"):
        case "show" | "hide" as deed:
            actions.publish_material(material=found, is_public=deed == "show", actor=request.user)
        case "remove":
            actions.remove_file(row=found, actor=request.user)
    return redirect(_FILES, event.slug)
