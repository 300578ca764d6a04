import math

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render

from oiep.limits import source_of
from pledges.actions import signing as actions
from pledges.forms.signing import PledgesForm, ResumeForm, StepForm, form_of
from pledges.views.signing.drafts import TITLES, context_of, is_robot, page_of, url_of, with_draft
from pledges.views.signing.pledges import pledges_context


@with_draft
def step(request, signing, step):
    if step not in TITLES:
        raise Http404
    if step == "check" or not signing.may_open(step):
        return page_of(signing, step)
    form_class = form_of(signing, step)
    form = form_class(
        request.POST if request.method == "POST" else None, signing=signing, initial=_initial(signing, step)
    )
    if request.method == "POST":
        if "leave_short_route" in request.POST and signing.is_short:
            return _leave_short_route(signing, form)
        saved = _save(signing, step, form) if form.is_valid() else None
        if "later" in request.POST:
            if saved is None:
                actions.keep_typed(signing=signing, step=step, typed=form.typed())
            return redirect("sign-save", signing.pk)
        if saved:
            # Whoever changes an answer from the check page finishes everything again at once, and comes back to it.
            finished = saved.first_unfinished == "check"
            return page_of(saved, "check" if finished else saved.steps[saved.steps.index(step) + 1])
    context = context_of(request, signing, step, form=form, stranded=signing.stranded_pledges())
    if form_class is PledgesForm:
        context |= pledges_context(signing)
    return render(request, form.template, context)


def _initial(signing, step):
    initial = {"email": signing.email} if step == "who" else {}
    typed = signing.answers.get("typed", {}).get(step, {})
    return initial | (signing.answers.get(step, {}) if step != "pledges" else {}) | typed


def _save(signing, step, form):
    """Keeps the answers of a valid form. Returns the signing, or None when the form has an error after all."""
    if isinstance(form, PledgesForm):
        return signing
    if step != "pledges":
        return actions.save_answers(signing=signing, step=step, answers=form.answers())
    try:
        return actions.save_pledges(signing=signing, pledges=form.pledges())
    except ValidationError as error:
        form.add_error("ideas", error)
        return None


def _leave_short_route(signing, form):
    """Goes to the full route with what is ticked, even when that is nothing yet."""
    if form.is_valid():
        _save(signing, "pledges", form)
    signing = actions.leave_short_route(signing=signing)
    return page_of(signing, "areas")


@with_draft
def save_for_later(request, signing):
    """Sends a link to go on with. Asks for the address when it was not given yet."""
    known = signing.answers.get("who", {}).get("email") or (signing.assisted and signing.assisted_by.email)
    form_class = StepForm if known else ResumeForm
    form = form_class(
        request.POST if request.method == "POST" else None, signing=signing, initial={"email": signing.email}
    )
    context = {"signing": signing, "form": form, "known": known, "back_url": url_of(signing, "check")}
    if request.method == "POST" and form.is_valid():
        if is_robot(request):
            return _saved(signing)
        email = known or form.cleaned_data["email"]
        try:
            actions.send_resume_link(signing=signing, email=email, source=source_of(request))
        except actions.TooSoon as error:
            return too_soon(request, "pledges/signing/save.html", context, error)
        return _saved(signing)
    context["sent"] = "sent" in request.GET and request.method != "POST"
    context["mails_a_day"] = settings.UNPROVEN_ADDRESS_MAILS_A_DAY
    return render(request, "pledges/signing/save.html", context)


def _saved(signing):
    response = redirect("sign-save", signing.pk)
    response["Location"] += "?sent"
    return response


def too_soon(request, template, context, error):
    """The same page again, with how long to wait."""
    context |= {"wait_minutes": math.ceil(error.seconds / 60), "trouble": True}
    response = render(request, template, context, status=429)
    response["Retry-After"] = str(error.seconds)
    return response
