from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from oiep.accounts import user_for
from oiep.forms import CharterForm
from oiep.moderation import NEEDS_WORDS, Move
from oiep.text import clean_line, clean_text
from partners.models import DeclineReason
from pledges.actions.moderation import Decision
from pledges.emails import name_of

LEAVE = ""


class WordsForm(CharterForm):
    """What to write to the partner: a ready reason, words of one's own, or both chosen and then changed."""

    reason = forms.ModelChoiceField(
        queryset=DeclineReason.objects.none(),
        required=False,
        label=_("Reason"),
        empty_label=_("No ready reason"),
        help_text=_("For declining. We send its words, unless you write your own below."),
    )
    message = forms.CharField(
        required=False,
        label=_("Message to the partner"),
        max_length=4000,
        validators=[clean_text],
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = DeclineReason.objects.current()

    def require_words(self, move):
        reason = self.cleaned_data.get("reason")
        if move not in NEEDS_WORDS or self.cleaned_data.get("message", "").strip() or "message" in self.errors:
            return
        if move == Move.ASK:
            self.add_error("message", ValidationError(_("Write what the partner should change."), code="required"))
        elif not reason:
            self.add_error("message", ValidationError(_("Choose a reason, or write why you decline."), code="required"))


class ManyForm(WordsForm):
    """One message for all the partners that were chosen."""

    def __init__(self, *args, move, **kwargs):
        super().__init__(*args, **kwargs)
        self.move = move
        if move != Move.DECLINE:
            del self.fields["reason"]
        if move not in NEEDS_WORDS:
            del self.fields["message"]

    def clean(self):
        self.require_words(self.move)

    def decisions_on(self, case):
        """Everything that waits, decided alike."""
        data = self.cleaned_data
        return [
            Decision(thing, self.move, data.get("message", ""), data.get("reason")) for thing in case.things_waiting
        ]


class ThingForm(WordsForm):
    """What to do with one thing that waits."""

    move = forms.ChoiceField(
        required=False,
        label=_("Decision"),
        choices=[
            (Move.APPROVE, _("Approve")),
            (Move.ASK, _("Ask for changes")),
            (Move.DECLINE, _("Decline")),
            (LEAVE, _("Decide later")),
        ],
        widget=forms.RadioSelect,
    )
    field_order = ["move", "reason", "message"]

    def __init__(self, *args, thing, **kwargs):
        super().__init__(*args, prefix=f"{thing._meta.concrete_model._meta.model_name}-{thing.pk}", **kwargs)
        self.thing = thing
        self.name = name_of(thing)
        self.fields["move"].label = _("Decision on: %(thing)s") % {"thing": self.name}

    def clean(self):
        self.require_words(self.cleaned_data.get("move"))

    @property
    def decision(self):
        data = self.cleaned_data
        if not data["move"]:
            return None
        return Decision(self.thing, Move(data["move"]), data["message"], data["reason"])


class LeadForm(CharterForm):
    email = forms.EmailField(
        label=_("E-mail address of the new lead"),
        help_text=_(
            "They get the partner's e-mail from now on, and sign in with this address. Check that it is theirs."
        ),
    )
    name = forms.CharField(label=_("Their name"), max_length=150, required=False, validators=[clean_line])
    autocomplete = {"email": "off", "name": "off"}  # it is not about the person at the keyboard

    def user(self):
        return user_for(self.cleaned_data["email"], self.cleaned_data["name"])
