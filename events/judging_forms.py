"""The forms of judges and voters."""

from django import forms
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm, TrapMixin
from oiep.text import clean_line, normalise_email
from partners.models import Partner

POINTS = [
    (0, _("0: nothing of it")),
    (1, _("1")),
    (2, _("2")),
    (3, _("3: good")),
    (4, _("4")),
    (5, _("5: as good as it can be")),
]


class InterestForm(CharterForm):
    partner = forms.ModelChoiceField(label=_("Which partner?"), queryset=Partner.objects.none())
    why = forms.CharField(
        label=_("What ties you to it?"),
        help_text=_("For example: “My sister works there.” The manager of the partnership reads it."),
        required=False,
        max_length=300,
        validators=[clean_line],
    )

    def __init__(self, *args, partners, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = partners


class ScoreForm(CharterForm):
    """A judge's scores of one entry. criteria: of the round. own: criterion's key → the Score that is saved."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, criteria, own, version, **kwargs):
        self.criteria = criteria
        initial = {"seen": version}
        for criterion in criteria:
            if saved := own.get(criterion.pk):
                initial |= {f"points_{criterion.pk}": saved.points, f"note_{criterion.pk}": saved.note}
        super().__init__(*args, initial=initial, **kwargs)
        for criterion in criteria:
            self.fields[f"points_{criterion.pk}"] = forms.TypedChoiceField(
                label=criterion.name,
                help_text=criterion.about,
                choices=POINTS,
                coerce=int,
                widget=forms.RadioSelect,
                error_messages={"required": _("Choose the points for “%(name)s”.") % {"name": criterion.name}},
            )
            self.fields[f"note_{criterion.pk}"] = forms.CharField(
                label=_("Why, in a sentence"),
                required=False,
                max_length=300,
                validators=[clean_line],
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def with_version(self, version):
        """The same answers, as given by somebody who has seen what is saved now."""
        self.data = self.data.copy()
        self.data["seen"] = version
        return self

    def scores(self):
        """As `events.actions.judging.score` takes them."""
        values = self.cleaned_data
        return {row.pk: (values[f"points_{row.pk}"], values[f"note_{row.pk}"]) for row in self.criteria}


class VoteForm(TrapMixin, CharterForm):
    nomination = forms.ModelChoiceField(
        label=_("Who should win?"),
        queryset=None,
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who should win.")},
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("We send you a link that makes your vote count. We keep no list of who voted for whom."),
        max_length=254,
    )

    def __init__(self, *args, nominations, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["nomination"]
        field.queryset = nominations
        field.label_from_instance = lambda nomination: nomination.partner.public_name

    def clean_email(self):
        return normalise_email(self.cleaned_data["email"])
