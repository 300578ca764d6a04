"""The forms of the people of a group."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm
from oiep.text import clean_line, clean_text, normalise_email
from partners.models import Kind, Partner
from working_groups.actions.groups import HEADS
from working_groups.forms.work import day_field
from working_groups.models import GroupMember


def _roles(may_appoint_heads):
    return [
        (value, capfirst(label))
        for value, label in reversed(GroupMember.Role.choices)
        if may_appoint_heads or value not in HEADS
    ]


class NameMixin(forms.Form):
    """Asks for the person's name where we do not know it."""

    name = forms.CharField(
        label=_("Your name"), max_length=150, validators=[clean_line], help_text=_("The other members see it.")
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        if user.name:
            del self.fields["name"]


class JoinForm(NameMixin, CharterForm):
    words = forms.CharField(
        label=_("Why do you want to join?"),
        help_text=_("Who you are and what you would bring, in up to 600 characters."),
        required=False,
        max_length=600,
        validators=[clean_text],
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class OwnEntryForm(NameMixin, CharterForm):
    """What a person says of their own part in a group."""

    partner = forms.ModelChoiceField(
        label=_("Which partner do you come from?"),
        queryset=Partner.objects.none(),
        required=False,
        empty_label=_("None of these"),
    )
    organisation = forms.CharField(
        label=_("Which organisation do you come from?"),
        help_text=_("If it is no partner of the Charter. Leave it out if you come as yourself."),
        required=False,
        max_length=150,
        validators=[clean_line],
    )
    shown = forms.BooleanField(
        label=_("Show me to the public as a member of this group"),
        help_text=_(
            "Your name, your role and where you come from, on the group's page. If you take this back, "
            "you are hidden at once."
        ),
        required=False,
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, user=user, **kwargs)
        partners = Partner.objects.published().visible_to(user).exclude(kind=Kind.RESIDENT)
        self.fields["partner"].queryset = partners.order_by("name", "pk")
        if not partners.exists():
            del self.fields["partner"]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("partner") and cleaned.get("organisation"):
            self.add_error("organisation", _("Leave this out, or choose “None of these” above."))
        return cleaned


class RoleForm(CharterForm):
    """may_appoint_heads: whether the roles of chair and co-chair are on offer."""

    role = forms.ChoiceField(label=_("What is their role?"), widget=forms.RadioSelect)

    def __init__(self, *args, may_appoint_heads, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = _roles(may_appoint_heads)


class InviteForm(RoleForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        error_messages={"required": _("Enter the e-mail address of whom you invite.")},
    )

    field_order = ["email", "role"]

    def clean_email(self):
        try:
            return normalise_email(self.cleaned_data["email"])
        except ValidationError as error:
            raise forms.ValidationError(error.messages) from None


class EndForm(CharterForm):
    on = day_field(_("From which day are they no member?"), _("Day, month and year: today, or a day before."))

    def __init__(self, *args, member, **kwargs):
        super().__init__(*args, **kwargs)
        self.member = member
        self.fields["on"].initial = timezone.localdate

    def clean_on(self):
        day = self.cleaned_data["on"]
        if not self.member.starts_on <= day <= timezone.localdate():
            raise forms.ValidationError(_("Give a day from the one on which they joined until today."))
        return day
