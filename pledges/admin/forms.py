from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm
from oiep.moderation import NEEDS_WORDS, Move
from oiep.text import clean_line, clean_text, normalise_email
from partners.models import DeclineReason, JoinRequest
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


class RemovalForm(CharterForm):
    """Why something that stands is removed."""

    message = forms.CharField(
        label=_("Message to the partner"),
        help_text=_("They read it in an e-mail. It is not public."),
        max_length=4000,
        validators=[clean_text],
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write why you remove it.")},
    )


class LeadForm(CharterForm):
    """Who leads a partner from now on. case: the partner.

    One of its people at once, or one who has asked to join, as their addresses are proven; or somebody who is invited.
    """

    INVITE = "invite"

    who = forms.ChoiceField(
        label=_("Who is to lead it?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who is to lead it.")},
    )
    email = forms.EmailField(
        label=_("E-mail address of the new lead"),
        help_text=_("Only for an invitation. Check that it is theirs: they lead as soon as they accept."),
        max_length=254,
        required=False,
    )
    end_former = forms.BooleanField(
        label=_("End the part of the lead until now, at once"),
        help_text=_("For somebody who has died, has left or cannot be reached. Otherwise they stay as a member."),
        required=False,
    )
    reason = forms.CharField(
        label=_("Why"),
        help_text=_("If you end it. It stays in the audit trail; nobody outside reads it."),
        max_length=300,
        required=False,
        validators=[clean_line],
    )
    autocomplete = {"email": "off"}  # it is not about the person at the keyboard
    conditional = frozenset({"email", "reason"})

    def __init__(self, *args, case, **kwargs):
        super().__init__(*args, **kwargs)
        people = list(case.memberships.current().select_related("user"))
        asked = case.join_requests.filter(state=JoinRequest.State.ASKED).select_related("user")
        self.users = {str(row.user_id): row.user for row in people if not row.is_lead}
        askers = {str(row.user_id): row.user for row in asked}
        self.fields["who"].choices = [
            *((pk, f"{user}, {user.email}") for pk, user in self.users.items()),
            *(
                (pk, _("%(user)s, %(email)s, who asks to join") % {"user": user, "email": user.email})
                for pk, user in askers.items()
            ),
            (self.INVITE, _("Somebody else: we send them an invitation")),
        ]
        if not (self.users or askers):
            self.initial["who"] = self.INVITE
        self.users |= askers
        if not any(row.is_lead for row in people):
            del self.fields["end_former"], self.fields["reason"]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("who") == self.INVITE and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", ValidationError(_("Enter the address of the new lead."), code="required"))
        if cleaned.get("end_former") and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", ValidationError(_("Say why you end it."), code="required"))
        return cleaned

    def clean_email(self):
        email = self.cleaned_data["email"]
        return normalise_email(email) if email else ""

    @property
    def user(self):
        """Whom to appoint, or None where somebody is to be invited."""
        return self.users.get(self.cleaned_data["who"])

    @property
    def ending(self):
        """What happens to the lead until now, as the actions take it."""
        ends = self.cleaned_data.get("end_former", False)
        return {"end_former": ends, "reason": self.cleaned_data["reason"] if ends else ""}
