"""Help wanted and offered, as the manager decides on it and introduces people."""

from django.contrib import admin
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep.admin import ReadOnlyAdmin
from pledges.actions import help_wanted as actions
from pledges.admin.alone import DecidedAlone
from pledges.admin.together import DecidedTogether
from pledges.forms.help_wanted import OutcomeForm
from pledges.models import HelpRequest


class RepliesFilter(admin.SimpleListFilter):
    title = _("answers")
    parameter_name = "answers"

    def lookups(self, request, model_admin):
        return [("waiting", _("Somebody waits to be introduced")), ("outcome", _("What came of it is not known yet"))]

    def queryset(self, request, queryset):
        unread = Q(replies__introduced_at=None, replies__dismissed_at=None, replies__isnull=False)
        conditions = {"waiting": unread, "outcome": Q(replies__introduced_at__isnull=False, replies__outcome="")}
        return queryset.filter(conditions[self.value()]).distinct() if self.value() in conditions else queryset


@admin.register(HelpRequest)
class HelpRequestAdmin(DecidedTogether, DecidedAlone, ReadOnlyAdmin):
    decide_template = "admin/pledges/helprequest/decide.html"
    change_form_template = "admin/pledges/helprequest/change_form.html"
    list_display = ["title", "direction", "need", "partner_name", "state", "waits", "answers", "open_until", "outcome"]
    list_filter = ["state", RepliesFilter, "direction", "need", "outcome", "areas"]
    list_select_related = ["partner"]
    search_fields = ["title", "text", "partner__name"]
    ordering = ["submitted_at", "-pk"]
    fields = [
        ("direction", "need"),
        "title",
        "text",
        "partner_name",
        "areas",
        "open_until",
        ("state", "submitted_at"),
        ("decided_at", "decided_by"),
        "decision_message",
        ("closed_at", "outcome"),
        "outcome_words",
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(answered=Count("replies", distinct=True))

    def view_on_site(self, row):
        return row.get_absolute_url() if HelpRequest.objects.published().filter(pk=row.pk).exists() else None

    @admin.display(description=_("partner"), ordering="partner__sort_name")
    def partner_name(self, row):
        return row.partner.name

    @admin.display(description=_("answers"), ordering="answered")
    def answers(self, row):
        return row.answered

    @admin.display(description=_("waits"))
    def waits(self, row):
        return "–" if row.closed_at else self.how_long(row)

    def get_urls(self):
        def on_reply(name, view):
            address = f"<int:pk>/answers/<int:reply>/{name}/"
            return path(address, self.admin_site.admin_view(view), name=f"pledges_helprequest_{name}")

        return [
            self.together_url(),
            *self.decision_urls(),
            on_reply("introduce", self.introduce_view),
            on_reply("put-aside", self.put_aside_view),
            on_reply("outcome", self.outcome_view),
            *super().get_urls(),
        ]

    def things_to_decide(self):
        return HelpRequest.objects.select_related("partner", "asked_by").prefetch_related("areas")

    def decide(self, row, move, actor, message, seen=None):
        actions.decide(request=row, decision=move, actor=actor, message=message, seen=seen)

    def words_of(self, row):
        return [f"{row.get_direction_display()}. {row.get_need_display()}. {row.partner.name}", row.text]

    def introduce_view(self, request, pk, reply):
        def introduce(row):
            actions.introduce(row=get_object_or_404(row.replies, pk=reply), actor=request.user)

        return self.do(request, pk, _now("Both have an e-mail from us."), introduce)

    def put_aside_view(self, request, pk, reply):
        def put_aside(row):
            actions.put_aside(row=get_object_or_404(row.replies, pk=reply), actor=request.user)

        return self.do(request, pk, _now("It is put aside. Nobody is told."), put_aside)

    def outcome_view(self, request, pk, reply):
        row = self.thing_of(request, pk)
        answer = get_object_or_404(row.replies.exclude(introduced_at=None), pk=reply)
        initial = {"outcome": answer.outcome, "words": answer.outcome_words}
        form = OutcomeForm(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_valid():
            words = _now("It is written down.")
            return self.do(
                request, pk, words,
                lambda row: actions.record_outcome(row=answer, actor=request.user, **form.cleaned_data),
            )  # fmt: skip
        context = {
            **self.admin_site.each_context(request),
            "title": _now("What came of it"),
            "subtitle": None,
            "opts": self.opts,
            "thing": row,
            "answer": answer,
            "form": form,
        }
        return TemplateResponse(request, "admin/pledges/helprequest/outcome.html", context)
