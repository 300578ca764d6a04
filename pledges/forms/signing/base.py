"""What every step's form does."""

from oiep.forms import CharterForm


def chosen_from(rows):
    """Choices of rows, with text for values, as JSON and forms hold them."""
    return [(str(row.pk), row) for row in rows]


class KeepsTyped:
    """What was typed, right or wrong, as it can be kept for later and shown in the form again."""

    def typed(self):
        values = {name: field.widget.value_from_datadict(self.data, {}, name) for name, field in self.fields.items()}
        return {name: _storable(value) for name, value in values.items() if value}


def _storable(value):
    if isinstance(value, list):
        return [_storable(item) for item in value[:100]]
    return str(value).replace("\0", "")[:2000]  # PostgreSQL keeps no NUL


class StepForm(KeepsTyped, CharterForm):
    """signing: whose answers these are; None for the printed questions."""

    template = "pledges/signing/step.html"

    def __init__(self, *args, signing=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.signing = signing

    def answers(self):
        """The clean answers as JSON values."""
        return self.cleaned_data
