from django import forms
from django.utils.translation import gettext_lazy as _

from events.eligibility import choices_for, pledges_of, reviews_of, stories_of
from events.models import Nomination
from oiep.forms import CharterModelForm


class NominationForm(CharterModelForm):
    """Nominates one partner. `partner` and `award_round` say whom and when; only fitting categories can be chosen."""

    class Meta:
        model = Nomination
        fields = ["category", "pledge", "review", "story", "why"]
        labels = {
            "category": _("Which category?"),
            "pledge": _("For which pledge?"),
            "review": _("Which progress review shows it?"),
            "story": _("Which story tells of it?"),
            "why": _("Why should it win?"),
        }
        help_texts = {
            "pledge": _("We attach the pledge, and what was reported on it, as they are."),
            "review": _("We attach what the partner reported in it."),
            "story": _("We attach it for as long as it is public."),
            "why": _("In up to 2,000 characters. Judges read it beside what was reported."),
        }
        widgets = {"category": forms.RadioSelect, "why": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *args, partner, award_round, **kwargs):
        super().__init__(*args, **kwargs)
        self.categories = choices_for(award_round, partner)
        own = self.instance.category_id
        fitting = [category for category, reasons in self.categories if not reasons or category.pk == own]
        self.closed = [(category, reasons) for category, reasons in self.categories if category not in fitting]
        category = self.fields["category"]
        category.queryset = category.queryset.filter(pk__in=[one.pk for one in fitting]).order_by("order", "pk")
        category.empty_label = None
        if own:
            del self.fields["category"]
        self._offer("pledge", pledges_of(partner), _("For no pledge in particular"))
        self._offer("review", reviews_of(partner), _("None in particular"))
        self._offer("story", stories_of(partner), _("None"))

    def _offer(self, name, rows, nothing):
        if not rows.exists():
            del self.fields[name]
            return
        field = self.fields[name]
        field.queryset, field.empty_label, field.required = rows, nothing, False
        field.label_from_instance = _LABELS[name]

    def values(self):
        """What `events.actions.awards.nominate` takes."""
        return {name: self.cleaned_data.get(name) for name in self._meta.fields if name in self.fields}

    # Whether it may be sent in is asked under the lock, in words for the person who writes.
    def validate_unique(self):
        pass

    def validate_constraints(self):
        pass


def _label_of_pledge(pledge):
    words = pledge.statement if len(pledge.statement) <= 90 else f"{pledge.statement[:89]}…"
    return f"{pledge.area.short_name}: {words}"


def _label_of_review(review):
    return _("Review for the round of %(date)s") % {"date": review.round_on.strftime("%-d %B %Y")}


_LABELS = {"pledge": _label_of_pledge, "review": _label_of_review, "story": str}
