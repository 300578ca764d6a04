"""What a partner fills in about its year."""

from django import forms
from django.conf import settings
from django.core.validators import MaxLengthValidator, URLValidator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm
from oiep.templatetags.charter import figure
from oiep.text import clean_line, clean_text
from oiep.translated import spoken
from oiep.uploads import ACCEPT, make_safe, size_at_most
from pledges.actions.pledges import values_of
from pledges.forms.account import CHOOSE_AGAIN, OneLineField, SeenMixin, words_of
from pledges.forms.pledges import FigureField, PledgeForm
from pledges.models import Answer, Review
from pledges.models.reviews import no_links

Progress, Next = Answer.Progress, Answer.Next


class VersionedForm(CharterForm):
    """A form that knows what it was opened on, so that of two windows neither overwrites the other unseen."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    see = SeenMixin.see

    def differences(self, current):
        """What stands there now where it is not what was entered, for `pledges/account/_rows.html`."""
        return [
            {"name": name, "label": self.fields[name].label, "words": words_of(current, name)}
            for name, entered in self.cleaned_data.items()
            if hasattr(current, name) and entered != getattr(current, name)
        ]


def _words(label, help_text, *, required=False, message="", rows=4):
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=600,
        validators=[clean_text, MaxLengthValidator(600)],
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": message} if message else {},
    )


class AnswerForm(VersionedForm):
    """How one pledge goes. pledge: which. last: the answer of the review before, or None."""

    conditional = frozenset({"next"})

    progress = forms.ChoiceField(
        label=_("How does it go?"),
        choices=[
            (Progress.ACHIEVED, _("Achieved: we did what we promised")),
            (Progress.ON_TRACK, _("On track: we are getting there")),
            (Progress.BEHIND, _("Behind: slower than we planned")),
            (Progress.NOT_STARTED, _("Not started yet")),
            (Progress.CHANGED, _("Changed: we do something else now")),
            (Progress.STOPPED, _("Stopped: we do not do it any more")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how it goes.")},
    )
    figure = FigureField(
        label=_("What figure have you reached?"),
        required=False,
        max_digits=14,
        decimal_places=2,
        error_messages={
            name: _("Enter a number, for example 250 or 12.5.")
            for name in ("invalid", "max_digits", "max_decimal_places", "max_whole_digits")
        },
    )
    words = _words(
        _("What happened?"),
        _("A sentence or two. Everyone will be able to read it, so leave out the names of people who did not agree."),
        required=True,
        message=_("Write what happened, in a sentence or two."),
    )
    next = forms.ChoiceField(
        label=_("What comes next?"),
        help_text=_("Skip this if you have changed or stopped it: we ask about that on the next page."),
        choices=[
            (Next.RENEW, _("We go on with it for another year")),
            (Next.CHANGE, _("We go on, with a change to the pledge")),
            (Next.CLOSE, _("It is done: we end it here")),
        ],
        required=False,
        widget=forms.RadioSelect,
    )
    evidence_url = forms.URLField(
        label=_("A link to evidence"),
        help_text=_("A page, a report or a picture that shows it. Everyone will be able to see it."),
        required=False,
        max_length=200,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    file = forms.FileField(
        label=_("A file as evidence"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )

    def __init__(self, *args, pledge, last=None, files=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "PDF, PNG, JPEG, WebP, DOCX or XLSX, up to %(size)s. You can add %(most)s in all. When we have approved "
            "your review, everyone can download it."
        ) % {"size": size_at_most(), "most": settings.REVIEW_FILES_AT_MOST}
        if len(files) >= settings.REVIEW_FILES_AT_MOST:
            del self.fields["file"]
        if pledge.measure:
            self.fields["figure"].help_text = _figure_hint(pledge, last)
        else:
            del self.fields["figure"]

    def clean_file(self):
        upload = self.cleaned_data["file"]
        return make_safe(upload) if upload else None

    def clean(self):
        cleaned = super().clean()
        progress, next_ = cleaned.get("progress"), cleaned.get("next")
        if progress == Progress.STOPPED:
            cleaned["next"] = ""
        elif progress == Progress.CHANGED:
            cleaned["next"] = Next.CHANGE
        elif progress and not next_ and "next" not in self.errors:
            self.add_error("next", _("Choose what comes next."))
        elif progress and next_ == Next.CLOSE and progress != Progress.ACHIEVED:
            self.add_error(
                "next",
                _("Only an achieved pledge is done. To end this one, choose “Stopped” above: that is honest too."),
            )
        if self.errors and cleaned.get("file"):
            self.add_error("file", CHOOSE_AGAIN)
        return cleaned

    def values(self):
        names = ("progress", "figure", "words", "next", "evidence_url")
        return {name: self.cleaned_data[name] for name in names if name in self.fields}


def _figure_hint(pledge, last):
    parts = [_now("You measure: %(what)s.") % {"what": spoken(pledge.measure)}]
    if pledge.target is not None:
        parts.append(_now("Your target: %(figure)s.") % {"figure": figure(pledge.target, pledge.unit)})
    if last and last.figure is not None:
        parts.append(_now("Last time: %(figure)s.") % {"figure": figure(last.figure, pledge.unit)})
    elif pledge.baseline is not None:
        parts.append(_now("You started from: %(figure)s.") % {"figure": figure(pledge.baseline, pledge.unit)})
    return " ".join(parts)


def _reason(label, *, message=""):
    return OneLineField(
        label=label,
        help_text=_("One or two sentences, in up to 300 characters. Everyone will be able to read it."),
        max_length=300,
        validators=[clean_line],
        error_messages={"required": message} if message else {},
    )


class StopReasonForm(VersionedForm):
    reason = _reason(_("Why did you stop it?"), message=_("Write why you stopped this pledge."))


class PledgeAsChangedForm(PledgeForm):
    """The pledge as it shall be from now on. pledge: as it is. answer: what was said of it so far."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = _reason(_("Why does it change?"), message=_("Write why you changed this pledge."))
    see = SeenMixin.see

    def __init__(self, *args, pledge, answer, **kwargs):
        super().__init__(*args, **kwargs)
        self.before = values_of(pledge)
        self.fields["reason"].required = answer.progress == Progress.CHANGED

    def clean(self):
        cleaned = super().clean()
        if not self.errors and all(cleaned[name] == self.before[name] for name in self._meta.fields):
            self.add_error(None, _("Nothing is different yet. Change the pledge, then save it."))
        return cleaned

    def pledge_values(self):
        return self.before | {name: self.cleaned_data[name] for name in self._meta.fields}


