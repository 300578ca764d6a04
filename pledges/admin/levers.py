"""What the manager does about one partner's reviews, from its case."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from pledges.actions.reviews import end_pause, pause
from pledges.admin.review_forms import PauseForm


class PauseLevers:
    def lever_urls(self):
        def view(function):
            return self.admin_site.admin_view(function)

        return [
            path("<int:pk>/pause/", view(self.pause_view), name="pledges_case_pause"),
            path("<int:pk>/end-pause/", view(self.end_pause_view), name="pledges_case_end_pause"),
        ]

    def pause_view(self, request, pk):
        case = self._case(request, pk)
        form = PauseForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                row = pause(partner=case, actor=request.user, **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                words = _("%(partner)s is paused until %(date)s.")
                self._say(request, words % {"partner": case.name, "date": row.until.strftime("%-d %B %Y")})
                return self._to_case(pk)
        return self._page(request, "pause", title=_("Pause this partner"), case=case, form=form)

    def end_pause_view(self, request, pk):
        case = self._case(request, pk)
        if request.method == "POST":
            try:
                end_pause(partner=case, actor=request.user)
            except ValidationError as refusal:
                self._say(request, " ".join(refusal.messages), messages.ERROR)
            else:
                self._say(request, _("The pause of %(partner)s has ended.") % {"partner": case.name})
        return self._to_case(pk)

    def _to_case(self, pk):
        return HttpResponseRedirect(reverse("admin:pledges_case_change", args=[pk]))
