"""Asking for help, offering some, and answering to either."""

import datetime

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm, TrapMixin
from oiep.text import clean_line, clean_text, normalise_email
from partners.models import PriorityArea
from pledges.forms.pledges import DAY_FORMATS
from pledges.models import HelpRequest, Need, Outcome


def _in_days():
    return timezone.localdate() + datetime.timedelta(days=settings.HELP_OPEN_DAYS)


class HelpRequestForm(CharterForm):
    """request: the one that is changed, if any."""

    direction = forms.ChoiceField(
        label=_("Do you want help, or offer some?"),
        choices=[
            (HelpRequest.Direction.WANTED, _("We want help")),
            (HelpRequest.Direction.OFFERED, _("We offer help")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether you want help or offer some.")},
    )
    need = forms.ChoiceField(label=_("What is it?"), choices=Need.choices, widget=forms.RadioSelect)
    title = forms.CharField(
        label=_("In one line"),
        max_length=120,
        validators=[clean_line],
        help_text=_("For example: two mentors for school leavers in Banbury."),
    )
    text = forms.CharField(
        label=_("More about it"),
        max_length=1500,
        validators=[clean_text, MaxLengthValidator(1500)],
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What, where, how much, and for how long. Everybody can read this: leave out private things."),
    )
    areas = forms.ModelMultipleChoiceField(
        label=_("Priority areas"),
        queryset=PriorityArea.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    open_until = forms.DateField(
        label=_("Until when is it open?"),
        help_text=_("After that day it is not shown any more."),
        input_formats=DAY_FORMATS,
        initial=_in_days,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input-short"}),
        error_messages={"invalid": _("Enter a date as day, month and year.")},
    )

    def __init__(self, *args, request=None, **kwargs):
        if request:
            names = ("direction", "need", "title", "text", "open_until")
            kwargs["initial"] = {name: getattr(request, name) for name in names} | {"areas": request.areas.all()}
        super().__init__(*args, **kwargs)
        self.fields["areas"].queryset = PriorityArea.objects.current()

    def refuse(self, error):
        for name, messages in getattr(error, "error_dict", {NON_FIELD_ERRORS: [error]}).items():
            self.add_error(name if name in self.fields else None, messages)


class OutcomeForm(CharterForm):
    outcome = forms.ChoiceField(label=_("What came of it?"), choices=Outcome.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("In a sentence"),
        required=False,
        max_length=300,
        validators=[clean_line],
        help_text=_("Only the partnership reads it."),
    )


class HelpReplyForm(TrapMixin, CharterForm):
    name = forms.CharField(label=_("Your name"), max_length=100, validators=[clean_line])
    organisation = forms.CharField(
        label=_("Your organisation"), required=False, max_length=150, validators=[clean_line]
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        help_text=_("We give it to the partner when we introduce you, and to nobody else."),
    )
    message = forms.CharField(
        label=_("Your message"),
        max_length=2000,
        validators=[clean_text, MaxLengthValidator(2000)],
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def clean_email(self):
        return normalise_email(self.cleaned_data["email"])
