from django import forms
from django.utils.translation import gettext_lazy as _

from events.models import Registration
from oiep.forms import CharterModelForm, TrapMixin
from oiep.text import normalise_email


class BookingForm(TrapMixin, CharterModelForm):
    """A booking, as a visitor makes it or changes it. event: what for. partners: those that they act for."""

    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("We write to you about this event only."),
        max_length=254,
    )

    class Meta:
        model = Registration
        fields = [
            "name",
            "email",
            "partner",
            "organisation",
            "places",
            "guests",
            "access_needs",
            "dietary_needs",
            "photographs",
        ]
        labels = {
            "name": _("Your name"),
            "partner": _("Which partner do you come from?"),
            "organisation": _("Your organisation"),
            "places": _("How many places do you need?"),
            "guests": _("Who comes with you?"),
            "access_needs": _("What do you need to take part?"),
            "dietary_needs": _("What do you not eat or drink?"),
            "photographs": _("I may be in photographs that the partnership publishes"),
        }
        help_texts = {
            "places": _("With yours."),
            "guests": _("One name a line, for their badges."),
            "access_needs": _(
                "For example a ramp, a sign-language interpreter, a seat near the door. Only the organiser reads it."
            ),
            "dietary_needs": _("For example vegan, halal, no nuts. Only the organiser reads it."),
            "photographs": _("You can say no: it changes nothing else. You can take a yes back at any time."),
        }
        widgets = {
            "guests": forms.Textarea(attrs={"rows": 3}),
            "access_needs": forms.Textarea(attrs={"rows": 3}),
            "dietary_needs": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args, event, partners=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.event = event
        self.fields["name"].required = True
        if partners:
            self.fields["partner"].queryset = partners
            self.fields["partner"].empty_label = _("None of these")
        else:
            del self.fields["partner"]
        if event.places_at_most == 1:
            del self.fields["places"], self.fields["guests"]
        if self.instance.confirmed_at:
            del self.fields["email"]

    def clean_email(self):
        return normalise_email(self.cleaned_data["email"])

    def clean_places(self):
        places = self.cleaned_data["places"]
        if places > self.event.places_at_most:
            raise forms.ValidationError(
                _("You can book %(n)d places at most. Write to us if you are more.") % {"n": self.event.places_at_most}
            )
        if self.event.capacity and places > self.event.capacity:
            raise forms.ValidationError(_("There are %(n)d places in all.") % {"n": self.event.capacity})
        return places

    def clean(self):
        values = super().clean()
        guests = [line for line in values.get("guests", "").splitlines() if line.strip()]
        if "places" in values and len(guests) > values["places"] - 1:
            self.add_error("guests", _("These are more names than the places that you book beside your own."))
        return values

    # Whether the address has a booking already is told to its owner by e-mail, never on the page.
    def validate_unique(self):
        pass

    def validate_constraints(self):
        pass

    def values(self):
        """The fields as `events.actions.bookings.book` takes them."""
        return {name: value for name, value in self.cleaned_data.items() if name != "fax"}
