"""What the public reads about a partner, and by what it can be written to."""

from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, render

from oiep.moderation import NotPossible, State
from partners import actions as partner_actions
from partners.models import Partner
from pledges.actions import pledges as pledge_actions
from pledges.forms.account import ContactForm, OwnApprovalForm, ProfileForm, profile_rows
from pledges.views.account.page import asked_for, back, done, of_partner


@of_partner()
def profile(request, partner):
    proposed = _proposed_now(partner)
    form = ProfileForm(request.POST or None, request.FILES or None, partner=partner, values=proposed)
    context = {"partner": partner, "form": form, "asked": asked_for([partner, *partner.profile_changes.all()])}
    context["logo"] = partner.logos.select_related("partner").filter(pk=proposed["logo"]).first()
    if form.is_valid():
        try:
            change = partner_actions.propose_profile_change(
                partner=partner,
                values=form.values(),
                actor=request.user,
                message=form.cleaned_data["message"],
                seen=form.cleaned_data["seen"],
                picture=form.cleaned_data.get("picture"),
            )
        except partner_actions.Conflict as conflict:
            proposed = _proposed_now(partner)
            theirs = {name: proposed[name] for name, value in form.values().items() if proposed[name] != value}
            context |= {"conflict": conflict.message, "differences": profile_rows(partner, theirs)}
            form.see(partner_actions.version_of(proposed))
            form.ask_for_picture_again()
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        except ValidationError as error:
            form.add_error(None, error)
            form.ask_for_picture_again()
        else:
            return done(request, partner, waits=change or partner.state != State.APPROVED)
    return render(request, "pledges/account/profile.html", context)


def _proposed_now(partner):
    return partner_actions.proposed_profile_of(Partner.objects.get(pk=partner.pk))


@of_partner()
def contact(request, partner):
    if partner.is_resident:
        raise Http404
    form = ContactForm(
        request.POST or None,
        initial={
            "purposes": partner.contact_purposes,
            "paused": bool(partner.contact_paused_at),
            "review_months": partner.review_months,
        },
    )
    if form.is_valid():
        try:
            partner_actions.update_contact_settings(partner=partner, actor=request.user, **form.cleaned_data)
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        return done(request, partner, waits=False)
    return render(request, "pledges/account/contact.html", {"partner": partner, "form": form})


@of_partner()
def own_approval(request, partner, pk):
    signature = get_object_or_404(partner.signatures.exclude(awaits_approval_of=""), pk=pk)
    form = OwnApprovalForm(request.POST or None, initial={"url": signature.approval_url})
    if form.is_valid():
        try:
            pledge_actions.record_own_approval(signature=signature, url=form.cleaned_data["url"], actor=request.user)
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        return done(request, partner, waits=False)
    context = {"partner": partner, "signature": signature, "form": form}
    return render(request, "pledges/account/own_approval.html", context)
