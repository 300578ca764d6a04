"""How every form of the public site behaves: plain words, hints before the field, "(optional)" instead of asterisks."""

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

# The purpose of a field about the person at the keyboard (WCAG 1.3.5); a form adds to it or overrides it with its own
# `autocomplete`.
AUTOCOMPLETE = {
    "name": "name",
    "email": "email",
    "job_title": "organization-title",
    "organisation": "organization",
    "website": "url",
}

_BEGINNINGS = ("a", "an", "how", "my", "one", "our", "the", "this", "what", "when", "where", "which", "who", "your")
_CHOICES = (forms.ChoiceField, forms.ModelChoiceField)
_SEVERAL = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)


class CharterBoundField(BoundField):
    @property
    def is_optional(self):
        """Whether its label says "(optional)". A single box to tick speaks for itself."""
        return not (
            self.field.required
            or isinstance(self.field.widget, forms.CheckboxInput)
            or self.name in self.form.conditional
        )


class PlainForm:
    """The habits. A field's own `error_messages` always win over those that are made from its label."""

    bound_field_class = CharterBoundField
    required_css_class = "required"
    # The server checks, in our words, and puts all errors in one list at the top.
    use_required_attribute = False
    # Fields that must be answered only after some answer to another: not required, and not "(optional)" either.
    conditional = frozenset()
    autocomplete = {}

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        purposes = {**AUTOCOMPLETE, **self.autocomplete}
        for name, field in self.fields.items():
            if name in purposes:
                field.widget.attrs.setdefault("autocomplete", purposes[name])
            if type(field.widget) is forms.NumberInput:
                _type_as_text(field)
            _speak_plainly(field, field.label or name.replace("_", " "))


def _type_as_text(field):
    # A browser drops what it takes for no number ("£1,200"), and people should see again what they typed.
    field.widget.input_type = "text"
    whole = isinstance(field, forms.IntegerField) and not isinstance(field, forms.DecimalField | forms.FloatField)
    field.widget.attrs["inputmode"] = "numeric" if whole else "decimal"
    for attribute in ("min", "max", "step"):
        field.widget.attrs.pop(attribute, None)


def _speak_plainly(field, label):
    defaults = {}
    for parent in reversed(type(field).__mro__):
        defaults.update(getattr(parent, "default_error_messages", {}))
    for code, message in _messages(field, str(label)).items():
        if field.error_messages.get(code) == defaults.get(code):
            field.error_messages[code] = message


def _messages(field, label):
    thing = _thing(label)
    if isinstance(field, forms.BooleanField):
        return {"required": _("Tick this box to go on.")}
    if isinstance(field, _SEVERAL):
        gone = _("Choose again: one of your choices is no longer in the list.")
        required = _("Choose at least one.") if thing is None else _("Choose %(thing)s.") % {"thing": thing}
        return {"required": required, "invalid_choice": gone, "invalid_list": gone, "invalid_pk_value": gone}
    if isinstance(field, _CHOICES):
        required = _("Choose an answer.") if thing is None else _("Choose %(thing)s.") % {"thing": thing}
        return {"required": required, "invalid_choice": _("Choose again: that is no longer in the list.")}
    required = _("Answer this question.") if thing is None else _("Enter %(thing)s.") % {"thing": thing}
    return {"required": required, **_limits(field), **_shape(field)}


def _thing(label):
    """The label as it reads within a sentence, or None when it is a question."""
    label = label.strip()
    if not label or label.endswith("?"):
        return None
    first, _space, rest = label.partition(" ")
    if first[1:] == first[1:].lower():
        first = first.lower()
    sentence = f"{first} {rest}".strip()
    return sentence if first in _BEGINNINGS else _("the %(thing)s") % {"thing": sentence}


def _limits(field):
    return {
        "max_length": _("Use %(limit_value)d characters or fewer. You have used %(show_value)d."),
        "min_length": _("Use at least %(limit_value)d characters. You have used %(show_value)d."),
        "max_value": _("Enter %(limit_value)s or less."),
        "min_value": _("Enter %(limit_value)s or more."),
        "max_digits": _("Enter a smaller number."),
        "max_whole_digits": _("Enter a smaller number."),
        "max_decimal_places": _("Use at most %(max)s digits after the decimal point."),
        "null_characters_not_allowed": _("Take out the characters that cannot be shown, then try again."),
    }


def _shape(field):
    """What is said when the answer has not the shape that the field asks for."""
    if isinstance(field, forms.EmailField):
        return {"invalid": _("Enter an e-mail address in the form name@example.org.")}
    if isinstance(field, forms.URLField):
        return {"invalid": _("Enter a web address in the form example.org or https://example.org.")}
    if isinstance(field, forms.DecimalField | forms.FloatField):
        return {"invalid": _("Enter a number, such as 12 or 12.5.")}
    if isinstance(field, forms.IntegerField):
        return {"invalid": _("Enter a whole number, such as 12.")}
    if isinstance(field, forms.DateField):
        return {"invalid": _("Enter a real date, such as 31/3/2027.")}
    return {}


class TrapMixin:
    """A field out of sight, for forms that anybody can send: a person leaves it blank, a robot fills in every field.

    It stands last. `components/trap.html` draws it.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["fax"] = forms.CharField(
            label=_("Leave this blank"),
            required=False,
            widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
        )
        _speak_plainly(self.fields["fax"], self.fields["fax"].label)

    def clean_fax(self):
        if self.cleaned_data["fax"]:
            raise forms.ValidationError(
                _("This looks like it was written by a robot. If you are a person, empty “Leave this blank”.")
            )
        return ""


class CharterForm(PlainForm, forms.Form):
    pass


class CharterModelForm(PlainForm, forms.ModelForm):
    pass
