"""Progress reviews: who is due, overdue or silent and why, and what the manager does about it."""

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.admin import ReadOnlyAdmin
from partners.models import Kind
from pledges.actions.answers import take_out_explanation
from pledges.admin.review_bulk import BulkLevers
from pledges.admin.review_csv import Figures
from pledges.admin.review_forms import TakeOutForm
from pledges.admin.review_screen import ReviewScreen
from pledges.ledger import ledgers_of
from pledges.models import Review
from pledges.overview import Where, condition, open_condition, where_it_stands, with_standing
from pledges.views.reviews.telephone import begin_telephone_review


class ReviewList(ChangeList):
    def get_results(self, request):
        super().get_results(request)
        ledgers = ledgers_of(self.result_list)
        for review in self.result_list:
            review.ledger = ledgers[review.pk]


class WhereFilter(admin.SimpleListFilter):
    title = gettext_lazy("where it stands")
    parameter_name = "where"

    def lookups(self, request, model_admin):
        return Where.choices

    def choices(self, changelist):
        everything, *others = super().choices(changelist)
        return [{**everything, "display": _("All that are open")}, *others]

    def queryset(self, request, queryset):
        return queryset.filter(condition(self.value()) if self.value() in Where.values else open_condition())


class WhoFilter(admin.SimpleListFilter):
    title = gettext_lazy("whose")
    parameter_name = "who"

    def lookups(self, request, model_admin):
        return [("residents", _("Residents")), ("everybody", _("Everybody"))]

    def choices(self, changelist):
        organisations, *others = super().choices(changelist)
        return [{**organisations, "display": _("Organisations")}, *others]

    def queryset(self, request, queryset):
        if self.value() == "everybody":
            return queryset
        if self.value() == "residents":
            return queryset.filter(partner__kind=Kind.RESIDENT)
        return queryset.exclude(partner__kind=Kind.RESIDENT)


@admin.register(Review)
class ReviewAdmin(Figures, BulkLevers, ReadOnlyAdmin):
    list_display = ["who", "due_on", "where", "what_we_wrote"]
    list_filter = [WhereFilter, WhoFilter]
    list_select_related = ["partner"]
    search_fields = ["partner__name", "partner__memberships__user__email"]
    search_help_text = gettext_lazy("A partner's name, or the e-mail address of one of its people.")
    ordering = ["due_on", "pk"]
    actions = ["extend_several", "write_to_several", "export_figures"]
    change_list_template = "admin/pledges/review/change_list.html"

    def has_change_permission(self, request, obj=None):
        return request.user.has_perm("pledges.change_review")

    def has_lever_permission(self, request):
        return self.has_change_permission(request)

    def get_changelist(self, request, **kwargs):
        return ReviewList

    def get_queryset(self, request):
        return with_standing(super().get_queryset(request))

    def changelist_view(self, request, extra_context=None):
        may_act = self.has_change_permission(request)
        return super().changelist_view(request, {"may_act": may_act, **(extra_context or {})})

    @admin.display(description=gettext_lazy("partner"), ordering="partner__sort_name")
    def who(self, review):
        return review.partner.name

    @admin.display(description=gettext_lazy("where it stands"))
    def where(self, review):
        tone, words = where_it_stands(review)
        return format_html('<span class="tag tag-{}">{}</span>', tone, words)

    @admin.display(description=gettext_lazy("what we wrote"))
    def what_we_wrote(self, review):
        lines = format_html_join("", "<li><b>{}</b>: {}</li>", _in_brief(review))
        return format_html('<ul class="ledger">{}</ul>', lines) if lines else _("nothing yet")

    # One review -----------------------------------------------------------------------------------

    def get_urls(self):
        own = [
            path("<int:pk>/telephone/", self._view(self.telephone_view), name="pledges_review_telephone"),
            path("<int:pk>/explanation/", self._view(self.explanation_view), name="pledges_review_explanation"),
        ]
        return [*own, *self.lever_urls(), *self.figures_urls(), *super().get_urls()]

    def _view(self, function):
        return self.admin_site.admin_view(function)

    def _review(self, request, pk):
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST" and not self.has_change_permission(request):
            raise PermissionDenied
        reviews = with_standing(Review.objects.select_related("partner", "recorded_by", "decided_by"))
        review = reviews.filter(pk=pk).first() if str(pk).isdecimal() else None
        if review is None:
            raise Http404
        return review

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method == "POST":  # it changes through its levers and decisions only
            raise PermissionDenied
        review = self._review(request, object_id)
        return self._page(
            request,
            "review",
            title=review.partner.name,
            review=review,
            screen=ReviewScreen(review),
            where=where_it_stands(review),
            may_act=self.has_change_permission(request),
        )

    def telephone_view(self, request, pk):
        """To the review's own pages, which record it as taken by telephone."""
        review = self._review(request, pk)
        if request.method != "POST":
            return self._to(review)
        if obstacle := self._obstacle_to_telephone(review):
            self.message_user(request, obstacle, messages.ERROR)
            return self._to(review)
        return begin_telephone_review(request, review)

    def _obstacle_to_telephone(self, review):
        if review.is_editable and not review.partner.withdrawn_at:
            return ""
        return _("This review cannot be filled in now: it was sent in, decided or closed.")

    def explanation_view(self, request, pk):
        review = self._review(request, pk)
        form = TakeOutForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                take_out_explanation(review=review, actor=request.user, reason=form.cleaned_data["reason"])
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            else:
                self.message_user(request, _("The explanation is taken out, and the lead is told."), messages.SUCCESS)
            return self._to(review)
        return self._page(request, "explanation", title=_("Take out the explanation"), review=review, form=form)

    def _to(self, review):
        return HttpResponseRedirect(reverse("admin:pledges_review_change", args=[review.pk]))

    def _page(self, request, template, *, title, **context):
        return TemplateResponse(
            request,
            f"admin/pledges/review/{template}.html",
            {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "subtitle": None, **context},
        )


def _in_brief(review):
    """The ledger with steps of which the same is to be said put together, up to the first that is still to come."""
    lines = []
    for entry in review.ledger:
        if entry.row is None and not review.is_awaited:
            continue
        if lines and lines[-1][1] == entry.what:
            lines[-1] = (f"{lines[-1][0]}, {entry.label}", entry.what)
        else:
            lines.append((entry.label, entry.what))
        if entry.row is None:
            break
    return lines
