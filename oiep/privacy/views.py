"""A person's own page about what we hold, and the manager's for those who ask by letter."""

from django.contrib import admin, messages
from django.contrib.auth import get_user_model, logout
from django.core.exceptions import PermissionDenied
from django.http import FileResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from oiep import audit
from oiep.moderation import NotPossible
from oiep.privacy.download import make_archive, organisations_of, summary
from oiep.privacy.erasing import erase, partners_led_by
from oiep.privacy.forms import EraseForm
from oiep.sign_in.confirming import confirmed, own_page


@own_page
def privacy(request):
    partners = partners_led_by(request.user)
    context = {"holdings": summary(request.user), "led": partners, "organisations": organisations_of(request.user)}
    return render(request, "privacy/privacy.html", context)


@confirmed
def download(request):
    if request.method != "POST":
        return redirect("account-privacy")
    audit.record(verb="user.downloaded", subject=request.user, actor=request.user)
    name = f"charter-{timezone.localdate()}.zip"
    return FileResponse(make_archive(request.user), as_attachment=True, filename=name, content_type="application/zip")


@confirmed
def erase_oneself(request):
    form, done = _erase(request, request.user)
    if done:
        logout(request)
        return redirect("account-erased")
    return render(request, "privacy/erase.html", {"form": form, **_consequences(request.user)})


@require_safe
@never_cache
def erased(request):
    return render(request, "privacy/erased.html")


def _erase(request, user, by_manager=False):
    """The form, and whether it was done."""
    data = request.POST if request.method == "POST" else None
    form = EraseForm(data, user=user, partners=partners_led_by(user), by_manager=by_manager)
    if form.is_valid():
        try:
            erase(user=user, actor=request.user, choices=form.choices())
        except NotPossible as obstacle:
            form.add_error(None, obstacle)
        else:
            return form, True
    return form, False


def _consequences(user):
    current = user.memberships.current().select_related("partner")
    return {
        "person": user,
        "residents": [row.partner for row in current if row.partner.is_resident],
        "others": [row.partner for row in current if not row.partner.is_resident and not row.is_lead],
        "in_groups": user.group_memberships.exists(),
    }


# For the manager ------------------------------------------------------------------------------


def erase_somebody(request, pk):
    """For somebody who asks by letter, after the manager has checked who they are."""
    return admin.site.admin_view(_erase_somebody)(request, pk)


def _erase_somebody(request, pk):
    if not request.user.has_perm("oiep.erase_user"):
        raise PermissionDenied
    user = get_object_or_404(get_user_model().objects.filter(erasure=None), pk=pk)
    if (user.is_staff and not request.user.is_superuser) or user == request.user:
        raise PermissionDenied  # one erases oneself in one's own account
    form, done = _erase(request, user, by_manager=True)
    if done:
        messages.success(request, _("Their data is erased. They get one last e-mail that says so."))
        return redirect("admin:oiep_user_changelist")
    context = {
        **admin.site.each_context(request),
        "title": _("Erase this person's data"),
        "form": form,
        "opts": user._meta,
        **_consequences(user),
    }
    return TemplateResponse(request, "admin/oiep/user/erase.html", context)
