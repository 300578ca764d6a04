"""The pages on which an organisation writes its pledges, one at a time."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from partners.models import PriorityArea
from pledges.actions import signing as actions
from pledges.forms.signing import SigningPledgeForm
from pledges.models import PledgeIdea
from pledges.toolkit import beside_ideas
from pledges.views.signing.drafts import context_of, not_found, page_of, url_of, with_draft


def pledges_context(signing):
    """What the list of pledges shows: for each area chosen the pledges so far, and ideas that are not taken yet."""
    chosen = signing.answers.get("areas", {}).get("areas", [])
    taken = {pledge["idea_id"] for pledge in signing.pledges}
    ideas = beside_ideas(PledgeIdea.objects.current().for_kind(signing.partner_kind).filter(area__in=chosen))
    areas = [
        {
            "area": area,
            "pledges": [pledge for pledge in signing.pledges if pledge["area_id"] == area.pk],
            "ideas": [idea for idea in ideas if idea.area_id == area.pk and idea.pk not in taken],
        }
        for area in PriorityArea.objects.current().filter(pk__in=chosen)
    ]
    return {
        "areas": areas,
        "has_room": len(signing.pledges) < settings.PLEDGES_AT_MOST,
        "at_most": settings.PLEDGES_AT_MOST,
        "begun": signing.answers.get("typed", {}).get("pledge"),
    }


def _writes_pledges(signing):
    return not signing.is_resident and not signing.is_short and signing.may_open("pledges")


@with_draft
def add_pledge(request, signing):
    """A new pledge, from the idea `?idea=`, in the area `?area=`, or as it was begun before."""
    if not _writes_pledges(signing):
        return page_of(signing, "pledges")
    idea = _number(PledgeIdea.objects.current().select_related("area"), request.GET.get("idea"))
    area = _number(PriorityArea.objects.current(), request.GET.get("area"))
    if idea:
        fields = ("area", "capacity", "statement", "measure", "unit")
        initial = {field: getattr(idea, field) for field in fields}
    elif area:
        initial = {"area": area}
    else:
        initial = signing.answers.get("typed", {}).get("pledge", {})
    return _pledge_page(request, signing, initial=initial, idea=idea)


def _number(rows, value):
    return rows.filter(pk=value).first() if value and value.isdecimal() and len(value) < 10 else None


@with_draft
def edit_pledge(request, signing, number):
    if not _writes_pledges(signing):
        return page_of(signing, "pledges")
    entry = next((pledge for pledge in signing.pledges if pledge["number"] == number), None)
    if entry is None:
        return not_found(request)
    if request.method == "POST" and "remove" in request.POST:
        signing = actions.remove_pledge(signing=signing, number=number)
        return page_of(signing, "pledges")
    idea = PledgeIdea.objects.filter(pk=entry["idea_id"]).select_related("area").first()
    initial = signing.answers.get("typed", {}).get(f"pledge-{number}", {})
    return _pledge_page(request, signing, initial=initial, idea=idea, entry=entry)


def _pledge_page(request, signing, *, initial, idea, entry=None):
    form = SigningPledgeForm(
        request.POST if request.method == "POST" else None, signing=signing, initial=initial, idea=idea, entry=entry
    )
    beside_ideas([idea] if idea else [])
    number = entry and entry["number"]
    if request.method == "POST":
        saved = _save(signing, form, number)
        if "later" in request.POST:
            if not saved:
                key = f"pledge-{number}" if number else "pledge"
                actions.keep_typed(signing=signing, step=key, typed=form.typed())
            return redirect("sign-save", signing.pk)
        if saved:
            return page_of(saved, "pledges")
    context = context_of(request, signing, "pledges", form=form, idea=idea, entry=entry)
    context["back_url"] = url_of(signing, "pledges")
    context["title"] = _("Change your pledge") if entry else _("Add a pledge")
    return render(request, "pledges/signing/pledge.html", context)


def _save(signing, form, number):
    if not form.is_valid():
        return None
    try:
        return actions.save_pledge(signing=signing, pledge=form.answers(), number=number)
    except ValidationError as error:
        form.add_error(None, error)
        return None
