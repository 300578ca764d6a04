"""A pledge, as signers and partners write it."""

import datetime
import re

from django import forms
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterModelForm
from partners.models import Kind, PriorityArea
from pledges.models import Capacity, Pledge

_TARGET_YEARS_AT_MOST = 30
# As a browser sends a day, and as people type it.
DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y"]
# What a person does, and what an organisation does, that the other cannot.
_ORGANISATIONS_ONLY = {Capacity.EMPLOYER, Capacity.SUPPLIER}
_RESIDENTS_ONLY = {Capacity.RESIDENT}


def capacities_for(kind):
    """The choices of the capacities that a kind of partner can act in."""
    others = _ORGANISATIONS_ONLY if kind == Kind.RESIDENT else _RESIDENTS_ONLY
    return [(value, capfirst(label)) for value, label in Capacity.choices if value not in others]


class FigureField(forms.DecimalField):
    """A number as people write it: "1,200", "£1 200" and "12.50" are all understood, and "12,50" as well.

    A comma before three digits parts thousands; before one or two it is a decimal comma, in every language. A point
    parts thousands only where the language has a decimal comma.
    """

    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "input-short"})

    def to_python(self, value):
        if isinstance(value, str):
            value = value.replace("\N{MINUS SIGN}", "-").replace("\N{ARABIC DECIMAL SEPARATOR}", ",")
            value = "".join(character for character in value if not character.isspace() and character != "£")
            parts_thousands = r"[.,](?=\d{3}(?!\d))" if get_format("DECIMAL_SEPARATOR") == "," else r",(?=\d{3}(?!\d))"
            value = re.sub(r",(?=\d{1,2}$)", ".", re.sub(parts_thousands, "", value))
        return super().to_python(value)

    def prepare_value(self, value):
        """Shows 1200, not 1200.00."""
        if isinstance(value, str) or value is None:
            return value
        text = f"{value:.0f}" if value % 1 == 0 else f"{value:.2f}"
        return text.replace(".", get_format("DECIMAL_SEPARATOR"))


def _figure(label, help_text="", *, digits=14):
    invalid = _("Enter a number, for example 250 or 12.5.")
    long = _("Enter a number with at most %(digits)s digits, two of them after the point.") % {"digits": digits}
    return FigureField(
        label=label,
        help_text=help_text,
        required=False,
        max_digits=digits,
        decimal_places=2,
        error_messages={
            "invalid": invalid,
            "max_digits": long,
            "max_decimal_places": long,
            "max_whole_digits": long,
        },
    )


class PledgeForm(CharterModelForm):
    """kind: the kind of partner that makes the pledge. The rules across fields are those of the model's constraints."""

    area = forms.ModelChoiceField(
        label=_("Which priority area is it for?"),
        queryset=PriorityArea.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": _("Choose a priority area."),
            "invalid_choice": _("This priority area is not on offer any more. Choose another."),
        },
    )
    baseline = _figure(_("Where do you start from?"), _("The figure today, if you know it."))
    target = _figure(_("What is your target?"), _("The figure that you want to reach."))
    target_date = forms.DateField(
        label=_("By when?"),
        help_text=_("Day, month and year."),
        required=False,
        input_formats=DAY_FORMATS,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input-short"}),
        error_messages={"invalid": _("Enter a date as day, month and year.")},
    )
    commitment_amount = _figure(
        _("How much?"), _("Hours, pounds, or a number of places. Leave it out if it cannot be counted."), digits=12
    )

    class Meta:
        model = Pledge
        fields = (
            "area",
            "capacity",
            "statement",
            "measure",
            "unit",
            "baseline",
            "target",
            "target_date",
            "commitment",
            "commitment_amount",
            "commitment_note",
        )
        labels = {
            "capacity": _("In what capacity do you promise it?"),
            "statement": _("What do you promise?"),
            "measure": _("What will you measure?"),
            "unit": _("What is it counted in?"),
            "commitment": _("What do you put in?"),
            "commitment_note": _("More about it"),
        }
        help_texts = {
            "statement": _("In your own words, in up to 300 characters. Everyone will be able to read it."),
            "measure": _("For example “spend with suppliers in Oxfordshire”."),
            "unit": _("For example “people”, “%” or “£ a year”."),
            "commitment": _("If you set aside time, money or space for this pledge."),
            "commitment_amount": _("Hours, pounds, or a number of places."),
            "commitment_note": _("In up to 200 characters."),
        }
        error_messages = {
            "statement": {"required": _("Write what you promise.")},
            "capacity": {"required": _("Choose in what capacity you promise it.")},
        }
        widgets = {
            "capacity": forms.RadioSelect,
            "statement": forms.Textarea(attrs={"rows": 4}),
            "unit": forms.TextInput(attrs={"class": "input-short"}),
        }

    def __init__(self, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
        areas = PriorityArea.objects.current()
        if self.instance.area_id:  # an area that was retired since is kept, not offered
            areas = areas | PriorityArea.objects.filter(pk=self.instance.area_id)
        self.fields["area"].queryset = areas
        self.fields["capacity"].choices = capacities_for(kind)
        commitments = [(value, capfirst(label)) for value, label in Pledge.Commitment.choices]
        self.fields["commitment"].choices = [("", _("Nothing in particular")), *commitments]

    def clean_target_date(self):
        date = self.cleaned_data["target_date"]
        today = timezone.localdate()
        if date and date <= today:
            raise forms.ValidationError(_("Enter a date after today."))
        if date and date > today + datetime.timedelta(days=366 * _TARGET_YEARS_AT_MOST):
            raise forms.ValidationError(_("Enter a date within the next 30 years."))
        return date

    def clean(self):
        cleaned = super().clean()

        def given(*names):
            return any(cleaned.get(name) not in (None, "") for name in names)

        def ask(name, words):
            if name not in self.errors:
                self.add_error(name, words)

        if given("unit", "baseline", "target") and not given("measure"):
            ask("measure", _("Say what you will measure, so that the figures mean something."))
        if given("target_date") and not given("target"):
            ask("target", _("Give the target that you want to reach by that date, or leave the date out."))
        if given("commitment_amount", "commitment_note") and not given("commitment"):
            ask("commitment", _("Choose what kind of resource you commit."))
        if given("commitment_amount") and cleaned["commitment_amount"] <= 0:
            ask("commitment_amount", _("Give an amount above 0, or leave it out."))
        return cleaned