class AdoptForm(PledgeForm):
    """A pledge that the partner takes up in its review, or has kept without having promised it."""

    DONE, DOING, NEW = "done", "doing", "new"
    _MEANING = {
        DONE: (Progress.ACHIEVED, Next.CLOSE),
        DOING: (Progress.ON_TRACK, Next.RENEW),
        NEW: (Progress.NOT_STARTED, Next.RENEW),
    }
    conditional = frozenset({"words"})

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    how = forms.ChoiceField(
        label=_("Which is true?"),
        choices=[
            (NEW, _("We take it up now")),
            (DOING, _("We do it already, and go on with it")),
            (DONE, _("We did it in the past year, and it is done")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose which is true.")},
    )
    words = _words(
        _("What have you done so far?"),
        _("A sentence or two. Skip this if you take it up now."),
        rows=3,
    )
    field_order = ("seen", "statement", "area", "capacity", "how", "words")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        has_idea = bool(self.instance.idea_id)
        for name in self._meta.fields:
            if name not in ("statement", "area", "capacity") or (has_idea and name != "statement"):
                del self.fields[name]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("how") in (self.DONE, self.DOING) and not cleaned.get("words") and "words" not in self.errors:
            self.add_error("words", _("Write what you have done so far, in a sentence or two."))
        return cleaned

    def values(self):
        progress, next_ = self._MEANING[self.cleaned_data["how"]]
        words = self.cleaned_data["words"] or str(_("We take this up from now on."))
        return {"progress": progress, "next": next_, "words": words}

    @classmethod
    def how_of(cls, answer):
        return next((how for how, meaning in cls._MEANING.items() if meaning == (answer.progress, answer.next)), None)


def _effect(label):
    return forms.ChoiceField(
        label=label,
        help_text=_("Your choice is shown in totals of five partners or more, never by itself."),
        choices=[
            (Review.Effect.HELPED, _("Yes, it helped")),
            (Review.Effect.NONE, _("It made no difference")),
            (Review.Effect.HARDER, _("It made it harder")),
            ("", _("We cannot say")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )


class OutcomesForm(VersionedForm):
    recruitment_effect = _effect(_("Did it help you to find new people?"))
    recruitment = _words(_("What did it do for finding new people?"), "", rows=3)
    retention_effect = _effect(_("Did it help you to keep your people?"))
    retention = _words(_("What did it do for keeping your people?"), "", rows=3)
    diversity_effect = _effect(_("Did it help you to become more diverse?"))
    diversity = _words(_("What did it do for diversity?"), "", rows=3)
    may_quote = forms.BooleanField(
        label=_("You may quote what we wrote here, with our name, where you tell what signing does"),
        required=False,
    )


class HelpForm(VersionedForm):
    help_wanted = _words(
        _("What would help you most next year?"), _("For example advice, contacts, or a partner to work with.")
    )


class ExplanationForm(CharterForm):
    explanation = OneLineField(
        label=_("Your explanation"),
        required=False,
        max_length=settings.REVIEW_EXPLANATION_LENGTH,
        validators=[clean_line, no_links],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["explanation"].help_text = _(
            "Up to %(n)s characters, without web or e-mail addresses. Leave it empty to show none."
        ) % {"n": settings.REVIEW_EXPLANATION_LENGTH}


class ResidentAnswerForm(VersionedForm):
    """One pledge of a resident, in a word or two."""

    YES, NO = "yes", "no"

    progress = forms.ChoiceField(
        label=_("How did it go?"),
        choices=[
            (Progress.ACHIEVED, _("I did it")),
            (Progress.ON_TRACK, _("I am doing it")),
            (Progress.NOT_STARTED, _("Not yet")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how it went.")},
    )
    words = OneLineField(
        label=_("Anything to tell?"),
        help_text=_("One sentence is enough. Everyone will be able to read it beside your pledge."),
        required=False,
        max_length=300,
        validators=[clean_line],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    keep = forms.ChoiceField(
        label=_("Do you keep it for another year?"),
        choices=[(YES, _("Yes, I keep it")), (NO, _("No, I let it go"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether you keep it.")},
    )

    def __init__(self, *args, pledge, answer=None, **kwargs):
        super().__init__(*args, prefix=f"pledge-{pledge.pk}", **kwargs)
        self.pledge, self.answer = pledge, answer

    def values(self):
        progress, next_ = self.cleaned_data["progress"], Next.RENEW
        if self.cleaned_data["keep"] == self.NO:
            next_ = Next.CLOSE if progress == Progress.ACHIEVED else ""
            progress = progress if next_ else Progress.STOPPED
        return {"progress": progress, "next": next_, "words": self.cleaned_data["words"]}


class ResidentForms(list):
    """The forms of all pledges of a resident, as `components/error_summary.html` reads them."""

    non_form_errors = ()

    @property
    def total_error_count(self):
        return sum(len(form.errors) for form in self)

    def are_valid(self):
        for form in self:  # each is asked, and shows what is wrong
            form.full_clean()
        return not self.total_error_count
