"""Nominations, as the manager reads and decides on them."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from events.actions.awards import decide_nomination
from events.eligibility import obstacles
from events.models import Nomination
from events.views.nominations import reports_of
from oiep import audit
from oiep.admin import ReadOnlyAdmin
from oiep.moderation import Move, State, waiting
from pledges.admin.forms import WordsForm


class NominationDecisionForm(WordsForm):
    move = forms.ChoiceField(
        label=_("Decision"),
        choices=[(Move.APPROVE, _("Approve")), (Move.ASK, _("Ask for changes")), (Move.DECLINE, _("Decline"))],
        widget=forms.RadioSelect,
    )
    field_order = ["move", "reason", "message"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["message"].label = _("Message to who nominated")

    def clean(self):
        self.require_words(self.cleaned_data.get("move"))

    @property
    def words(self):
        reason = self.cleaned_data["reason"]
        return self.cleaned_data["message"].strip() or (reason.message.strip() if reason else "")


@admin.register(Nomination)
class NominationAdmin(ReadOnlyAdmin):
    change_form_template = "admin/events/nomination/change_form.html"
    list_display = ["partner_name", "category", "state", "waits", "is_shortlisted", "withdrawn_at"]
    list_filter = ["state", "category__round", "is_shortlisted", "category"]
    list_select_related = ["partner", "category__round"]
    search_fields = ["partner__name", "category__name"]
    ordering = ["submitted_at", "pk"]
    view_on_site = False  # its page is for who nominated and for the nominee
    fields = [
        "partner_name",
        "category",
        "why",
        ("nominated_at", "nominated_by"),
        ("state", "submitted_at"),
        ("decided_at", "decided_by"),
        "decision_message",
        ("is_shortlisted", "withdrawn_at"),
    ]

    @admin.display(description=_("nominee"), ordering="partner__sort_name")
    def partner_name(self, nomination):
        return nomination.partner.name

    @admin.display(description=_("working days waited"))
    def waits(self, nomination):
        return waiting(nomination.submitted_at)[0] if nomination.state == State.SUBMITTED else "–"

    def get_urls(self):
        def one(name, view):
            return path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"events_nomination_{name}")

        return [one("decide", self.decide_view), one("undo", self.undo_view), *super().get_urls()]

    def decide_view(self, request, pk):
        nomination = self._nomination(request, pk)
        form = NominationDecisionForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and self._decide(request, nomination, form):
            return self._back(nomination)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Decide on a nomination of %(partner)s") % {"partner": nomination.partner.name},
            "subtitle": None,
            "opts": self.opts,
            "nomination": nomination,
            "reports": reports_of(nomination),
            "obstacles": obstacles(nomination.category, nomination.partner, besides=nomination),
            "obstacle": nomination.why_not(Move.DECLINE),
            "form": form,
            "events": audit.trail(nomination).select_related("subject_type")[:50],
        }
        return TemplateResponse(request, "admin/events/nomination/decide.html", context)

    def _decide(self, request, nomination, form):
        try:
            decide_nomination(
                nomination=nomination, decision=form.cleaned_data["move"], actor=request.user, message=form.words
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return False
        self.message_user(request, _now("Decided. Who nominated gets an e-mail."), messages.SUCCESS)
        return True

    def undo_view(self, request, pk):
        nomination = self._nomination(request, pk)
        if request.method == "POST":
            try:
                decide_nomination(nomination=nomination, decision=Move.UNDO, actor=request.user)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            else:
                self.message_user(request, _now("The decision is undone. It waits again."), messages.SUCCESS)
        return self._back(nomination)

    def _nomination(self, request, pk):
        if not request.user.has_perm("events.change_nomination"):
            raise PermissionDenied
        rows = Nomination.objects.select_related("category__round", "category__area", "partner", "pledge", "review")
        return get_object_or_404(rows, pk=pk)

    def _back(self, nomination):
        return HttpResponseRedirect(reverse("admin:events_nomination_change", args=[nomination.pk]))
