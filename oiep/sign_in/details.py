"""A person's own name and e-mail address."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from oiep.models import AddressChange
from oiep.moderation import NotPossible
from oiep.sign_in import actions, sessions
from oiep.sign_in.confirming import confirmed, own_page
from oiep.sign_in.forms import AddressForm, NameForm


@own_page
def name(request):
    form = NameForm(request.POST or None, instance=request.user)
    if form.is_valid():
        actions.change_name(user=request.user, name=form.cleaned_data["name"])
        messages.success(request, _("That is saved."))
        return redirect("account-security")
    return render(request, "account/name.html", {"form": form})


@confirmed
def address(request):
    """Asks for a new address, and says where a link has gone: the same for an address that has an account already."""
    form = AddressForm(request.POST or None, user=request.user)
    if form.is_valid():
        try:
            actions.ask_for_address(user=request.user, email=form.cleaned_data["email"])
        except NotPossible as obstacle:
            form.add_error("email", obstacle)
        else:
            return redirect("account-address")
    asked = request.user.address_changes.open().first()
    context = {"form": form, "asked": asked, "hours": settings.ADDRESS_CHANGE_HOURS}
    return render(request, "account/address.html", context)


@own_page
def confirm_address(request, token):
    """The link in the e-mail to a new address. Only who asked for it can use it, so a mistyped one harms nobody."""
    try:
        change = request.user.address_changes.with_token(token)
    except AddressChange.DoesNotExist:
        raise Http404 from None
    is_open = request.user.address_changes.open().filter(pk=change.pk).exists()
    if is_open and request.method == "POST":
        try:
            user = actions.change_address(change=change, user=request.user)
        except NotPossible as obstacle:
            messages.warning(request, obstacle.message)
            return redirect("account-address")
        sessions.keep(request, user)
        messages.success(request, _("That is your address now. You are signed out on your other devices."))
        return redirect("account-security")
    return render(request, "account/address_confirm.html", {"change": change, "is_open": is_open})
