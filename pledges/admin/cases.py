"""The queue, and everything about one signature on one screen."""

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oiep import at_work
from oiep.admin import ReadOnlyAdmin
from oiep.moderation import Move, Urgency, waiting
from partners.actions import appoint_lead, invite_lead, send_invitation_again, take_back_invitation
from partners.models import Membership
from pledges.actions.moderation import Decision, decide, is_decided, new_number, undo
from pledges.actions.pledges import withdraw_partner
from pledges.admin.bulk import BulkDecisions, number_from
from pledges.admin.forms import LeadForm, ThingForm
from pledges.admin.levers import PauseLevers
from pledges.admin.screen import Screen, objects_from, why_changed
from pledges.emails import name_of
from pledges.models import Case

DECIDED_LATELY = "decided"


def work_on(pk):
    return f"case/{pk}"


class Queue(ChangeList):
    def get_results(self, request):
        super().get_results(request)
        names = at_work.on_each([work_on(case.pk) for case in self.result_list])
        for case in self.result_list:
            case.on_it = names.get(work_on(case.pk), [])

    def get_ordering_field_columns(self):
        """No heading is marked as the one that sorts, until somebody sorts: the queue has an order of its own."""
        return super().get_ordering_field_columns() if ORDER_VAR in self.params else {}


class ShowFilter(admin.SimpleListFilter):
    title = gettext_lazy("where it stands")
    parameter_name = "show"

    def lookups(self, request, model_admin):
        return [(DECIDED_LATELY, _("Decided in the last 90 days"))]

    def choices(self, changelist):
        everything, *others = super().choices(changelist)
        return [{**everything, "display": _("Waiting for a decision")}, *others]

    def queryset(self, request, queryset):
        return queryset  # CaseAdmin.get_queryset has chosen already


class UrgencyFilter(admin.SimpleListFilter):
    title = gettext_lazy("urgency")
    parameter_name = "urgency"

    def lookups(self, request, model_admin):
        return Urgency.choices

    def queryset(self, request, queryset):
        return queryset.urgent(self.value()) if self.value() in Urgency.values else queryset


class WhatFilter(admin.SimpleListFilter):
    title = gettext_lazy("what waits")
    parameter_name = "what"

    def lookups(self, request, model_admin):
        return [
            ("signature", _("A signature")),
            ("pledges", _("Pledges")),
            ("change", _("A changed profile")),
            ("review", _("A progress review")),
            ("recognition", _("A recognition")),
        ]

    def queryset(self, request, queryset):
        return queryset.with_waiting(self.value()) if self.value() else queryset


