"""Deciding on one thing on a page of its own: for what is not decided on with a partner's other things."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep import audit
from oiep.moderation import Move, State, Urgency, waiting
from pledges.admin.forms import WordsForm


class DecisionForm(WordsForm):
    move = forms.ChoiceField(
        label=_("Decision"),
        choices=[(Move.APPROVE, _("Approve")), (Move.ASK, _("Ask for changes")), (Move.DECLINE, _("Decline"))],
        widget=forms.RadioSelect,
    )
    field_order = ["move", "reason", "message"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["message"].label = _("Message to who sent it in")

    def clean(self):
        self.require_words(self.cleaned_data.get("move"))

    @property
    def words(self):
        reason = self.cleaned_data["reason"]
        return self.cleaned_data["message"].strip() or (reason.message.strip() if reason else "")


class DecidedAlone:
    """For a ModelAdmin: the addresses `…/decide/` and `…/undo/`, and how long a thing has waited.

    decide_template: the page. A subclass has `decide(thing, move, actor, message, seen)`, `things_to_decide()`, the
    rows with all that the page needs, and `decision_context(thing)`.
    """

    decide_template = ""

    def decision_context(self, thing):
        return {}

    def decision_urls(self):
        return [self.own_url("decide", self.decide_view), self.own_url("undo", self.undo_view)]

    def own_url(self, name, view):
        label = f"{self.opts.app_label}_{self.opts.model_name}"
        return path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"{label}_{name}")

    def decide_view(self, request, pk):
        thing = self.thing_of(request, pk)
        form = DecisionForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and self._decide(request, thing, form):
            return self.back_to(thing)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Decide on “%(title)s”") % {"title": thing.title},
            "subtitle": None,
            "opts": self.opts,
            "thing": thing,
            "seen": thing.fingerprint,
            "obstacle": thing.why_not(Move.DECLINE),
            "form": form,
            "events": audit.trail(thing).select_related("subject_type")[:50],
            **self.decision_context(thing),
        }
        return TemplateResponse(request, self.decide_template, context)

    def _decide(self, request, thing, form):
        try:
            seen = request.POST.get("seen")
            self.decide(thing, form.cleaned_data["move"], request.user, form.words, seen=seen)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return False
        self.message_user(request, _now("Decided. Who sent it in gets an e-mail."), messages.SUCCESS)
        return True

    def undo_view(self, request, pk):
        words = _now("The decision is undone. It waits again.")
        return self.do(request, pk, words, lambda thing: self.decide(thing, Move.UNDO, request.user, ""))

    def do(self, request, pk, words, action):
        """What a button does, and back to the thing with the words, or with what stood in the way."""
        thing = self.thing_of(request, pk)
        if request.method == "POST":
            try:
                action(thing)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            else:
                self.message_user(request, words, messages.SUCCESS)
        return self.back_to(thing)

    def thing_of(self, request, pk):
        if not request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"):
            raise PermissionDenied
        return get_object_or_404(self.things_to_decide(), pk=pk)

    def back_to(self, thing):
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[thing.pk])
        )

    def how_long(self, thing):
        if thing.state != State.SUBMITTED:
            return "–"
        days, urgency = waiting(thing.submitted_at)
        return _("%(days)d working days, %(urgency)s") % {"days": days, "urgency": Urgency(urgency).label}
