"""The forms of a partner's own place."""

from django import forms
from django.conf import settings
from django.core.validators import MaxLengthValidator, URLValidator
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm
from oiep.text import clean_line, clean_text
from oiep.uploads import ACCEPT_PICTURE, make_safe_picture, size_at_most
from partners.actions import contact_settings_of, version_of
from partners.models import District, Kind, Logo, Partner, Purpose, Sector, Size
from pledges.forms.pledges import PledgeForm

PROFILE_LABELS = {
    "name": _("Name"),
    "show_name": _("Show my name to the public"),
    "description": _("What you do"),
    "website": _("Website"),
    "size": _("Size"),
    "sector": _("Sector"),
    "is_social_enterprise": _("Social enterprise"),
    "is_cooperative": _("Co-operative"),
    "county_wide": _("Works across the county"),
    "districts": _("Districts"),
    "logo": _("Logo"),
}
CHOOSE_AGAIN = _("Choose the file again: a browser does not keep it when there is a problem.")


def profile_fields_of(kind):
    """The names of the profile's fields that a kind of partner has."""
    if kind == Kind.RESIDENT:
        return ("name", "show_name", "districts")  # and no logo
    left_out = {"show_name"} if kind == Kind.BUSINESS else {"show_name", "is_social_enterprise", "is_cooperative"}
    return tuple(name for name in PROFILE_LABELS if name not in left_out)


def profile_rows(partner, values):
    """The values of a partner's profile with their labels, in words. values: as `partners.actions.profile_of`."""
    words = dict(values)
    if "size" in values:
        words["size"] = dict(Size.choices).get(values["size"], "")
    if values.get("sector"):
        words["sector"] = Sector.objects.filter(slug=values["sector"]).first()
    if "districts" in values:
        chosen = District.objects.filter(slug__in=values["districts"])
        words["districts"] = ", ".join(district.name for district in chosen)
    if values.get("logo"):
        words["logo"] = Logo.objects.select_related("partner").filter(pk=values["logo"]).first()
    return [
        {"label": PROFILE_LABELS[name], "words": _yes_or_no(words[name]), "logo": name == "logo" and words[name]}
        for name in profile_fields_of(partner.kind)
        if name in values
    ]


def _yes_or_no(value):
    return (_now("Yes") if value else _now("No")) if isinstance(value, bool) else value


class SeenMixin(forms.Form):
    """A form that knows what it was opened on."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def see(self, version):
        """Makes the form stand on this version, with all that was typed kept: the writer has been shown it."""
        self.initial["seen"] = version
        if self.is_bound:
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = version


class ExplainedMixin(SeenMixin):
    """What it sends in may carry a word to the manager."""

    message = forms.CharField(
        label=_("A word to us"),
        help_text=_("If you want to explain something. It is not shown in public."),
        required=False,
        validators=[clean_text],
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ProfileForm(ExplainedMixin, CharterForm):
    """partner: whose profile it is. values: the profile that it opens on, as `partners.actions.profile_of`."""

    name = forms.CharField(label=PROFILE_LABELS["name"], max_length=150, validators=[clean_line])
    show_name = forms.BooleanField(
        label=PROFILE_LABELS["show_name"],
        help_text=_("If you leave this out, people read “A resident of” and your district. Hiding applies at once."),
        required=False,
    )
    description = forms.CharField(
        label=PROFILE_LABELS["description"],
        help_text=_("In up to 600 characters. Everyone will be able to read it."),
        required=False,
        max_length=600,
        validators=[clean_text, MaxLengthValidator(600)],
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    website = forms.URLField(label=PROFILE_LABELS["website"], required=False, assume_scheme="https", max_length=200)
    size = forms.ChoiceField(label=_("How many people work there?"), choices=Size.choices, widget=forms.RadioSelect)
    sector = forms.ModelChoiceField(
        label=PROFILE_LABELS["sector"],
        queryset=Sector.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label=_("None of these"),
    )
    is_social_enterprise = forms.BooleanField(label=_("We are a social enterprise"), required=False)
    is_cooperative = forms.BooleanField(label=_("We are a co-operative"), required=False)
    county_wide = forms.BooleanField(label=_("We work across the county"), required=False)
    districts = forms.ModelMultipleChoiceField(
        label=_("In which districts do you work?"),
        queryset=District.objects.none(),
        to_field_name="slug",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    picture = forms.FileField(
        label=PROFILE_LABELS["logo"],
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPT_PICTURE}),
    )
    take_off_logo = forms.BooleanField(label=_("Show no logo"), help_text=_("This applies at once."), required=False)
    district = forms.ModelChoiceField(
        label=_("In which district do you live?"),
        queryset=District.objects.none(),
        to_field_name="slug",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("Choose your district.")},
    )

    # Districts must be chosen unless the partner works across the county.
    conditional = frozenset({"districts"})

    def __init__(self, *args, partner, values, **kwargs):
        initial = {**values, "district": next(iter(values["districts"]), None), "seen": version_of(values)}
        super().__init__(*args, initial=initial, **kwargs)
        self.partner = partner
        fields = list(profile_fields_of(partner.kind))
        if partner.is_resident:
            fields[-1] = "district"
            self.fields["name"].label = _("Your name")
        else:
            fields[-1:] = ["picture", "take_off_logo"] if values["logo"] else ["picture"]
            self.fields["picture"].help_text = _now("PNG, JPEG or WebP, up to %(size)s. We make it smaller.") % {
                "size": size_at_most()
            }
        self.fields = {name: self.fields[name] for name in (*fields, "message", "seen")}
        for name in ("district", "districts"):
            if name in self.fields:
                self.fields[name].queryset = _current_and(District, values["districts"])
        if "sector" in self.fields:
            self.fields["sector"].queryset = _current_and(Sector, [values["sector"]])

    def clean(self):
        cleaned = super().clean()
        somewhere = cleaned.get("county_wide") or cleaned.get("districts") or "districts" in self.errors
        if "districts" in self.fields and not somewhere:
            self.add_error("districts", _("Choose where you work: at least one district, or the whole county."))
        if cleaned.get("picture") and cleaned.get("take_off_logo"):
            self.add_error("take_off_logo", _("Choose one: a new logo, or none."))
        if self.errors:
            self.ask_for_picture_again()
        return cleaned

    def clean_picture(self):
        upload = self.cleaned_data["picture"]
        return make_safe_picture(upload, within=settings.LOGO_PIXELS_AT_MOST) if upload else None

    def ask_for_picture_again(self):
        """Says that a picture has to be chosen again, where one was."""
        if self.cleaned_data.get("picture"):
            self.add_error("picture", CHOOSE_AGAIN)

    def values(self):
        """What was entered, as `propose_profile_change` takes it beside the picture."""
        values = {name: self.cleaned_data[name] for name in PROFILE_LABELS if name in self.cleaned_data}
        if self.partner.is_resident:
            values["districts"] = [self.cleaned_data["district"].slug]
        else:
            values["sector"] = self.cleaned_data["sector"].slug if self.cleaned_data["sector"] else None
            chosen = [] if values["county_wide"] else self.cleaned_data["districts"]
            values["districts"] = sorted(district.slug for district in chosen)
            if self.cleaned_data.get("take_off_logo"):
                values["logo"] = None
        return values


def _current_and(model, slugs):
    """What is on offer, and what is chosen already even if it was retired since."""
    return model.objects.current() | model.objects.filter(slug__in=[slug for slug in slugs if slug])


class PledgeChangeForm(ExplainedMixin, PledgeForm):
    def differences(self, current):
        """What the pledge says now where it is not what was entered, as `profile_rows`."""
        return [
            {"label": self.fields[name].label, "words": words_of(current, name)}
            for name in self._meta.fields
            if name in self.cleaned_data and self.cleaned_data[name] != getattr(current, name)
        ]


def words_of(pledge, name):
    display = getattr(pledge, f"get_{name}_display", None)
    return display() if display else getattr(pledge, name)


class OneLineField(forms.CharField):
    """What is kept in one line, with room to write it in several."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value):
        return " ".join(super().to_python(value).split())


