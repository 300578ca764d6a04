"""Signing a new version of the Charter."""

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.forms import CharterForm
from oiep.moderation import NotPossible
from oiep.text import clean_line
from pledges.actions.charter import sign_again as sign
from pledges.models import CharterVersion
from pledges.views.account.page import back, of_partner


class SignAgainForm(CharterForm):
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=150, validators=[clean_line])
    job_title = forms.CharField(
        label=gettext_lazy("Your job title"), max_length=100, required=False, validators=[clean_line]
    )
    agree = forms.BooleanField(label=gettext_lazy("I have read this version, and may sign it."))
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, partner, **kwargs):
        super().__init__(*args, **kwargs)
        if partner.is_resident:
            del self.fields["job_title"]


@of_partner(lead_only=True)
def sign_again(request, partner):
    version = CharterVersion.objects.published(timezone.localdate()).order_by("number").last()
    if version is None or not version.asks(partner):
        messages.info(request, _("There is no version of the Charter that waits for your signature."))
        return redirect("account-partner", partner.slug)
    form = SignAgainForm(
        request.POST if request.method == "POST" else None,
        partner=partner,
        initial={"name": request.user.name, "version": version.pk},
    )
    if form.is_valid():
        read = CharterVersion(pk=form.cleaned_data["version"])
        who = {name: form.cleaned_data.get(name, "") for name in ("name", "job_title")}
        try:
            sign(partner=partner, actor=request.user, version=read, **who)
        except NotPossible as obstacle:
            return back(request, partner, obstacle)
        messages.success(request, _("You have signed the new version of the Charter. Thank you."))
        return redirect("account-partner", partner.slug)
    before = max((s for s in partner.signatures.all()), key=lambda s: s.declared_at, default=None)
    context = {"partner": partner, "version": version, "form": form, "before": before and before.charter}
    return render(request, "pledges/account/sign_again.html", context)
