"""Who signs, for whom, and how they want to be written to."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm
from oiep.text import clean_line, clean_text, normalise_email
from oiep.typos import suggest_email
from partners.models import District, Kind, Partner, PriorityArea, Purpose, Sector, Size
from pledges.forms.signing.base import StepForm, chosen_from


class StartForm(CharterForm):
    kind = forms.ChoiceField(
        label=_("Who signs?"),
        widget=forms.RadioSelect,
        choices=[
            ("organisation", _("An organisation: a business, charity, school, college or public body")),
            ("resident", _("I sign as a resident")),
        ],
        error_messages={"required": _("Choose whether you sign for an organisation or as a resident.")},
    )


# Who ------------------------------------------------------------------------------------------


class EmailAddressField(forms.CharField):
    """An e-mail address, in the one spelling that we keep."""

    widget = forms.EmailInput(attrs={"spellcheck": "false"})
    default_error_messages = {"invalid": _("Enter an e-mail address in the form name@example.org.")}

    def __init__(self, **kwargs):
        super().__init__(max_length=254, **kwargs)

    def to_python(self, value):
        value = super().to_python(value)
        try:
            return normalise_email(value) if value else value
        except ValidationError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class EmailForm(StepForm):
    """Asks for an e-mail address, and once more when it looks mistyped: `suggestion` is what was probably meant."""

    email = EmailAddressField(
        label=_("Your e-mail address"), help_text=_("We send you a link to confirm it. It is never shown to anybody.")
    )
    suggestion = typed_email = ""

    def clean_email(self):
        email = self.cleaned_data["email"]
        suggestion = suggest_email(email)
        if not suggestion or email in (self.data.get("keep_email"), self.initial.get("email")):
            return email
        if self.data.get("use_email") == suggestion:
            return suggestion
        self.suggestion, self.typed_email = suggestion, email
        raise ValidationError(_("Check the part after the @. Did you mean %s?") % suggestion, code="mistyped")


class ResidentForm(EmailForm):
    name = forms.CharField(
        label=_("Your name"),
        help_text=_("Only the partnership sees it, unless you choose to show it."),
        max_length=150,
        validators=[clean_line],
    )
    field_order = ("name", "email")


class SignerForm(EmailForm):
    name = forms.CharField(
        label=_("Your name"),
        help_text=_("The person who signs for the organisation."),
        max_length=150,
        validators=[clean_line],
    )
    job_title = forms.CharField(
        label=_("Your job title"), help_text=_("Or your role."), max_length=100, validators=[clean_line]
    )
    field_order = ("name", "job_title", "email")


class ResumeForm(EmailForm):
    """Where to send the link to go on later."""

    email = EmailAddressField(label=_("Your e-mail address"), help_text=_("We send you a link to go on later."))


# Where, and what kind of organisation ---------------------------------------------------------


class WhereForm(StepForm):
    district = forms.ChoiceField(
        label=_("Which district do you live in?"),
        help_text=_("If you live elsewhere, choose where you work, study or volunteer."),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a district.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["district"].choices = chosen_from(District.objects.current())


class WebsiteField(forms.URLField):
    """A web address, with or without https:// before it; of no other scheme than http and https."""

    widget = forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"})
    default_validators = [URLValidator(schemes=["http", "https"])]

    def __init__(self, **kwargs):
        super().__init__(assume_scheme="https", **kwargs)


class OrganisationForm(StepForm):
    name = forms.CharField(label=_("Your organisation’s name"), max_length=150, validators=[clean_line])
    kind = forms.ChoiceField(
        label=_("What kind of organisation is it?"),
        widget=forms.RadioSelect,
        choices=[choice for choice in Kind.choices if choice[0] != Kind.RESIDENT],
        error_messages={"required": _("Choose what kind of organisation it is.")},
    )
    legal_forms = forms.MultipleChoiceField(
        label=_("Is it one of these?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("social_enterprise", _("A social enterprise")), ("cooperative", _("A co-operative"))],
    )
    size = forms.ChoiceField(
        label=_("How many people work there?"),
        help_text=_("Count everyone, with part-time staff and owners."),
        widget=forms.RadioSelect,
        choices=Size.choices,
        error_messages={"required": _("Choose how many people work there.")},
    )
    sector = forms.ChoiceField(
        label=_("Which sector is it in?"), error_messages={"required": _("Choose the sector that fits best.")}
    )
    places = forms.MultipleChoiceField(
        label=_("Where in Oxfordshire do you work?"),
        help_text=_("Choose all that apply."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one district, or the whole county.")},
    )
    website = WebsiteField(label=_("Your website"), required=False, max_length=200)
    description = forms.CharField(
        label=_("What does your organisation do?"),
        help_text=_("A sentence or two for your public page, up to 600 characters."),
        required=False,
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
        validators=[clean_text],
    )
    autocomplete = {"name": "organization"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["sector"].choices = [("", _("Choose a sector")), *chosen_from(Sector.objects.current())]
        self.fields["places"].choices = [("county", _("The whole county")), *chosen_from(District.objects.current())]


class AreasForm(StepForm):
    areas = forms.MultipleChoiceField(
        label=_("Which priority areas will you pledge in?"),
        help_text=_("Choose at least one. Start with what you can do well."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one priority area.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["areas"].choices = [
            (str(area.pk), format_html("<strong>{}</strong><br>{}", area.short_name, area.summary))
            for area in PriorityArea.objects.current()
        ]

    def clean_areas(self):
        chosen = self.cleaned_data["areas"]
        pledged = {str(pledge["area_id"]) for pledge in self.signing.pledges} - set(chosen)
        if left := PriorityArea.objects.current().filter(pk__in=pledged):
            raise ValidationError(
                _("You have a pledge in %(areas)s. Keep it ticked, or remove that pledge first.")
                % {"areas": ", ".join(area.short_name for area in left)}
            )
        return chosen


# Contact, and declaring -----------------------------------------------------------------------


class ContactForm(StepForm):
    contact_purposes = forms.MultipleChoiceField(
        label=_("What may people write to you about?"),
        help_text=_("We pass messages on to you. Your address is never shown. You can pause this at any time."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=Purpose.choices,
    )
    review_months = forms.ChoiceField(
        label=_("How often will you tell us how your pledges go?"),
        help_text=_("It takes a few minutes, from a link that we send you."),
        widget=forms.RadioSelect,
        choices=[(str(months), capfirst(words)) for months, words in Partner._meta.get_field("review_months").choices],
        initial="12",
    )
    awaits_approval_of = forms.CharField(
        label=_("Does somebody else have to approve this first?"),
        help_text=_("For example your board, trustees or cabinet. You can add a link to their decision later."),
        required=False,
        max_length=100,
        validators=[clean_line],
    )


class DeclareForm(StepForm):
    """One declares by the button. News is for who asks for it."""

    news = forms.BooleanField(
        label=_("Send me the partnership’s news by e-mail, a few times a year. I can stop it with one press."),
        required=False,
    )


class ResidentDeclareForm(DeclareForm):
    conditional = frozenset({"show_name"})
    show_name = forms.TypedChoiceField(
        label=_("May we show your name?"),
        widget=forms.RadioSelect,
        choices=[("no", _("No, show me as a resident of my district")), ("yes", _("Yes, show my name"))],
        coerce=lambda choice: choice == "yes",
        empty_value=False,
        initial="no",
        required=False,
    )