class StopForm(CharterForm):
    reason = OneLineField(
        label=_("Why do you stop it?"),
        help_text=_("One or two sentences, in up to 300 characters. Everyone will be able to read it."),
        max_length=300,
        validators=[clean_line],
        error_messages={"required": _("Write why you stop this pledge.")},
    )


class ContactForm(SeenMixin, CharterForm):
    """partner: whose settings it opens on."""

    purposes = forms.MultipleChoiceField(
        label=_("What may people write to you about?"),
        help_text=_("Your address is never shown. We pass messages on to you."),
        choices=Purpose.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    paused = forms.BooleanField(label=_("Pause: nobody can write to us for now"), required=False)
    review_months = forms.TypedChoiceField(
        label=_("How often do you want to report on your pledges?"),
        choices=[(n, capfirst(words)) for n, words in Partner._meta.get_field("review_months").choices],
        coerce=int,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args, partner, **kwargs):
        settings = contact_settings_of(partner)
        super().__init__(*args, initial={**settings, "seen": version_of(settings)}, **kwargs)

    def values(self):
        """What was entered, as `update_contact_settings` takes it."""
        return {name: self.cleaned_data[name] for name in ("purposes", "paused", "review_months")}

    def differences(self, partner):
        """What the partner's settings are now where they are not what was entered, as `profile_rows`."""
        current, values = contact_settings_of(partner), self.values()
        words = {
            "purposes": ", ".join(str(label) for value, label in Purpose.choices if value in current["purposes"]),
            "paused": _yes_or_no(current["paused"]),
            "review_months": capfirst(partner.get_review_months_display()),
        }
        return [
            {"label": self.fields[name].label, "words": words[name]}
            for name in words
            if (set(values[name]) != set(current[name]) if name == "purposes" else values[name] != current[name])
        ]


class OwnApprovalForm(SeenMixin, CharterForm):
    """signature: whose decision it is about."""

    url = forms.URLField(
        label=_("Where can people read the decision?"),
        help_text=_("The web address of the minutes or the announcement. Everyone will be able to see it."),
        assume_scheme="https",
        max_length=200,
        validators=[URLValidator(schemes=["http", "https"])],
        error_messages={"required": _("Enter the web address.")},
    )

    field_order = ("url", "seen")

    def __init__(self, *args, signature, **kwargs):
        super().__init__(*args, initial={"url": signature.approval_url, "seen": signature.approval_url}, **kwargs)


class DetailsForm(CharterForm):
    """How we reach one person of an organisation."""

    job_title = forms.CharField(label=_("Your job title"), required=False, max_length=100, validators=[clean_line])


class ReportForm(CharterForm):
    report = OneLineField(
        label=_("What is wrong with this message?"),
        help_text=_("A sentence, in up to 300 characters. Only we read it."),
        max_length=300,
        validators=[clean_line],
        error_messages={"required": _("Write what is wrong with this message.")},
    )
