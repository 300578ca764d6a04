"""The forms about who acts for a partner."""

from django import forms
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm
from oiep.invitations.forms import AcceptForm
from oiep.text import clean_line, normalise_email
from partners.models import Membership


class InviteForm(CharterForm):
    email = forms.EmailField(
        label=_("E-mail address of your colleague"),
        help_text=_("We write to this address. Only somebody who can read its e-mail can accept."),
        max_length=254,
        widget=forms.EmailInput(attrs={"spellcheck": "false"}),
        error_messages={"required": _("Enter the e-mail address of your colleague.")},
    )
    role = forms.ChoiceField(
        label=_("What will they be?"),
        choices=[
            (Membership.Role.MEMBER, _("A member: can change your profile and your pledges, and report on them")),
            (Membership.Role.SECOND, _("Second contact: a member to whom we also write if we hear nothing from you")),
        ],
        initial=Membership.Role.MEMBER,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what they will be.")},
    )
    autocomplete = {"email": "off"}  # it is not about the person at the keyboard

    def clean_email(self):
        return normalise_email(self.cleaned_data["email"])


class AcceptInvitationForm(AcceptForm):
    job_title = forms.CharField(
        label=_("Your job title"),
        required=False,
        max_length=Membership._meta.get_field("job_title").max_length,
        validators=[clean_line],
    )
