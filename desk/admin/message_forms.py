"""What the manager writes to many, and whom it is for."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from desk.audience import Standing
from desk.models import Message
from oiep.forms import CharterModelForm
from partners.models import District, Kind, Membership, PriorityArea
from working_groups.models import Group


def _several(label, choices, help_text=""):
    return forms.MultipleChoiceField(
        label=label, choices=choices, help_text=help_text, required=False, widget=forms.CheckboxSelectMultiple
    )


class MessageForm(CharterModelForm):
    """The choices are kept in `Message.chosen`. Nothing ticked in a list means all of it."""

    districts = _several(_("Districts"), [], _("Partners that work there, or across the county."))
    areas = _several(_("Priority areas"), [], _("Partners with a live pledge in one of them."))
    kinds = _several(_("Kinds of partner"), [(value, label) for value, label in Kind.choices if value != Kind.RESIDENT])
    statuses = _several(_("Where their reviews stand"), Standing.choices)
    roles = _several(
        _("Their people"),
        [(value, capfirst(label)) for value, label in Membership.Role.choices],
        _("The lead alone, unless you tick others."),
    )
    groups = _several(_("Working groups"), [])
    CHOSEN = ("districts", "areas", "kinds", "statuses", "roles")

    class Meta:
        model = Message
        fields = ("subject", "words", "whom", "is_news")
        widgets = {"words": forms.Textarea(attrs={"rows": 10}), "whom": forms.RadioSelect}
        labels = {"is_news": _("This is news: only those of them who asked for news get it")}
        help_texts = {
            "words": _("Addresses of this site become links. Lines that begin with “- ” become a list."),
            "is_news": _(
                "Events, stories, invitations. Without it, the message is about their own part in the Charter."
            ),
        }
        error_messages = {
            "subject": {"required": _("Write a subject.")},
            "words": {"required": _("Write your message.")},
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["whom"].choices = Message.Whom.choices
        for name, rows in (
            ("districts", District.objects.current()),
            ("areas", PriorityArea.objects.current()),
            ("groups", Group.objects.current()),
        ):
            self.fields[name].choices = [(str(row.pk), str(row)) for row in rows]
        for name, value in self.instance.chosen.items():
            self.initial.setdefault(name, [str(key) for key in value])

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("whom") == Message.Whom.GROUPS and not cleaned.get("groups"):
            self.add_error("groups", _("Choose at least one group."))
        return cleaned

    def _post_clean(self):
        if self.cleaned_data.get("whom") == Message.Whom.NEWS:
            self.cleaned_data["is_news"] = self.instance.is_news = True
        super()._post_clean()

    def save(self, commit=True):
        names = {Message.Whom.PARTNERS: self.CHOSEN, Message.Whom.GROUPS: ("groups",)}.get(self.instance.whom, ())
        chosen = {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}
        numbers = ("districts", "areas", "groups")
        self.instance.chosen = {k: [int(v) for v in vs] if k in numbers else vs for k, vs in chosen.items()}
        return super().save(commit)
