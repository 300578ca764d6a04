"""Offering a story: the story itself, pictures with words for them, and who has agreed to be in it."""

import datetime

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm, TrapMixin
from oiep.text import clean_line, clean_text, normalise_email
from oiep.uploads import ACCEPT_PICTURE, size_at_most
from partners.models import District, PriorityArea
from pledges.actions.stories.offering import widths_of
from pledges.forms.account import CHOOSE_AGAIN
from pledges.forms.pledges import DAY_FORMATS
from pledges.models import Consent, Pledge, Story

PICTURES, PEOPLE = 2, 2  # that one form adds
_TEXT = ("kind", "title", "summary", "body", "quote", "quote_by")


def _line(label, length, **options):
    return forms.CharField(label=label, max_length=length, validators=[clean_line], **options)


class StoryForm(CharterForm):
    """story: the one that is changed, if any. partner: whose pledges can be chosen, if any."""

    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[
            (Story.Kind.STORY, _("A human story: what changed for somebody")),
            (Story.Kind.CASE_STUDY, _("A case study: how an organisation did it, for others to learn from")),
        ],
        widget=forms.RadioSelect,
        initial=Story.Kind.STORY,
    )
    title = _line(_("Title"), 120)
    summary = _line(_("The story in one or two sentences"), 300, help_text=_("It is shown in lists, and in e-mails."))
    body = forms.CharField(
        label=_("The story"),
        max_length=8000,
        validators=[clean_text, MaxLengthValidator(8000)],
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_(
            "What was it like before? What did you do? What is different now? Leave a blank line between paragraphs. "
            "For a heading, begin a line with ##. For a list, begin lines with a hyphen."
        ),
    )
    quote = _line(
        _("A quote"), 300, required=False, help_text=_("One sentence that somebody said, without quote marks.")
    )
    quote_by = _line(
        _("Whose words are they?"), 120, required=False, help_text=_("For example: Sam, apprentice baker.")
    )
    areas = forms.ModelMultipleChoiceField(
        label=_("Priority areas"),
        queryset=PriorityArea.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    districts = forms.ModelMultipleChoiceField(
        label=_("Districts"), queryset=District.objects.none(), widget=forms.CheckboxSelectMultiple, required=False
    )
    pledge = forms.ModelChoiceField(
        label=_("Which pledge is it about?"),
        queryset=Pledge.objects.none(),
        required=False,
        empty_label=_("None of these"),
    )
    shows_people = forms.TypedChoiceField(
        label=_("Can anybody be recognised in it, by name, by a picture or by what it tells?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether anybody can be recognised in it.")},
    )

    def __init__(self, *args, story=None, partner=None, pledge=None, **kwargs):
        initial = {"pledge": pledge}
        if story:
            initial = {name: getattr(story, name) for name in (*_TEXT, "pledge")}
            initial |= {"areas": story.areas.all(), "districts": story.districts.all()}
            initial["shows_people"] = "yes" if story.shows_people else "no"
        elif partner:
            initial["districts"] = partner.districts.all()
            initial["areas"] = [pledge.area] if pledge else []
        super().__init__(*args, initial=initial, **kwargs)
        self.story, self.files_made = story, {}
        self.fields["areas"].queryset = PriorityArea.objects.current()
        self.fields["districts"].queryset = District.objects.current()
        if partner:
            self.fields["pledge"].queryset = partner.pledges.published().select_related("area")
        else:
            del self.fields["pledge"]
        for number in range(1, PICTURES + 1):
            self._add_picture(number)
        for number in range(1, PEOPLE + 1):
            self._add_person(number)
        if story:
            self._add_what_may_go(story)

    def _add_picture(self, number):
        self.fields[f"picture_{number}"] = forms.FileField(
            label=_("Picture %(n)d") % {"n": number},
            required=False,
            allow_empty_file=True,
            widget=forms.FileInput(attrs={"accept": ACCEPT_PICTURE}),
            help_text=_("PNG, JPEG or WebP, up to %(size)s. We take out where and with what it was taken.")
            % {"size": size_at_most()},
        )
        self.fields[f"alt_{number}"] = _line(
            _("What picture %(n)d shows") % {"n": number},
            250,
            required=False,
            help_text=_("For people who cannot see it. For example: two women load bread into a van."),
        )

    def _add_person(self, number):
        day = {"type": "date", "class": "input-short"}
        fields = {
            "name": _line(_("Name"), 100, required=False),
            "how": _line(
                _("How did they agree?"), 200, required=False, help_text=_("For example: signed a form on 4 May.")
            ),
            "uses": forms.MultipleChoiceField(
                label=_("They agree to be shown"),
                choices=Consent.Use.choices,
                widget=forms.CheckboxSelectMultiple,
                required=False,
                initial=[Consent.Use.SITE],
            ),
            "until": forms.DateField(
                label=_("Until when?"),
                help_text=_("After that day the story is taken off, unless they agree again."),
                required=False,
                input_formats=DAY_FORMATS,
                initial=lambda: timezone.localdate() + datetime.timedelta(days=730),
                widget=forms.DateInput(format="%Y-%m-%d", attrs=day),
                error_messages={"invalid": _("Enter a date as day, month and year.")},
            ),
            "email": forms.EmailField(
                label=_("Their e-mail address"),
                required=False,
                max_length=254,
                help_text=_("Then we send them a link with which they can withdraw. It is shown nowhere."),
            ),
        }
        for name, field in fields.items():
            if name in ("name", "email"):
                field.widget.attrs["autocomplete"] = "off"
            self.fields[f"person_{number}_{name}"] = field

    def _add_what_may_go(self, story):
        pictures, people = list(story.all_pictures), list(story.all_people)
        self.initial |= {"drop_pictures": story.drop_pictures, "drop_people": story.drop_people}
        if pictures:
            self.fields["drop_pictures"] = forms.MultipleChoiceField(
                label=_("Take out pictures"),
                choices=[(picture.pk, picture.alt) for picture in pictures],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        if people:
            self.fields["drop_people"] = forms.MultipleChoiceField(
                label=_("Take out people"),
                choices=[(consent.pk, consent.name) for consent in people],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )

    @property
    def picture_slots(self):
        return [(self[f"picture_{n}"], self[f"alt_{n}"]) for n in range(1, PICTURES + 1)]

    @property
    def person_slots(self):
        names = ("name", "uses", "how", "until", "email")
        return [(n, [self[f"person_{n}_{name}"] for name in names]) for n in range(1, PEOPLE + 1)]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("quote") and not cleaned.get("quote_by") and "quote_by" not in self.errors:
            self.add_error("quote_by", _("Say whose words the quote is."))
        for number in range(1, PICTURES + 1):
            self._clean_picture(cleaned, number)
        for number in range(1, PEOPLE + 1):
            self._clean_person(cleaned, number)
        stay = self.story and self.story.all_people.exclude(pk__in=cleaned.get("drop_people", [])).exists()
        if cleaned.get("shows_people") and not (stay or self.people) and not self.errors:
            self.add_error("person_1_name", _("Say who can be recognised in it, and what they agreed to."))
        if self.errors:
            for name in self.files_made:
                self.add_error(name, CHOOSE_AGAIN)
        return cleaned

    def _clean_picture(self, cleaned, number):
        name, alt = f"picture_{number}", f"alt_{number}"
        if cleaned.get(name):
            if not cleaned.get(alt) and alt not in self.errors:
                self.add_error(alt, _("Say what the picture shows, for people who cannot see it."))
            try:
                self.files_made[name] = widths_of(cleaned[name])
            except forms.ValidationError as refusal:
                self.add_error(name, refusal)

    def _clean_person(self, cleaned, number):
        def value(name):
            return cleaned.get(f"person_{number}_{name}")

        if value("email"):
            cleaned[f"person_{number}_email"] = normalise_email(value("email"))
        if not value("name"):
            if value("how") or value("email"):
                self.add_error(f"person_{number}_name", _("Enter the name of who agreed."))
            return
        for name, words in (
            ("how", _("Say how they agreed.")),
            ("uses", _("Choose where they agreed to be shown.")),
            ("until", _("Enter the last day that they agreed to.")),
        ):
            field = f"person_{number}_{name}"
            if not value(name) and field not in self.errors:
                self.add_error(field, words)
        if value("uses") and Consent.Use.SITE not in value("uses"):
            self.add_error(f"person_{number}_uses", _("Without this site among them, the story cannot be shown here."))

    def refuse(self, error):
        """Shows what an action did not take, beside the field that it is about where that is here."""
        for name, messages in getattr(error, "error_dict", {NON_FIELD_ERRORS: [error]}).items():
            name = next((n for n in (name, f"person_1_{name}") if n in self.fields), None)
            self.add_error(name, messages)
        for name in self.files_made:
            self.add_error(name, CHOOSE_AGAIN)

    @cached_property
    def people(self):
        """As `offer_story` takes them. Somebody listed where nobody can be recognised is kept all the same."""
        return [
            {
                name: self.cleaned_data.get(f"person_{n}_{name}") or ""
                for name in ("name", "how", "uses", "until", "email")
            }
            for n in range(1, PEOPLE + 1)
            if self.cleaned_data.get(f"person_{n}_name")
        ]

    def values(self):
        """All that was entered, as `offer_story` and `change_story` take it."""
        cleaned = self.cleaned_data
        values = {name: cleaned[name] for name in (*_TEXT, "shows_people")}
        if "pledge" in self.fields:
            values["pledge"] = cleaned["pledge"]
        made = [
            (self.files_made[f"picture_{n}"], cleaned[f"alt_{n}"])
            for n in range(1, PICTURES + 1)
            if f"picture_{n}" in self.files_made
        ]
        entered = {"values": values, "areas": cleaned["areas"], "districts": cleaned["districts"]}
        entered |= {"pictures": made, "people": self.people}
        if self.story:
            entered["drop_pictures"] = cleaned.get("drop_pictures", [])
            entered["drop_people"] = cleaned.get("drop_people", [])
        return entered


class VisitorStoryForm(TrapMixin, StoryForm):
    """From somebody who has no account, or does not use it for this."""

    name = _line(_("Your name"), 100, help_text=_("So that we know whom to ask. It is shown nowhere."))
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        help_text=_("We send you a link to confirm it, and then our decision. It is shown nowhere."),
    )

    def clean_email(self):
        return normalise_email(self.cleaned_data["email"])

    @property
    def teller(self):
        return self.cleaned_data["name"], self.cleaned_data["email"]
