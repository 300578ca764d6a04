"""What the public reads about a partner, and how it and its people can be reached."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from oiep.moderation import NotPossible, State
from partners import actions as partner_actions
from partners.models import Membership, Partner
from pledges.actions import pledges as pledge_actions
from pledges.forms.account import ContactForm, DetailsForm, OwnApprovalForm, ProfileForm, profile_rows
from pledges.next_steps import membership_of, status_of
from pledges.views.account.page import asked_for, back, done, of_partner


@of_partner()
def profile(request, partner):
    proposed = _proposed_now(partner)
    form = ProfileForm(request.POST or None, request.FILES or None, partner=partner, values=proposed)
    waiting = next((change for change in partner.profile_changes.all() if change.is_open and change.values), None)
    context = {
        "partner": partner,
        "form": form,
        "asked": asked_for([partner, *partner.profile_changes.all()]),
        "change": {"status": status_of(waiting), "rows": profile_rows(partner, waiting.values)} if waiting else None,
        "logo": partner.logos.select_related("partner").filter(pk=proposed["logo"]).first(),
    }
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
    form = ContactForm(request.POST or None, partner=partner)
    context = {"partner": partner, "form": form}
    if form.is_valid():
        seen = form.cleaned_data["seen"]
        try:
            partner_actions.update_contact_settings(partner=partner, actor=request.user, seen=seen, **form.values())
        except partner_actions.Conflict as conflict:
            current = Partner.objects.get(pk=partner.pk)
            context |= {"conflict": conflict.message, "differences": form.differences(current)}
            form.see(partner_actions.version_of(partner_actions.contact_settings_of(current)))
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        else:
            return done(request, partner, waits=False, to="account-contact")
    return render(request, "pledges/account/contact.html", context)


@of_partner()
def own_approval(request, partner, pk):
    signature = get_object_or_404(partner.signatures.exclude(awaits_approval_of=""), pk=pk)
    form = OwnApprovalForm(request.POST or None, signature=signature)
    context = {"partner": partner, "signature": signature, "form": form}
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("url", "seen")}
        try:
            pledge_actions.record_own_approval(signature=signature, actor=request.user, **values)
        except partner_actions.Conflict as conflict:
            signature.refresh_from_db()
            theirs = {"label": form.fields["url"].label, "words": signature.approval_url}
            context |= {"conflict": conflict.message, "differences": [theirs]}
            form.see(signature.approval_url)
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        else:
            return done(request, partner, waits=False)
    return render(request, "pledges/account/own_approval.html", context)


@of_partner()
def details(request, partner):
    """How we reach a person, to look at once a year and to say that it is right."""
    membership = membership_of(request.user, partner)
    form = DetailsForm(request.POST if request.method == "POST" else None, initial={"job_title": membership.job_title})
    if form.is_valid():
        try:
            partner_actions.confirm_details(membership=membership, actor=request.user, **form.cleaned_data)
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        messages.success(request, _("Thank you. We will ask again in a while."))
        return redirect("account")
    members = [member for member in partner.memberships.all() if not member.ended_at]
    context = {
        "partner": partner,
        "form": form,
        "membership": membership,
        "second": next((member for member in members if member.role == Membership.Role.SECOND), None),
        "purposes": [label for value, label in partner.Purpose.choices if value in partner.contact_purposes],
    }
    return render(request, "pledges/account/details.html", context)
