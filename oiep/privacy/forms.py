from django import forms
from django.utils.translation import gettext as _

from oiep.forms import CharterForm
from oiep.privacy.erasing import LEAVE, WITHDRAW


class EraseForm(CharterForm):
    """What becomes of each partner that the person leads, and whether they mean it.

    partners: those partners. by_manager: the manager does it for somebody who asked.
    """

    def __init__(self, *args, user, partners, by_manager=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.partners = {f"partner_{partner.pk}": partner for partner in partners}
        self.fields.update(self._fields(user, by_manager))

    def _fields(self, user, by_manager):
        fields = {
            name: forms.ChoiceField(
                label=partner.name,
                choices=choices_for(partner, user, by_manager),
                widget=forms.RadioSelect,
                error_messages={
                    "required": _("Choose what becomes of %(partner)s.") % {"partner": partner.name},
                    "invalid_choice": _("Choose again: that is no longer in the list."),
                },
            )
            for name, partner in self.partners.items()
        }
        label = (
            _("I have checked that it is this person who asks. This is final.")
            if by_manager
            else _("Erase what you hold about me. I know that this is final.")
        )
        error = {"required": _("Tick the box if you are sure.")}
        fields["sure"] = forms.BooleanField(label=label, error_messages=error)
        return fields

    def choices(self):
        """As `erase` takes them."""
        return {partner.pk: self.cleaned_data[name] for name, partner in self.partners.items()}


def choices_for(partner, user, by_manager=False):
    """What can become of a partner when its lead goes, the kindest to it first, each saying what it means."""
    members = partner.memberships.current().exclude(user=user).select_related("user")
    for member in members:
        yield str(member.pk), _("%(name)s becomes its lead.") % {"name": member.user}
    yield (
        LEAVE,
        _("It stays without a lead. We appoint one.")
        if by_manager
        else _("It stays without a lead. We are told, and look for a new one."),
    )
    yield (
        WITHDRAW,
        _("It leaves the Charter. Its page says so, its pledges stop, and it leaves the directory and the totals."),
    )
