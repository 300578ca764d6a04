from django import forms
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm
from oiep.models import User
from oiep.text import clean_line


class AcceptForm(CharterForm):
    """What somebody says who accepts: their name, where we do not know it. user: who is signed in.

    An app that asks more adds fields; their values go to its `accept`.
    """

    name = forms.CharField(
        label=_("Your name"),
        help_text=_("So that the others know who you are."),
        max_length=User._meta.get_field("name").max_length,
        validators=[clean_line],
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        if user.name:
            del self.fields["name"]
