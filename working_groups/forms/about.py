"""The form of what a group says of itself."""

from django import forms
from django.utils.translation import gettext_lazy as _

from working_groups.actions.about import FIELDS
from working_groups.forms.work import SeenForm
from working_groups.models import Group

_MARKDOWN = _("A blank line begins a new paragraph, “- ” a point of a list, “# ” a heading.")


class LongLineMixin:
    """Room for a line that is longer than a screen is wide. A line break in it counts as a space."""

    def value_from_datadict(self, data, files, name):
        value = super().value_from_datadict(data, files, name)
        return value and " ".join(value.split())


class LongLine(LongLineMixin, forms.Textarea):
    pass


class AboutForm(SeenForm):
    class Meta:
        model = Group
        fields = FIELDS
        labels = {
            "purpose": _("What is the group for?"),
            "about": _("More about it"),
            "terms": _("Terms of reference"),
            "takes_requests": _("People may ask to join"),
        }
        help_texts = {
            "purpose": _("In a sentence or two, up to 400 characters."),
            "about": _MARKDOWN,
            "terms": _("How the group works: what it decides, how often it meets, who is in it."),
            "takes_requests": _("You decide about each request."),
        }
        error_messages = {"purpose": {"required": _("Write what the group is for.")}}
        widgets = {
            "purpose": LongLine(attrs={"rows": 3}),
            "about": forms.Textarea(attrs={"rows": 8}),
            "terms": forms.Textarea(attrs={"rows": 8}),
        }
