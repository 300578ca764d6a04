"""Deciding on several things that are decided on alone: choose, write the words, see what will happen, confirm."""

import logging

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oiep.moderation import NEEDS_WORDS, Move
from pledges.admin.chosen import FAILED, TITLES, DecidesOnChosen

logger = logging.getLogger(__name__)

_EFFECTS = {
    Move.APPROVE: gettext_lazy("It becomes public."),
    Move.ASK: gettext_lazy("It goes back to who sent it in, with your message."),
    Move.DECLINE: gettext_lazy("It is declined."),
    Move.UNDO: gettext_lazy("It will wait for a decision again."),
}


class DecidedTogether(DecidesOnChosen):
    """For a ModelAdmin that is `DecidedAlone`: the same decision on those that were chosen in its list.

    A subclass has `words_of(thing)`, the paragraphs that one reads before deciding.
    """

    at_most = 50
    key_field = "thing"

    def has_decide_permission(self, request):
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def effect_of(self, thing, move):
        return _EFFECTS[move]

    def together_url(self):
        label = f"{self.opts.app_label}_{self.opts.model_name}"
        return path("decide/", self.admin_site.admin_view(self.chosen_view), name=f"{label}_together")

    def chosen(self, keys):
        return self.things_to_decide().filter(pk__in=keys).order_by("submitted_at", "pk")

    def preview(self, request, move, things, form):
        """First the words, where the move needs some; then what will happen."""
        ready = move == Move.UNDO or (form.is_bound and form.is_valid())
        rows = [
            {
                "thing": thing,
                "url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[thing.pk]),
                "obstacle": thing.why_not(move),
                "effect": self.effect_of(thing, move),
                "words": self.words_of(thing),
                "seen": thing.fingerprint,
            }
            for thing in (things if ready else ())
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": TITLES[move],
            "opts": self.opts,
            "list_url": self.list_url(),
            "list_name": self.opts.verbose_name_plural,
            "move": move,
            "things": things,
            "form": form if move in NEEDS_WORDS else None,
            "rows": rows,
            "possible": sum(not row["obstacle"] for row in rows),
        }
        return TemplateResponse(request, "admin/pledges/together.html", context)

    def decide_on_chosen(self, request, move, keys, form):
        words = form.cleaned_data.get("message", "").strip()
        reason = form.cleaned_data.get("reason")
        words = words or (reason.message.strip() if reason else "")
        done = sum(self._decide_one(request, thing, move, words) for thing in self.chosen(keys))
        if done:
            text = ngettext("Decided on %(n)s.", "Decided on %(n)s.", done) % {"n": done}
            self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(self.list_url())

    def _decide_one(self, request, thing, move, words):
        """Decides on one, in its own transaction; what stood in the way is said, and does not stop the rest."""
        try:
            self.decide(thing, move, request.user, words, seen=request.POST.get(f"seen-{thing.pk}", ""))
        except ValidationError as refusal:
            obstacle = " ".join(refusal.messages)
        except Exception:
            logger.exception("Deciding on %s %s failed", self.opts.model_name, thing.pk)
            obstacle = FAILED
        else:
            return True
        text = _("“%(title)s” was left as it was: %(why)s") % {"title": thing.title, "why": obstacle}
        self.message_user(request, text, messages.ERROR)
        return False
