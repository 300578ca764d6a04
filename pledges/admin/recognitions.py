"""Recognitions that partners claimed. They are verified on the partner's case; here one that stands is removed."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.admin import ReadOnlyAdmin
from partners.actions import remove_recognition
from partners.models import Recognition
from pledges.admin.forms import RemovalForm
from pledges.admin.rows import case_link


@admin.register(Recognition)
class RecognitionAdmin(ReadOnlyAdmin):
    list_display = ["kind", "partner_name", "state", "expires_on", "ending"]
    list_filter = ["state", "kind", "ending", "expires_on"]
    list_select_related = ["partner", "kind"]
    search_fields = ["partner__name", "kind__name"]
    fields = [
        "partner_name",
        "kind",
        ("awarded_on", "expires_on"),
        "evidence_url",
        "evidence_name",
        "note",
        ("claimed_at", "claimed_by"),
        ("state", "submitted_at"),
        ("decided_at", "decided_by"),
        "decision_message",
        ("ended_at", "ending"),
    ]

    @admin.display(description=gettext_lazy("partner"), ordering="partner__sort_name")
    def partner_name(self, recognition):
        return case_link(recognition.partner_id, recognition.partner.name)

    def get_urls(self):
        view = self.admin_site.admin_view(self.remove_view)
        return [path("<int:pk>/remove/", view, name="partners_recognition_remove"), *super().get_urls()]

    def remove_view(self, request, pk):
        if not request.user.has_perm("partners.change_recognition"):
            raise PermissionDenied
        recognition = Recognition.objects.select_related("partner", "kind").filter(pk=pk).first()
        if recognition is None:
            raise Http404
        form = RemovalForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                remove_recognition(recognition=recognition, actor=request.user, **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                words = _("“%(kind)s” is off the page of %(partner)s, and its lead gets an e-mail.")
                words %= {"kind": recognition.kind, "partner": recognition.partner.name}
                self.message_user(request, words, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:pledges_case_change", args=[recognition.partner_id]))
        context = {"title": _("Remove a recognition"), "recognition": recognition, "case": recognition.partner}
        return TemplateResponse(
            request,
            "admin/pledges/case/remove_recognition.html",
            {**self.admin_site.each_context(request), "opts": self.opts, "subtitle": None, "form": form, **context},
        )
