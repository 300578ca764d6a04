"""What is pledged."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from oiep.text import clean_text
from oiep.translated import spoken
from partners.models import Kind, PriorityArea
from pledges.forms.pledges import PledgeForm
from pledges.forms.signing.base import KeepsTyped, StepForm, chosen_from
from pledges.models import Capacity, Pledge, PledgeIdea
from pledges.models.ideas import STATEMENT_LENGTH
from pledges.toolkit import beside_ideas

_NO_FIGURES = {
    "measure": "",
    "unit": "",
    "baseline": None,
    "target": None,
    "target_date": None,
    "commitment": "",
    "commitment_amount": None,
    "commitment_note": "",
}


class IdeasForm(StepForm):
    """Ready-made pledges to say yes to, by area.

    What was ticked before and is not on offer any more can be kept, as long as its area is one.
    """

    template = "pledges/signing/ideas.html"

    ideas = forms.MultipleChoiceField(
        label=_("What will you do?"),
        help_text=_("Tick each one that you say yes to."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.areas = {area.pk: area for area in PriorityArea.objects.current()}
        self.on_offer = {f"idea-{idea.pk}": idea for idea in self._ideas()}
        self.kept = {
            f"kept-{pledge['number']}": pledge
            for pledge in self._other_pledges()
            if f"idea-{pledge['idea_id']}" not in self.on_offer and pledge["area_id"] in self.areas
        }
        self.fields["ideas"].choices = [
            *(
                (value, format_html("<strong>{}</strong><br>{}", idea.title, idea.statement))
                for value, idea in self.on_offer.items()
            ),
            *((value, spoken(pledge["statement"])) for value, pledge in self.kept.items()),
        ]
        if self.signing:
            ticked = [f"idea-{pledge['idea_id']}" for pledge in self.signing.pledges]
            self.initial.setdefault("ideas", [*ticked, *self.kept])

    @property
    def groups(self):
        """The boxes to tick, by area, each with what of the toolkit helps with its idea."""
        areas_of = {value: idea.area_id for value, idea in self.on_offer.items()}
        areas_of |= {value: pledge["area_id"] for value, pledge in self.kept.items()}
        beside_ideas(self.on_offer.values())
        helping = {value: idea.resources for value, idea in self.on_offer.items()}
        boxes = {pk: [] for pk in self.areas}
        for box in self["ideas"].subwidgets:
            value = box.data["value"]
            boxes[areas_of[value]].append({**box.data, "resources": helping.get(value, [])})
        return [{"area": self.areas[pk], "boxes": boxes[pk]} for pk in boxes if boxes[pk]]

    def _ideas(self):
        return PledgeIdea.objects.current().for_kind(self.kind).select_related("area")

    def _other_pledges(self):
        return self.signing.pledges if self.signing else []

    @property
    def kind(self):
        return self.signing.partner_kind if self.signing else Kind.RESIDENT

    def pledges(self):
        """The whole list of pledges, as the signing keeps it."""
        had = {pledge["idea_id"]: pledge for pledge in self.signing.pledges if pledge["idea_id"]}
        return [
            self.kept[value] if value in self.kept else had.get(self.on_offer[value].pk, _entry(self.on_offer[value]))
            for value in self.cleaned_data["ideas"]
        ]


def _entry(idea):
    return _NO_FIGURES | {
        "area_id": idea.area_id,
        "idea_id": idea.pk,
        "capacity": idea.capacity,
        "statement": idea.as_written("statement"),  # everybody reads it in their own language
    }


class ShortIdeasForm(IdeasForm):
    """The short route for organisations of fewer than 10 people: yes or no, and no figures."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["ideas"].required = True
        self.fields["ideas"].error_messages["required"] = _("Tick at least one pledge, or write your own.")

    def _ideas(self):
        return super()._ideas().for_short_route()


class ResidentIdeasForm(IdeasForm):
    conditional = frozenset({"ideas", "own_area"})
    own_words = forms.CharField(
        label=_("A pledge in your own words"),
        help_text=_("For example “I will buy my bread in my own street.” Up to 300 characters."),
        required=False,
        max_length=STATEMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        validators=[clean_text],
    )
    own_area = forms.ChoiceField(
        label=_("Which priority area is your own pledge for?"),
        required=False,
        error_messages={"invalid_choice": _("This area is not on offer any more. Choose another.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        areas = PriorityArea.objects.current()
        self.fields["own_area"].choices = [("", _("Choose an area")), *chosen_from(areas)]
        if own := self._own():
            self.initial.setdefault("own_words", own["statement"])
            self.initial.setdefault("own_area", str(own["area_id"]))

    def _own(self):
        """The pledge in own words, of which there is one at most."""
        pledges = self.signing.pledges if self.signing else []
        return pledges[-1] if pledges and not pledges[-1]["idea_id"] else None

    def _other_pledges(self):
        own = self._own()
        return [pledge for pledge in super()._other_pledges() if pledge is not own]

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("ideas") and not cleaned.get("own_words") and not self.errors:
            self.add_error("ideas", _("Tick at least one pledge, or write your own."))
        if cleaned.get("own_words") and not cleaned.get("own_area") and "own_area" not in self.errors:
            self.add_error("own_area", _("Choose the priority area that your own pledge is for."))
        return cleaned

    def pledges(self):
        pledges = super().pledges()
        if words := self.cleaned_data["own_words"]:
            own = {"area_id": int(self.cleaned_data["own_area"]), "idea_id": None, "statement": words}
            pledges.append(_NO_FIGURES | own | {"capacity": Capacity.RESIDENT})
        return pledges


class SigningPledgeForm(KeepsTyped, PledgeForm):
    """One pledge of an organisation, from an idea or in its own words. entry: as the signing keeps it, to change it."""

    def __init__(self, *args, signing=None, entry=None, idea=None, **kwargs):
        entry = entry or {}
        values = {name: value for name, value in entry.items() if name != "number"}
        kind = signing.partner_kind if signing else Kind.BUSINESS
        super().__init__(*args, kind=kind, instance=Pledge(**values), **kwargs)
        self.idea = idea
        self.fields["area"].queryset = PriorityArea.objects.current()

    def answers(self):
        clean = self.cleaned_data
        figures = ("baseline", "target", "commitment_amount", "target_date")
        return {
            **{name: clean[name] for name in ("capacity", "statement", "measure", "unit")},
            **{name: clean[name] for name in ("commitment", "commitment_note")},
            **{name: None if clean[name] is None else str(clean[name]) for name in figures},
            "area_id": clean["area"].pk,
            "idea_id": self.idea.pk if self.idea else None,
        }


class PledgesForm(StepForm):
    """An organisation's list of pledges, each written on a page of its own."""

    template = "pledges/signing/pledges.html"

    def clean(self):
        if not self.signing.pledges:
            raise ValidationError(_("Add at least one pledge."))
        return super().clean()
