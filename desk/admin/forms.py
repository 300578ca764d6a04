"""The forms of lists that come in."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from desk.models import Import
from oiep.forms import CharterForm
from oiep.uploads import size_at_most


class ListForm(CharterForm):
    kind = forms.ChoiceField(
        label=_("What is in the list?"),
        choices=Import.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is in the list.")},
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_("An Excel workbook (XLSX) or a CSV file."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt,text/csv"}),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("This file is empty. Choose another one."),
            "missing": _("Choose a file."),
        },
    )

    def clean_file(self):
        upload = self.cleaned_data["file"]
        if upload.size > settings.UPLOAD_BYTES_AT_MOST:
            words = _("This file is larger than %(most)s. Cut it into smaller files.")
            raise ValidationError(words % {"most": size_at_most()})
        return upload


class HeadingsForm(forms.Form):
    """What each column of the file is. Fields are named by its place."""

    def __init__(self, *args, proposals, kind, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        choices = [("", _("Leave it out")), *((column.name, column.heading) for column in kind.columns)]
        for proposal in proposals:
            label = proposal.heading or _("Column %(number)s, without a heading") % {"number": proposal.place + 1}
            self.fields[f"column-{proposal.place}"] = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=proposal.column
            )

    def rows(self, proposals):
        """(field, proposal) for each column of the file."""
        return [(self[f"column-{proposal.place}"], proposal) for proposal in proposals]

    @property
    def mapping(self):
        return {name.removeprefix("column-"): column for name, column in self.cleaned_data.items()}
