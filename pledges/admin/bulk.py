"""Deciding on many partners at once: choose, write the words, see what will happen, confirm, read what happened."""

import logging
import time
import uuid
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.email import compose
from oiep.moderation import NEEDS_WORDS, Move
from oiep.texts.nodes import in_use as wordings_in_use
from partners.models import Partner, Recognition
from pledges.actions.moderation import (
    CHANGED,
    MOVE_TO,
    decide,
    is_decided,
    latest_decision_of,
    new_number,
    undo,
)
from pledges.admin.chosen import FAILED, TITLES, DecidesOnChosen
from pledges.admin.screen import key_of, why_changed
from pledges.emails import Outcome, letter_about, letter_of_undoing, name_of
from pledges.models import Case, Pledge, Review

logger = logging.getLogger(__name__)

SECONDS = 10  # of work in one request; the rest follows in the next
RESULT = "decided_many"  # in the session

_TITLES = TITLES | {Move.UNDO: gettext_lazy("Undo the latest decision")}


class BulkDecisions(DecidesOnChosen):
    at_most = 200
    key_field = "case"

    def get_actions(self, request):
        actions = super().get_actions(request)
        undoing = self._shows_decided(request)
        return {
            name: action
            for name, action in actions.items()
            if name not in self.actions or (name == "undo_many") == undoing
        }

    def chosen(self, keys):
        return Case.objects.to_decide_on().filter(pk__in=keys)

    def preview(self, request, move, cases, form):
        """First the words, where the move needs some; then what will happen."""
        rows = []
        with wordings_in_use():  # asked for once, for all the letters
            if move == Move.UNDO:
                rows = [_row_of_undoing(case) for case in cases]
            elif form.is_bound and form.is_valid():
                rows = [_row(case, form.decisions_on(case)) for case in cases]
        return self._page(
            request,
            "many",
            title=_TITLES[move],
            move=move,
            cases=cases,
            form=form if move in NEEDS_WORDS else None,
            rows=rows,
            possible=sum(not row.obstacle for row in rows),
            number=new_number(),
        )

    def decide_on_chosen(self, request, move, keys, form):
        result = self._result(request)
        cases = Case.objects.to_decide_on().in_bulk(keys)
        stop_at = time.monotonic() + SECONDS
        while keys:
            key = keys.pop(0)
            words = self._decide_one(request, move, key, cases.get(key), form)
            result["failed"].pop(str(key), None)
            if words:
                result["failed"][str(key)] = words
            elif key not in result["done"]:
                result["done"].append(key)
            if time.monotonic() > stop_at:
                break
        request.session[RESULT] = {**result, "move": move.value}
        if keys:
            return self._go_on(request, move, keys)
        return HttpResponseRedirect(reverse("admin:pledges_case_decided"))

    def _result(self, request):
        """What has happened so far under the number of this decision, when it takes several goes."""
        number = number_from(request)
        result = request.session.get(RESULT)
        return result if result and result["number"] == number else {"number": number, "done": [], "failed": {}}

    def _go_on(self, request, move, keys):
        """One request does a few seconds' work; the page goes on with the rest by itself, or by a button."""
        sent = {name: request.POST.get(name, "") for name in ("move", "number", "reason", "message", "confirm")}
        seen = {key: request.POST.get(f"seen-{key}", "") for key in keys}
        result = request.session[RESULT]
        over = len(result["done"]) + len(result["failed"])
        context = {"sent": sent, "seen": seen, "over": over, "total": over + len(keys)}
        return self._page(request, "go_on", title=_TITLES[move], **context)

    def _decide_one(self, request, move, key, case, form):
        """Decides on one partner, in its own transaction. Returns why nothing happened; empty when it did.

        case: as it was a moment ago; what was seen is asked again under the lock.
        """
        seen = request.POST.get(f"seen-{key}", "")
        number = f"{number_from(request)}-{key}"
        if is_decided(number):
            return ""
        if case is None:
            return _("This partner has been erased.")
        try:
            if move == Move.UNDO:
                latest = latest_decision_of(case)
                if _mark(latest) != seen:
                    return str(CHANGED)
                undo(objects=latest.objects, actor=request.user)
            elif decisions := form.decisions_on(case):
                decide(decisions=decisions, actor=request.user, seen=seen, number=number)
            else:
                return why_changed(case)
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        except Exception:  # one failure does not stop the rest
            logger.exception("Deciding on partner %s failed", key)
            return str(FAILED)
        return ""

    def decided_many(self, request):
        """What happened to those that were chosen last; it can be read again."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        result = request.session.get(RESULT)
        if not result:
            return HttpResponseRedirect(self.list_url())
        partners = Partner.objects.in_bulk([*result["done"], *map(int, result["failed"])])
        return self._page(
            request,
            "decided",
            title=_("What happened"),
            move=result["move"],
            move_label=_TITLES[Move(result["move"])],
            done=[partners[key] for key in result["done"] if key in partners],
            failed=[(partners.get(int(key)), words) for key, words in result["failed"].items()],
        )


def number_from(request):
    """The number that the form gave this decision, so that pressing twice decides once."""
    try:
        return str(uuid.UUID(request.POST.get("number", "")))
    except ValueError:
        return new_number()


# What will happen -----------------------------------------------------------------------------


@dataclass
class Row:
    """What will happen to one partner. letter: the subject and the text of what its lead will read."""

    case: Case
    seen: str = ""
    effects: list = field(default_factory=list)
    letter: tuple = ()
    obstacle: str = ""

    @property
    def recipient(self):
        return self.case.lead.user.email if self.case.lead else ""


def _row(case, decisions):
    if not decisions:
        return Row(case, obstacle=why_changed(case))
    outcomes = [Outcome(decision.obj, decision.move, decision.words) for decision in decisions]
    effects = [_effect(decision.obj, decision.move) for decision in decisions]
    return Row(case, case.fingerprint, effects, _letter(case, letter_about(case, outcomes)))


def _row_of_undoing(case):
    latest = latest_decision_of(case)
    if latest.obstacle:
        return Row(case, obstacle=latest.obstacle)
    effects = [
        _("%(thing)s is “%(state)s” now, and will wait for a decision again.")
        % {"thing": name_of(obj), "state": obj.get_state_display()}
        for obj in latest.objects
    ]
    if latest.is_unsent:
        effects.append(_("Our e-mail about it has not gone yet, and will not be sent."))
        return Row(case, _mark(latest), effects)
    outcomes = [Outcome(obj, MOVE_TO[obj.state], obj.decision_message) for obj in latest.objects]
    return Row(case, _mark(latest), effects, _letter(case, letter_of_undoing(case, outcomes)))


def _letter(case, letter):
    template, context = letter
    return compose(template, context) if case.lead else ()


def _effect(thing, move):
    name = name_of(thing)
    if move == Move.ASK:
        return _("%(thing)s goes back to the partner with your message.") % {"thing": name}
    if move == Move.DECLINE:
        return _("%(thing)s is declined.") % {"thing": name}
    if isinstance(thing, Partner):
        return _("The signature is approved, and the partner's page becomes public.")
    if isinstance(thing, Pledge):
        if thing.replaces:
            return _("%(thing)s becomes public, and replaces %(old)s.") % {
                "thing": name,
                "old": name_of(thing.replaces)[:1].lower() + name_of(thing.replaces)[1:],
            }
        return _("%(thing)s becomes public.") % {"thing": name}
    if isinstance(thing, Review):
        return _("%(thing)s becomes public. Its pledges go on, change or end as it says.") % {"thing": name}
    if isinstance(thing, Recognition) and thing.replaces:
        return _("%(thing)s becomes public, and replaces what the page says of it now.") % {"thing": name}
    return _("%(thing)s becomes public.") % {"thing": name}


def _mark(decision):
    return ",".join(f"{key_of(obj)}-{obj.state}" for obj in decision.objects)
