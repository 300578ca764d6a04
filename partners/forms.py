from django import forms
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm, TrapMixin
from oiep.text import clean_line, clean_text, normalise_email
from partners.models import ContactMessage, Purpose

# What a partner may be written to about, as a visitor says it.
FOR_VISITORS = {
    Purpose.BUY: _("Buying from them"),
    Purpose.WORK: _("Working with them"),
    Purpose.VOLUNTEER: _("Volunteering"),
    Purpose.PLEDGE: _("One of their pledges"),
}


class MessageForm(TrapMixin, CharterForm):
    """A visitor's message to the partnership, or with `ContactForm` to a partner."""

    name = forms.CharField(label=_("Your name"), max_length=100, validators=[clean_line])
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("The answer goes to this address. It is shown nowhere on this site."),
        max_length=254,
    )
    message = forms.CharField(
        label=_("Your message"),
        max_length=ContactMessage._meta.get_field("message").max_length,
        widget=forms.Textarea(attrs={"rows": 8}),
        validators=[clean_text],
    )

    def clean_email(self):
        return normalise_email(self.cleaned_data["email"])


class ContactForm(MessageForm):
    purpose = forms.ChoiceField(label=_("What is it about?"), widget=forms.RadioSelect)

    field_order = ["purpose", "name", "email", "message"]

    def __init__(self, *args, partner, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = [
            (purpose, words) for purpose, words in FOR_VISITORS.items() if purpose in partner.contact_purposes
        ]