@admin.register(Case)
class CaseAdmin(BulkDecisions, PauseLevers, ReadOnlyAdmin):
    list_filter = [ShowFilter, UrgencyFilter, WhatFilter, "kind"]
    search_fields = ["name", "signatures__reference", "signatures__signer_name", "memberships__user__email"]
    search_help_text = gettext_lazy("A name, an e-mail address, or a reference.")
    change_list_template = "admin/pledges/case/change_list.html"

    # The queue ------------------------------------------------------------------------------------

    def has_change_permission(self, request, obj=None):
        return request.user.has_perm("pledges.change_case")

    def get_changelist(self, request, **kwargs):
        return Queue

    def _shows_decided(self, request):
        return request.GET.get(ShowFilter.parameter_name) == DECIDED_LATELY

    def get_queryset(self, request):
        return Case.objects.decided_lately() if self._shows_decided(request) else Case.objects.waiting()

    def get_object(self, request, object_id, from_field=None):
        return Case.objects.filter(pk=object_id).first() if object_id.isdecimal() else None

    def get_ordering(self, request):
        return ["-decided_last", "pk"] if self._shows_decided(request) else ["waiting_since", "pk"]

    def get_list_display(self, request):
        if self._shows_decided(request):
            return ["who", "kind", "state", "last_decision"]
        return ["who", "kind", "what_waits", "since", "age", "on_it"]

    def get_list_filter(self, request):
        return [ShowFilter, "kind"] if self._shows_decided(request) else self.list_filter

    def changelist_view(self, request, extra_context=None):
        decided = self._shows_decided(request)
        title = _("Decided in the last 90 days") if decided else _("Waiting for a decision")
        return super().changelist_view(request, {"title": title, "decided": decided, **(extra_context or {})})

    @admin.display(description=gettext_lazy("partner"), ordering="sort_name")
    def who(self, case):
        return case.name

    @admin.display(description=gettext_lazy("what waits"))
    def what_waits(self, case):
        things = [_("signature")] if case.state == "submitted" else []
        if case.pledges_waiting:
            n = case.pledges_waiting
            things.append(ngettext("%(n)s pledge", "%(n)s pledges", n) % {"n": n})
        if case.changes_waiting:
            things.append(_("changed profile"))
        if case.reviews_waiting:
            things.append(_("progress review"))
        if case.recognitions_waiting:
            n = case.recognitions_waiting
            things.append(ngettext("%(n)s recognition", "%(n)s recognitions", n) % {"n": n})
        return ", ".join(things)

    @admin.display(description=gettext_lazy("since"), ordering="waiting_since")
    def since(self, case):
        return timezone.localdate(case.waiting_since)

    @admin.display(description=gettext_lazy("working days"), ordering="waiting_since")
    def age(self, case):
        days, urgency = waiting(case.waiting_since)
        return format_html('<span class="tag tag-{}">{} · {}</span>', urgency.value, days, urgency.label)

    @admin.display(description=gettext_lazy("who is on it"))
    def on_it(self, case):
        return ", ".join(case.on_it)

    @admin.display(description=gettext_lazy("last decision"), ordering="decided_last")
    def last_decision(self, case):
        return case.decided_last

    # One signature --------------------------------------------------------------------------------

    def get_urls(self):
        def view(function):
            return self.admin_site.admin_view(function)

        own = [
            path("decide/", view(self.chosen_view), name="pledges_case_decide"),
            path("decided/", view(self.decided_many), name="pledges_case_decided"),
            path("<int:pk>/lead/", view(self.lead_view), name="pledges_case_lead"),
            path("<int:pk>/at-work/", view(self.at_work_view), name="pledges_case_at_work"),
            path("<int:pk>/withdraw/", view(self.withdraw_view), name="pledges_case_withdraw"),
        ]
        return [*own, *self.lever_urls(), *super().get_urls()]

    def _case(self, request, pk):
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST" and not self.has_change_permission(request):
            raise PermissionDenied
        case = Case.objects.to_decide_on().filter(pk=pk).first() if str(pk).isdecimal() else None
        if case is None:
            raise Http404
        return case

    def change_view(self, request, object_id, form_url="", extra_context=None):
        case = self._case(request, object_id)
        deciding = request.method == "POST" and "decide" in request.POST
        data = request.POST if deciding else None
        forms = [ThingForm(data, thing=thing) for thing in case.things_waiting]
        if request.method == "POST":
            if self._act(request, case, forms):
                return HttpResponseRedirect(request.path)
            case = self._case(request, object_id)  # as it is after what happened meanwhile
            if not deciding or not any(form.errors for form in forms):
                forms = [ThingForm(data, thing=thing) for thing in case.things_waiting]
        screen = Screen(case)
        return self._page(
            request,
            "case",
            others=at_work.on(work_on(case.pk), besides=request.user),
            title=case.name,
            case=case,
            screen=screen,
            items=list(screen.waiting_items(forms)),
            errors=any(form.errors for form in forms),
            number=new_number(),
            may_decide=self.has_change_permission(request),
        )

    def _act(self, request, case, forms):
        """Does what was asked for. Returns whether to show the page afresh; not when there is something to correct."""
        number = number_from(request)
        if is_decided(number):
            return True  # pressed twice
        try:
            if "undo" in request.POST:
                undone = undo(objects=objects_from(case, request.POST.getlist("thing")), actor=request.user)
                done = _("Undone, and waiting again: %(things)s.")
                self._say(request, done % {"things": ", ".join(name_of(obj) for obj in undone)})
                return True
            if request.POST.get("seen") != case.fingerprint:
                raise ValidationError(why_changed(case))
            if "approve_all" in request.POST:
                decisions = [Decision(thing, Move.APPROVE) for thing in case.things_waiting]
            elif all(form.is_valid() for form in forms):
                decisions = [form.decision for form in forms if form.decision]
            else:
                return False
            decided = decide(decisions=decisions, actor=request.user, seen=case.fingerprint, number=number)
        except ValidationError as refusal:
            self._say(request, " ".join(refusal.messages), messages.ERROR)
            return False
        for obj in decided:
            self._say(request, f"{name_of(obj)}: {obj.get_state_display()}.")
        return True

    def at_work_view(self, request, pk):
        """Notes that somebody has this open; the page does it by itself, or by a button."""
        case = self._case(request, pk)
        if request.method == "POST":
            deed = at_work.done if "done" in request.POST else at_work.tell
            deed(user=request.user, what=work_on(case.pk))
        return HttpResponseRedirect(reverse("admin:pledges_case_change", args=[case.pk]))

    def _say(self, request, words, level=messages.SUCCESS):
        self.message_user(request, words, level)

    def lead_view(self, request, pk):
        case = self._case(request, pk)
        if request.method == "POST" and {"again", "take_back"} & set(request.POST):
            return self._with_invitation(request, case)
        form = LeadForm(request.POST if request.method == "POST" else None, case=case)
        if request.method == "POST" and form.is_valid():
            try:
                words = self._appoint_or_invite(case, form, request.user)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                self._say(request, words)
                return HttpResponseRedirect(reverse("admin:pledges_case_change", args=[pk]))
        invitations = case.invitations.filter(state="open", role=Membership.Role.LEAD).order_by("invited_at")
        return self._page(
            request, "lead", title=_("Appoint a lead"), case=case, form=form, invitations=list(invitations)
        )

    def _appoint_or_invite(self, case, form, actor):
        if form.user:
            lead = appoint_lead(partner=case, user=form.user, actor=actor, **form.ending)
            return _("The lead is now %(email)s.") % {"email": lead.user.email}
        email = form.cleaned_data["email"]
        invitation = invite_lead(partner=case, email=email, actor=actor, **form.ending)
        return _("We write to %(email)s now. They lead it once they accept.") % {"email": invitation.email}

    def _with_invitation(self, request, case):
        """Sends an invitation to lead again, or takes it back."""
        deed, done = send_invitation_again, _("The invitation goes out again.")
        if "take_back" in request.POST:
            deed, done = take_back_invitation, _("The invitation is taken back.")
        number = request.POST.get("again") or request.POST.get("take_back")
        leading = case.invitations.filter(role=Membership.Role.LEAD)
        invitation = leading.filter(pk=number).first() if number.isdecimal() else None
        if invitation is None:
            raise Http404
        try:
            deed(invitation=invitation, actor=request.user, by_manager=True)
        except ValidationError as refusal:
            self._say(request, " ".join(refusal.messages), messages.ERROR)
        else:
            self._say(request, done)
        return HttpResponseRedirect(request.path)

    def withdraw_view(self, request, pk):
        case = self._case(request, pk)
        if request.method == "POST":
            try:
                withdraw_partner(partner=case, actor=request.user)
            except ValidationError as refusal:
                self._say(request, " ".join(refusal.messages), messages.ERROR)
            else:
                self._say(request, _("%(partner)s has been withdrawn.") % {"partner": case.name})
            return HttpResponseRedirect(reverse("admin:pledges_case_change", args=[pk]))
        return self._page(request, "withdraw", title=_("Withdraw this partner"), case=case)

    def _page(self, request, template, *, title, **context):
        return TemplateResponse(
            request,
            f"admin/pledges/case/{template}.html",
            {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "subtitle": None, **context},
        )
