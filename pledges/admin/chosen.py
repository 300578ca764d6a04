"""The same decision on all that was chosen in a list: its actions, and what the page that shows them first sends."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.moderation import NEEDS_WORDS, Move
from pledges.admin.forms import ManyForm

TITLES = {
    Move.APPROVE: gettext_lazy("Approve"),
    Move.ASK: gettext_lazy("Ask for changes"),
    Move.DECLINE: gettext_lazy("Decline"),
    Move.UNDO: gettext_lazy("Undo the decision"),
}
# What went wrong with one, in words for the manager; it does not stop the rest.
FAILED = gettext_lazy("Something went wrong, and nothing was changed here. Try this one on its own.")


class DecidesOnChosen:
    """For a ModelAdmin. A subclass has `at_most`, how many are looked at in one preview, and

    - `key_field`, the name of the hidden field with the key of each that was chosen,
    - `chosen(keys)`, what is shown first,
    - `preview(request, move, things, form)`, the page that shows what will happen,
    - `decide_on_chosen(request, move, keys, form)`, which does it and answers.
    """

    actions = ["approve_many", "ask_many", "decline_many", "undo_many"]

    def has_decide_permission(self, request):
        return self.has_change_permission(request)

    @admin.action(description=TITLES[Move.APPROVE], permissions=["decide"])
    def approve_many(self, request, queryset):
        return self._begin(request, queryset, Move.APPROVE)

    @admin.action(description=TITLES[Move.ASK], permissions=["decide"])
    def ask_many(self, request, queryset):
        return self._begin(request, queryset, Move.ASK)

    @admin.action(description=TITLES[Move.DECLINE], permissions=["decide"])
    def decline_many(self, request, queryset):
        return self._begin(request, queryset, Move.DECLINE)

    @admin.action(description=TITLES[Move.UNDO], permissions=["decide"])
    def undo_many(self, request, queryset):
        return self._begin(request, queryset, Move.UNDO)

    def list_url(self):
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _begin(self, request, queryset, move):
        count = queryset.count()
        if count > self.at_most:
            words = _(
                "You chose %(chosen)s. We decide on at most %(most)s at a time: here are the first %(most)s. "
                "When they are done, choose the rest."
            )
            self.message_user(request, words % {"chosen": count, "most": self.at_most}, messages.WARNING)
        keys = list(queryset.values_list("pk", flat=True)[: self.at_most])
        form = ManyForm(None if move in NEEDS_WORDS else {}, move=move)
        return self.preview(request, move, self.chosen(keys), form)

    def chosen_view(self, request):
        """Shows what will happen until it is confirmed, and then does it."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        move = request.POST.get("move")
        if request.method != "POST" or move not in TITLES:
            return HttpResponseRedirect(self.list_url())
        move = Move(move)
        sent = request.POST.getlist(self.key_field)
        keys = [int(key) for key in sent if key.isdecimal() and len(key) < 19][: self.at_most]
        form = ManyForm(request.POST, move=move)
        if "confirm" not in request.POST or not form.is_valid():
            return self.preview(request, move, self.chosen(keys).order_by("submitted_at", "pk"), form)
        return self.decide_on_chosen(request, move, keys, form)
