"""The forms of an event's desk."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.forms import BookingForm
from events.models import Event, Feedback, LearningPoint, Photograph
from oiep.forms import CharterForm, CharterModelForm
from oiep.text import clean_line, clean_text
from oiep.uploads import ACCEPT, ACCEPT_PICTURE
from working_groups.forms.work import day_field


class CapacityForm(CharterModelForm):
    class Meta:
        model = Event
        fields = ["capacity"]
        labels = {"capacity": _("How many places there are")}
        help_texts = {"capacity": _("Leave it blank for no limit. More places go to the waiting list at once.")}
        widgets = {"capacity": forms.NumberInput(attrs={"class": "input-short"})}


class ByHandForm(BookingForm):
    """A booking that the organiser makes for somebody; without the trap, and without an address if need be."""

    autocomplete = {"name": "off", "email": "off", "organisation": "off"}

    class Meta(BookingForm.Meta):
        labels = {
            "name": _("Their name"),
            "organisation": _("Their organisation"),
            "places": _("How many places do they need?"),
            "guests": _("Who comes with them?"),
            "access_needs": _("What do they need to take part?"),
            "dietary_needs": _("What do they not eat or drink?"),
            "photographs": _("They may be in photographs that the partnership publishes"),
        }
        help_texts = {
            "places": _("With theirs."),
            "guests": _("One name a line, for their badges."),
            "photographs": _("Tick it only if you have asked them."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.fields["fax"]
        self.fields["email"].label = _("Their e-mail address")
        self.fields["email"].required = False
        self.fields["email"].help_text = _("Without one they get no e-mails from us: tell them what they need to know.")

    def clean_email(self):
        return super().clean_email() if self.cleaned_data["email"] else ""

    def clean_places(self):
        """More than visitors may book in one go is for who runs the event to say."""
        return self.cleaned_data["places"]

    def values(self):
        return {"places": 1, **self.cleaned_data}


def _why(label):
    return forms.CharField(
        label=label, max_length=300, validators=[clean_line], help_text=_("For those who run this event with you.")
    )


class LetInForm(CharterForm):
    why = _why(_("Why are they let in before others?"))
    add_places = forms.BooleanField(label=_("If there is no free place, add what is missing"), required=False)


class CancelForm(CharterForm):
    why = _why(_("Why is it cancelled?"))


class MessageForm(CharterForm):
    key = forms.UUIDField(widget=forms.HiddenInput)
    subject = forms.CharField(label=_("Subject"), max_length=120, validators=[clean_line])
    text = forms.CharField(
        label=_("Message"), max_length=3000, validators=[clean_text], widget=forms.Textarea(attrs={"rows": 8})
    )
    also_waiting = forms.BooleanField(label=_("Send it to those on the waiting list as well"), required=False)


class CheckInForm(forms.Form):
    """One press at the door. key: of the press, made by the browser that keeps it while there is no connection."""

    arrived = forms.IntegerField(min_value=0, max_value=1000)
    key = forms.UUIDField(required=False)


# After the event ------------------------------------------------------------------------------


class FeedbackForm(CharterModelForm):
    """A copy of the row is checked, so that only the action changes it."""

    rating = forms.TypedChoiceField(
        label=_("How useful was it?"),
        coerce=int,
        choices=[
            (5, _("Very useful")),
            (4, _("Useful")),
            (3, _("So-so")),
            (2, _("Not very useful")),
            (1, _("Not useful at all")),
        ],
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Feedback
        fields = ["rating", "learnt", "better", "may_quote"]
        labels = {
            "learnt": _("What do you take away?"),
            "better": _("What could we do better?"),
            "may_quote": _("You may quote what I take away on the public page, without my name"),
        }
        widgets = {"learnt": forms.Textarea(attrs={"rows": 4}), "better": forms.Textarea(attrs={"rows": 4})}


class PointForm(CharterModelForm):
    class Meta:
        model = LearningPoint
        fields = ["text"]
        labels = {"text": _("What was learnt?")}
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}


class PointActionForm(CharterForm):
    """groups: those that the person runs."""

    group = forms.ModelChoiceField(label=_("Which group?"), queryset=None)
    what = forms.CharField(
        label=_("What will be done?"),
        max_length=600,
        validators=[clean_text],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    due_on = day_field(_("By when?"))

    def __init__(self, *args, groups, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = groups

    def clean_due_on(self):
        due_on = self.cleaned_data["due_on"]
        if due_on < timezone.localdate():
            raise forms.ValidationError(_("Choose a day that is still to come."))
        return due_on


class PhotographForm(CharterModelForm):
    upload = forms.FileField(
        label=_("Photograph"),
        help_text=_("PNG, JPEG or WebP. We take out where and with what it was taken."),
        widget=forms.FileInput(attrs={"accept": ACCEPT_PICTURE}),
    )

    field_order = ["upload", "alt", "consent", "is_public"]

    class Meta:
        model = Photograph
        fields = ["alt", "consent", "is_public"]
        labels = {
            "alt": _("What does it show, for those who cannot see it?"),
            "consent": _("Who agreed that it is shown, and how do you know?"),
            "is_public": _("Show it to the public"),
        }


class ConsentForm(CharterForm):
    consent = forms.CharField(
        label=_("Who agreed that it is shown, and how do you know?"), max_length=300, validators=[clean_line]
    )


class MaterialForm(CharterForm):
    title = forms.CharField(label=_("Title"), max_length=120, validators=[clean_line])
    upload = forms.FileField(
        label=_("File"),
        help_text=_("PDF, DOCX, XLSX or a picture."),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )
    is_public = forms.BooleanField(label=_("Show it to the public"), required=False)
