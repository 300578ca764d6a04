"""What the manager fills in to move dates, to pause, to write, and to bring figures in."""

import datetime

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm
from oiep.rounds import add_months
from oiep.text import clean_line, clean_text
from pledges.actions.reviews import MOVE_DAYS_AT_MOST
from pledges.forms.account import OneLineField


def _date_field(label, help_text=""):
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, help_text=help_text, widget=widget)


def _reason(help_text):
    return OneLineField(
        label=_("Why"),
        help_text=help_text,
        max_length=300,
        validators=[clean_line],
        error_messages={"required": _("Write why.")},
    )


class ExtendForm(CharterForm):
    due_on = _date_field(_("New due date"))
    reason = _reason(_("The partner's record and the audit trail say it."))


class PauseForm(CharterForm):
    until = _date_field(_("Paused until"))
    reason = _reason(_("The audit trail says it. The public page says only until when."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["until"].help_text = _(
            "The first day on which it is over: from %(first)s to %(last)s, %(months)s months at most."
        ) % {
            "first": _words(today + datetime.timedelta(days=1)),
            "last": _words(add_months(today, settings.PAUSE_MONTHS_AT_MOST)),
            "months": settings.PAUSE_MONTHS_AT_MOST,
        }


class MoveForm(CharterForm):
    days = forms.IntegerField(
        label=_("By how many days"),
        min_value=1,
        max_value=MOVE_DAYS_AT_MOST,
        help_text=_("As long as the portal was down, and some days to spare."),
        error_messages={"required": _("Enter the number of days.")},
    )
    reason = _reason(_("Each partner's record will say it."))


class MessageForm(CharterForm):
    subject = forms.CharField(
        label=_("Subject"), max_length=150, validators=[clean_line], initial=_("About your progress review")
    )
    words = forms.CharField(
        label=_("Your message"),
        max_length=4000,
        validators=[clean_text],
        help_text=_("It stands as a quotation in our e-mail, below a link to the review. Links in it do not work."),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write your message.")},
    )


class TakeOutForm(CharterForm):
    reason = _reason(_("We send this to the partner's lead."))


class UploadForm(CharterForm):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("A file that you got from “Export figures”, with the figures filled in."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("This file is empty. Choose another one."),
            "missing": _("Choose a file."),
        },
    )


def _words(day):
    return day.strftime("%-d %B %Y")
