"""The forms of a group's meetings, of what was said there, and of papers."""

import contextlib
import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, URLValidator
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from oiep.forms import CharterForm
from oiep.text import clean_line, clean_text
from oiep.uploads import ACCEPT, make_safe, size_at_most
from partners.actions import version_of
from working_groups.actions.meetings import details_of
from working_groups.actions.minutes import record_of
from working_groups.forms.work import day_field
from working_groups.models import Attendance, GroupMember
from working_groups.times import comes_twice, in_words, instant_of

# A year that is further away than this was mistyped.
_YEARS_AHEAD, _YEARS_BACK = 5, 30
_LENGTHS = (15, 30, 45, 60, 75, 90, 105, 120, 150, 180, 210, 240, 300, 360, 420, 480)  # minutes
_FIRST, _SECOND = "first", "second"
_DECISIONS_AT_MOST = 100
_MARKDOWN = _("A blank line begins a new paragraph, “- ” a point of a list, “# ” a heading.")


class OpenedOn(forms.Form):
    """A form that knows what it was opened on."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def see(self, version):
        """Makes the form stand on this version, with all that was typed kept: the writer has been shown it."""
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = version


def _long_text(label, help_text, rows):
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        validators=[clean_text, MaxLengthValidator(50_000)],
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class MeetingForm(OpenedOn, CharterForm):
    """meeting: the one that is changed, if any."""

    title = forms.CharField(
        label=_("What kind of meeting is it?"),
        help_text=_("For example: quarterly meeting."),
        max_length=120,
        validators=[clean_line],
        error_messages={"required": _("Enter a title for the meeting.")},
    )
    day = day_field(_("On which day?"), _("Day, month and year."))
    time = forms.TimeField(
        label=_("When does it start?"),
        help_text=_("UK time, for example 14:30."),
        input_formats=["%H:%M", "%H:%M:%S", "%H.%M", "%I:%M%p", "%I.%M%p", "%I%p"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "input-short"}),
        error_messages={
            "required": _("Enter the time when it starts."),
            "invalid": _("Enter a time, for example 14:30."),
        },
    )
    which = forms.ChoiceField(
        label=_("Which of the two do you mean?"),
        help_text=_("The clocks go back on that night, and this time comes twice."),
        widget=forms.RadioSelect,
        error_messages={"required": _("This time comes twice on that night. Choose which of the two you mean.")},
    )
    minutes = forms.TypedChoiceField(label=_("How long is it?"), coerce=int)
    place = forms.CharField(
        label=_("Where is it?"),
        help_text=_("With the address. Leave it out if it is only online. The public page of the group shows it."),
        required=False,
        max_length=250,
        validators=[clean_line],
    )
    online_url = forms.URLField(
        label=_("Link to take part online"),
        help_text=_("Only members see it, and it is in their invitation."),
        required=False,
        assume_scheme="https",
        max_length=500,
        validators=[URLValidator(schemes=["http", "https"])],
    )
    agenda = _long_text(_("Agenda"), _MARKDOWN, rows=8)

    def __init__(self, *args, meeting=None, **kwargs):
        self.meeting = meeting
        initial = _initial_of(meeting) if meeting else {"minutes": 120}
        super().__init__(*args, initial=initial, **kwargs)
        lengths = sorted({*_LENGTHS, initial["minutes"]})
        self.fields["minutes"].choices = [(length, length_in_words(length)) for length in lengths]
        if self._time_comes_twice():
            self.fields["which"].choices = [
                (_FIRST, _("The first one, in summer time (BST)")),
                (_SECOND, _("The second one, after the clocks went back (GMT)")),
            ]
        else:
            del self.fields["which"]

    def _time_comes_twice(self):
        with contextlib.suppress(ValidationError):
            return comes_twice(*(self.fields[name].clean(self[name].value()) for name in ("day", "time")))
        return False

    def clean_day(self):
        day, today = self.cleaned_data["day"], timezone.localdate()
        if not today.year - _YEARS_BACK <= day.year <= today.year + _YEARS_AHEAD:
            raise ValidationError(
                _now("Check the year: we take meetings from %(first)s to %(last)s.")
                % {"first": today.year - _YEARS_BACK, "last": today.year + _YEARS_AHEAD}
            )
        return day

    def clean(self):
        cleaned = super().clean()
        if {"day", "time", "minutes"} <= cleaned.keys() and "which" not in self.errors:
            try:
                starts = instant_of(cleaned["day"], cleaned["time"], second=cleaned.get("which") == _SECOND)
            except ValidationError as error:
                self.add_error("time", error)
            else:
                length = datetime.timedelta(minutes=cleaned["minutes"])
                cleaned |= {"starts_at": starts, "ends_at": starts + length}
        is_called = self.meeting and not self.meeting.is_draft
        if is_called and not (self.errors or cleaned["place"] or cleaned["online_url"]):
            self.add_error("place", _now("Say where it is, or give the link to take part online."))
        return cleaned

    def values(self):
        """What was entered, as `change_meeting` takes it."""
        names = ("title", "starts_at", "ends_at", "place", "online_url", "agenda")
        return {name: self.cleaned_data[name] for name in names}

    def differences(self, current):
        """What the meeting says now where it is not what was entered."""
        mine, theirs = self.values(), details_of(current)
        rows = []
        if (mine["starts_at"], mine["ends_at"]) != (theirs["starts_at"], theirs["ends_at"]):
            rows.append({"label": _now("When"), "words": in_words(theirs["starts_at"], theirs["ends_at"])})
        names = [name for name in ("title", "place", "online_url", "agenda") if mine[name] != theirs[name]]
        return rows + [{"label": self.fields[name].label, "words": theirs[name]} for name in names]


def _initial_of(meeting):
    starts = timezone.localtime(meeting.starts_at)
    return {
        "seen": version_of(details_of(meeting)),
        "title": meeting.title,
        "day": starts.date(),
        "time": starts.time(),
        "which": _SECOND if starts.fold else _FIRST,
        "minutes": round((meeting.ends_at - meeting.starts_at).total_seconds() / 60),
        "place": meeting.place,
        "online_url": meeting.online_url,
        "agenda": meeting.agenda,
    }


def length_in_words(minutes):
    hours, minutes = divmod(minutes, 60)
    parts = [ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}] if hours else []
    parts += [ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}] if minutes else []
    return " ".join(parts)


class CancelForm(CharterForm):
    why = forms.CharField(
        label=_("Why is it cancelled?"),
        help_text=_("One sentence. The members read it."),
        max_length=300,
        validators=[clean_line],
        error_messages={"required": _("Write why the meeting is cancelled.")},
    )


class RecordForm(OpenedOn, CharterForm):
    """Who was there, what was said and what was agreed, on one page. meeting: whose record it is."""

    decisions = _long_text(
        _("What was agreed"),
        _("One decision on each line. Everyone can read them once the minutes are published."),
        rows=5,
    )
    minutes = _long_text(_("Minutes"), _MARKDOWN, rows=14)

    def __init__(self, *args, meeting, **kwargs):
        record = record_of(meeting)
        initial = {
            "seen": version_of(record),
            "minutes": record["minutes"],
            # One that was written in several lines elsewhere stays one decision.
            "decisions": "\n".join(" ".join(text.split()) for text in record["decisions"]),
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.members = people_of(meeting)
        self.conditional = frozenset(map(_field_of, self.members))
        for member in self.members:
            self.fields[_field_of(member)] = forms.ChoiceField(
                label=member.display_name,
                choices=[(value, capfirst(label)) for value, label in Attendance.Answer.choices],
                required=False,
                initial=record["attendance"].get(member.pk),
                widget=forms.RadioSelect,
                error_messages={"invalid_choice": _("Choose one of the three.")},
            )

    def attendance(self):
        """The fields of who was there."""
        return [self[_field_of(member)] for member in self.members]

    def clean_decisions(self):
        decisions = [" ".join(line.split()) for line in self.cleaned_data["decisions"].splitlines() if line.strip()]
        for number, text in enumerate(decisions, start=1):
            if len(text) > 600:
                raise ValidationError(
                    _now("Decision %(number)d is too long. Use 600 characters or fewer.") % {"number": number}
                )
        if len(decisions) > _DECISIONS_AT_MOST:
            raise ValidationError(_now("Write at most %(most)d decisions.") % {"most": _DECISIONS_AT_MOST})
        return decisions

    def values(self):
        """What was entered, as `save_record` takes it."""
        answers = {member.pk: self.cleaned_data[_field_of(member)] for member in self.members}
        return {
            "minutes": self.cleaned_data["minutes"],
            "decisions": self.cleaned_data["decisions"],
            "attendance": {member: answer for member, answer in answers.items() if answer},
        }

    def differences(self, current):
        """What the record says now where it is not what was entered."""
        mine, theirs = self.values(), record_of(current)
        labels = dict(Attendance.Answer.choices)
        rows = [
            {"label": member.display_name, "words": labels.get(theirs["attendance"].get(member.pk), "")}
            for member in self.members
            if mine["attendance"].get(member.pk) != theirs["attendance"].get(member.pk)
        ]
        if mine["decisions"] != theirs["decisions"]:
            rows.append({"label": self.fields["decisions"].label, "words": "\n".join(theirs["decisions"])})
        if mine["minutes"] != theirs["minutes"]:
            rows.append({"label": self.fields["minutes"].label, "words": theirs["minutes"]})
        return rows


def _field_of(member):
    return f"member-{member.pk}"


def people_of(meeting):
    """Who may have been at a meeting: the group's members on that day, and whoever is on its record."""
    members = meeting.group.members
    found = members.current(meeting.day) | members.filter(attendances__meeting=meeting)
    people = found.distinct().select_related("user")
    roles = list(GroupMember.Role.values)
    return sorted(people, key=lambda it: (roles.index(it.role), it.display_name.casefold(), it.pk))


class PaperForm(CharterForm):
    """group: whose paper it is."""

    title = forms.CharField(
        label=_("What is it?"),
        help_text=_("A title that tells people whether they need it."),
        max_length=120,
        validators=[clean_line],
        error_messages={"required": _("Enter a title for the paper.")},
    )
    file = forms.FileField(
        label=_("The file"),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
        error_messages={"required": _("Choose a file.")},
    )
    meeting = forms.ModelChoiceField(
        label=_("For which meeting is it?"), queryset=None, required=False, empty_label=_("For none, or for several")
    )

    def __init__(self, *args, group, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["meeting"].queryset = group.meetings.filter(cancelled_at=None)
        self.fields["meeting"].label_from_instance = lambda meeting: f"{meeting.title}, {meeting.when}"
        self.fields["file"].help_text = _(
            "A PDF, a picture, a Word file or a sheet, of up to %(size)s. Only members see it until you publish it."
        ) % {"size": size_at_most()}

    def clean_file(self):
        return make_safe(self.cleaned_data["file"])
