"""The forms of a group's actions and progress updates."""

import copy
import datetime

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterModelForm
from working_groups.actions.work import ACTION_FIELDS, UPDATE_FIELDS, version
from working_groups.models import Action, GroupMember, Meeting, ProgressUpdate

_YEARS_AT_MOST = 10


def day_field(label, help_text=""):
    return forms.DateField(
        label=label,
        help_text=help_text,
        input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input-short"}),
        error_messages={"required": _("Enter the date."), "invalid": _("Enter a date as day, month and year.")},
    )


class ActedOnForm(CharterModelForm):
    """A form whose row is changed by an action, under a lock: it checks a copy and leaves the row as it is."""

    def _post_clean(self):
        self.instance = copy.copy(self.instance)
        super()._post_clean()


class SeenForm(ActedOnForm):
    """A form that knows what it was opened on."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["seen"] = version(self.instance, self._meta.fields) if self.instance.pk else ""

    def values(self):
        return {name: self.cleaned_data[name] for name in self._meta.fields}

    def see(self, row):
        """Makes the form stand on the row as it is now, with all that was typed kept: the writer has been shown it."""
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = version(row, self._meta.fields)

    def differences(self, row):
        """What the row says where it differs from what was typed, with the labels."""
        return [
            {"label": self.fields[name].label, "words": _words(getattr(row, name))}
            for name, value in self.values().items()
            if getattr(row, name) != value
        ]


def _words(value):
    match value:
        case bool():
            return _("Yes") if value else _("No")
        case datetime.date():
            return date_format(value)
        case GroupMember():
            return value.display_name
        case Meeting():
            return value.title
    return value


class MemberChoice(forms.ModelChoiceField):
    def label_from_instance(self, member):
        return member.display_name


class MeetingChoice(forms.ModelChoiceField):
    def label_from_instance(self, meeting):
        day = timezone.localdate(meeting.starts_at).strftime("%-d %B %Y")
        return f"{day}: {meeting.title}"


class ActionForm(SeenForm):
    owner = MemberChoice(
        label=_("Who does it?"),
        help_text=_("They get an e-mail about it, and reminders."),
        queryset=GroupMember.objects.none(),
        required=False,
        empty_label=_("Nobody yet"),
    )
    due_on = day_field(_("By when?"), _("Day, month and year."))
    meeting = MeetingChoice(
        label=_("At which meeting was it agreed?"), queryset=None, required=False, empty_label=_("At none")
    )

    class Meta:
        model = Action
        fields = ACTION_FIELDS
        labels = {"what": _("What will be done?"), "is_public": _("Show it to the public")}
        help_texts = {
            "what": _("In a sentence or two, up to 600 characters."),
            "is_public": _("On the group's page, with the name of who does it only if they agreed to be shown."),
        }
        error_messages = {"what": {"required": _("Write what will be done.")}}
        widgets = {"what": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args, group, **kwargs):
        super().__init__(*args, **kwargs)
        members = group.members.current()
        if self.instance.owner_id:  # who has left is kept, not offered
            members = members | group.members.filter(pk=self.instance.owner_id)
        self.fields["owner"].queryset = members.select_related("user")
        self.fields["meeting"].queryset = group.meetings.called()
        if group.is_hidden:
            self.fields["is_public"].help_text = _("Nobody outside sees it for as long as the group is closed.")

    def clean_due_on(self):
        day = self.cleaned_data["due_on"]
        if not _is_near(day):
            raise forms.ValidationError(_("Enter a date within ten years of today."))
        return day


class ProgressForm(ActedOnForm):
    class Meta:
        model = Action
        fields = ("progress", "note")
        labels = {"progress": _("How does it go?"), "note": _("What happened?")}
        help_texts = {
            "note": _("In a sentence or two, up to 600 characters. Needed when it is achieved or stopped."),
        }
        widgets = {"progress": forms.RadioSelect, "note": forms.Textarea(attrs={"rows": 3})}

    conditional = frozenset({"note"})

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["progress"].choices = [(value, capfirst(label)) for value, label in Action.Progress.choices]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("progress") in Action.CLOSED and not cleaned.get("note") and "note" not in self.errors:
            self.add_error("note", _("Write what was achieved, or why it is stopped."))
        return cleaned


class UpdateForm(SeenForm):
    happened_on = day_field(_("When was it?"), _("Day, month and year."))

    class Meta:
        model = ProgressUpdate
        fields = UPDATE_FIELDS
        labels = {"text": _("What has the group done?"), "is_public": _("Show it to the public")}
        help_texts = {
            "text": _(
                "One thing in a sentence or two, up to 600 characters. For example “Three sub-groups established”."
            ),
            "is_public": _("On the group's page. The partnership's reports are written from these."),
        }
        error_messages = {"text": {"required": _("Write what the group has done.")}}
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}

    def clean_happened_on(self):
        day = self.cleaned_data["happened_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("Enter today or a day before it: this is for what has been done."))
        if not _is_near(day):
            raise forms.ValidationError(_("Enter a date within ten years of today."))
        return day


def _is_near(day):
    return abs(day - timezone.localdate()) <= datetime.timedelta(days=366 * _YEARS_AT_MOST)
