"""What a partner says when it claims a recognition."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.validators import MaxLengthValidator, URLValidator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm
from oiep.text import clean_text
from oiep.uploads import ACCEPT, make_safe, size_at_most
from partners.actions import version_of_claim
from pledges.forms.account import CHOOSE_AGAIN, SeenMixin, words_of
from pledges.forms.pledges import DAY_FORMATS

_FIELDS = ("awarded_on", "expires_on", "evidence_url", "note")


def _day(label, help_text, **options):
    return forms.DateField(
        label=label,
        help_text=help_text,
        input_formats=DAY_FORMATS,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input-short"}),
        **options,
    )


class ClaimForm(CharterForm):
    """kind: of which recognition. recognition: the claim that is changed or the one that is renewed, if any.

    is_new: whether it makes a claim of its own, so that a renewal begins without the old date and evidence.
    """

    # One of the two is needed.
    conditional = frozenset({"evidence_url", "file"})

    expires_on = _day(
        _("Until when is it valid?"),
        _("The last day, as your certificate or the public list says."),
        error_messages={
            "required": _("Enter the day until which it is valid."),
            "invalid": _("Enter a date as day, month and year."),
        },
    )
    awarded_on = _day(_("Since when do you hold it?"), _("Day, month and year."), required=False)
    evidence_url = forms.URLField(
        label=_("A link that shows it"),
        required=False,
        max_length=200,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    file = forms.FileField(
        label=_("Or a file that shows it"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )
    drop_file = forms.BooleanField(label=_("Take that file out"), required=False)
    note = forms.CharField(
        label=_("A word to us"),
        help_text=_("If you want to explain something. It is not shown in public."),
        required=False,
        max_length=600,
        validators=[clean_text, MaxLengthValidator(600)],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    see = SeenMixin.see

    def __init__(self, *args, kind, recognition=None, is_new=False, **kwargs):
        names = () if recognition is None else ("awarded_on",) if is_new else _FIELDS
        initial = {name: getattr(recognition, name) for name in names}
        if not is_new:
            initial["seen"] = version_of_claim(recognition)
        super().__init__(*args, initial=initial, **kwargs)
        self.has_file = bool(not is_new and recognition.evidence_file)
        if not kind.expires:
            del self.fields["expires_on"]
        if not self.has_file:
            del self.fields["drop_file"]
        self.fields["evidence_url"].help_text = kind.evidence_hint
        self.fields["file"].help_text = _now(
            "PDF, PNG, JPEG, WebP, DOCX or XLSX, up to %(size)s. Only we can open it: it is never public."
        ) % {"size": size_at_most()}

    def clean_file(self):
        upload = self.cleaned_data["file"]
        return make_safe(upload) if upload else None

    def clean(self):
        cleaned = super().clean()
        keeps_file = self.has_file and not cleaned.get("drop_file")
        if not (cleaned.get("evidence_url") or cleaned.get("file") or keeps_file or self.errors):
            self.add_error("evidence_url", _("Give a link that shows it, or choose a file."))
        if self.errors and cleaned.get("file"):
            self.add_error("file", CHOOSE_AGAIN)
        return cleaned

    def refuse(self, error):
        """Shows what an action did not take, beside the field that it is about where that is here."""
        for name, messages in getattr(error, "error_dict", {NON_FIELD_ERRORS: [error]}).items():
            self.add_error(name if name in self.fields else None, messages)
        if self.files:
            self.add_error("file", CHOOSE_AGAIN)

    def values(self):
        """What was entered, as `partners.actions.claim_recognition` takes it."""
        return {name: self.cleaned_data.get(name) for name in _FIELDS}

    def differences(self, current):
        """What the claim says now where it is not what was entered, for `pledges/account/_rows.html`."""
        return [
            {"label": self.fields[name].label, "words": words_of(current, name)}
            for name, entered in self.values().items()
            if name in self.fields and entered != getattr(current, name)
        ]
