"""The levers that work on several reviews: choose, fill in, see what will happen, confirm."""

import logging
from dataclasses import dataclass

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oiep import email as mail
from oiep.texts.nodes import in_use as wordings_in_use
from pledges.actions.messages import letter_to, obstacle_to_writing, write_to
from pledges.actions.moderation import new_number
from pledges.actions.reviews import days_to_extend_to, extend, move_everybody
from pledges.admin.bulk import number_from
from pledges.admin.review_forms import ExtendForm, MessageForm, MoveForm
from pledges.models import Review
from pledges.overview import effect_of_moving

logger = logging.getLogger(__name__)

AT_MOST = 200  # reviews in one go: a few seconds' work


@dataclass(frozen=True)
class Row:
    """What will happen to one review. obstacle: why nothing will. letter: the subject and the text of what is sent."""

    review: Review
    effect: str = ""
    obstacle: str = ""
    letter: tuple = ()


class BulkLevers:
    def lever_urls(self):
        return [
            path("extend/", self._view(self.extend_view), name="pledges_review_extend"),
            path("write/", self._view(self.write_view), name="pledges_review_write"),
            path("move/", self._view(self.move_view), name="pledges_review_move"),
        ]

    @admin.action(description=gettext_lazy("Extend…"), permissions=["lever"])
    def extend_several(self, request, queryset):
        return self._begin(request, queryset, "extend")

    @admin.action(description=gettext_lazy("Write to their leads…"), permissions=["lever"])
    def write_to_several(self, request, queryset):
        return self._begin(request, queryset, "write")

    def _begin(self, request, queryset, lever):
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: AT_MOST + 1])
        if len(keys) > AT_MOST:
            words = _("You chose more than %(most)s. Here are the first %(most)s: do the others after them.")
            self.message_user(request, words % {"most": AT_MOST}, messages.WARNING)
        url = reverse(f"admin:pledges_review_{lever}")
        return HttpResponseRedirect(f"{url}?reviews={','.join(map(str, keys[:AT_MOST]))}")

    def _chosen(self, request):
        """The reviews that the page is about, by the partners' names."""
        if not self.has_lever_permission(request):
            raise PermissionDenied
        words = request.POST.get("reviews") or request.GET.get("reviews", "")
        keys = [int(key) for key in words.split(",") if key.isdecimal() and len(key) < 18][:AT_MOST]
        reviews = Review.objects.filter(pk__in=keys).select_related("partner")
        return list(reviews.prefetch_related("partner__memberships__user").order_by("partner__sort_name", "pk"))

    # Extending ------------------------------------------------------------------------------------

    def extend_view(self, request):
        reviews = self._chosen(request)
        form = ExtendForm(request.POST if request.method == "POST" else None)
        rows = []
        if form.is_valid():
            rows = [_extension(review, form.cleaned_data["due_on"]) for review in reviews]
            if "confirm" in request.POST:
                return self._do(
                    request,
                    reviews,
                    lambda review: extend(review=review, actor=request.user, **form.cleaned_data),
                    lambda n: ngettext("%(n)s review is extended.", "%(n)s reviews are extended.", n) % {"n": n},
                )
        return self._lever_page(request, "extend", _("Extend"), reviews, form, rows)

    # Writing --------------------------------------------------------------------------------------

    def write_view(self, request):
        reviews = self._chosen(request)
        form = MessageForm(request.POST if request.method == "POST" else None)
        rows = []
        if form.is_valid():
            data = form.cleaned_data
            with wordings_in_use():  # asked for once, for all the letters
                rows = [_message(review, data) for review in reviews]
            if "confirm" in request.POST:
                batch = number_from(request)
                response = self._do(
                    request,
                    reviews,
                    lambda review: write_to(review=review, batch=batch, actor=request.user, **data),
                    lambda n: ngettext("%(n)s e-mail is on its way.", "%(n)s e-mails are on their way.", n) % {"n": n},
                )
                mail.nudge()
                return response
        return self._lever_page(request, "write", _("Write to several"), reviews, form, rows)

    def _lever_page(self, request, lever, title, reviews, form, rows):
        return self._page(
            request,
            "several",
            title=title,
            lever=lever,
            reviews=reviews,
            chosen=",".join(str(review.pk) for review in reviews),
            form=form,
            rows=rows,
            possible=sum(not row.obstacle for row in rows),
            number=request.POST.get("number") or new_number(),
        )

    def _do(self, request, reviews, action, words):
        """Does it to each in a transaction of its own, and says what happened."""
        done = 0
        for review in reviews:
            try:
                done += bool(action(review))
            except ValidationError as refusal:
                self._say_of(request, review, " ".join(refusal.messages))
            except Exception:  # one failure does not stop the rest
                logger.exception("The lever failed on review %s", review.pk)
                self._say_of(request, review, _("Something went wrong, and nothing was changed here."))
        if done:
            self.message_user(request, words(done), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:pledges_review_changelist"))

    def _say_of(self, request, review, words):
        self.message_user(request, f"{review.partner.name}: {words}", messages.ERROR)

    # Everybody ------------------------------------------------------------------------------------

    def move_view(self, request):
        if not self.has_lever_permission(request):
            raise PermissionDenied
        form = MoveForm(request.POST if request.method == "POST" else None)
        effect = None
        if form.is_valid():
            data = form.cleaned_data
            effect = effect_of_moving(data["days"])
            if "confirm" in request.POST:
                return self._move(request, data)
        return self._page(
            request,
            "move",
            title=_("After an outage: move everybody's dates"),
            form=form,
            effect=effect,
            number=request.POST.get("number") or new_number(),
        )

    def _move(self, request, data):
        try:
            moved = move_everybody(actor=request.user, number=number_from(request), **data)
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
        else:
            words = ngettext("%(n)s due date moved.", "%(n)s due dates moved.", moved) % {"n": moved}
            if not moved:
                words = _("Nothing moved: it was done already, or nobody owes a review.")
            self.message_user(request, words, messages.SUCCESS if moved else messages.WARNING)
        return HttpResponseRedirect(reverse("admin:pledges_review_changelist"))


def _extension(review, due_on):
    if not review.is_awaited or review.partner.withdrawn_at:
        return Row(review, obstacle=_("It was answered or has closed, so its date cannot be moved."))
    earliest, latest = days_to_extend_to(review)
    if latest < earliest:
        return Row(review, obstacle=_("Its next review opens before any later date."))
    if not earliest <= due_on <= latest:
        words = _("Only a day from %(first)s to %(last)s is possible.")
        return Row(review, obstacle=words % {"first": _date(earliest), "last": _date(latest)})
    words = _("Due on %(new)s instead of %(old)s. The reminders begin anew for that date.")
    return Row(review, effect=words % {"new": _date(due_on), "old": _date(review.due_on)})


def _message(review, data):
    if obstacle := obstacle_to_writing(review):
        return Row(review, obstacle=obstacle)
    letter = mail.compose(*letter_to(review, **data))
    words = _("One e-mail goes to %(to)s.") % {"to": review.partner.lead.user.email}
    return Row(review, effect=words, letter=letter)


def _date(day):
    return day.strftime("%-d %B %Y")
