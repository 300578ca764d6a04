"""Which entries of the toolkit help with what: a pledge idea, a pledge, and the first steps after signing."""

from dataclasses import dataclass

from partners.models import PriorityArea
from pledges.models import Resource

BESIDE = 2  # entries beside one idea or pledge
FIRST_STEPS = 3


class Shelf:
    """The published entries, asked of the database once, to be matched with many things."""

    def __init__(self):
        self._rows = list(Resource.objects.published().prefetch_related("areas"))

    def fitting(self, *, area, capacity="", kinds=(), size="", at_most=BESIDE):
        """Entries that are for this area or capacity in particular, the most particular first.

        area: a PriorityArea's key. kinds: of partner; an entry for one of them fits.
        """
        scored = [(_fit(row, area, capacity, kinds, size), -number) for number, row in enumerate(self._rows)]
        best = sorted((score for score in scored if score[0] > 0), reverse=True)[:at_most]
        return [self._rows[-number] for _fit_of, number in best]


def _fit(resource, area, capacity, kinds, size):
    """How particular an entry is to what is asked; 0 where it is for somebody else, or for everybody alike."""
    areas = [one.pk for one in resource.areas.all()]
    if (areas and area not in areas) or (resource.capacities and capacity and capacity not in resource.capacities):
        return 0
    if resource.partner_kinds and kinds and not set(kinds) & set(resource.partner_kinds):
        return 0
    if resource.sizes and size and size not in resource.sizes:
        return 0
    return (
        4 * bool(areas) + 2 * bool(resource.capacities) + bool(resource.partner_kinds) + bool(resource.sizes and size)
    )


def beside_ideas(ideas):
    """Sets `resources` on each idea: what helps with it."""
    ideas = list(ideas)
    shelf = Shelf() if ideas else None
    for idea in ideas:
        idea.resources = shelf.fitting(area=idea.area_id, capacity=idea.capacity, kinds=idea.kinds)
    return ideas


def for_pledge(pledge):
    """What helps to deliver a pledge."""
    partner = pledge.partner
    return Shelf().fitting(area=pledge.area_id, capacity=pledge.capacity, kinds=[partner.kind], size=partner.size)


@dataclass(frozen=True)
class FirstStep:
    """What to do first. area: for which pledge. resource: what helps with it; without words of its own, read it."""

    text: str
    area: PriorityArea
    resource: Resource | None = None


def first_steps(partner):
    """Three things to begin with after signing: of each pledge its idea's first step, in turn, with what helps.

    A pledge in the signer's own words has the steps of no idea, so what the toolkit has on its area stands for them.
    """
    pledges = list(partner.pledges.open().select_related("area", "idea").order_by("pk"))
    shelf = Shelf() if pledges else None
    queues = []
    for pledge in pledges:
        found = shelf.fitting(
            area=pledge.area_id, capacity=pledge.capacity, kinds=[partner.kind], size=partner.size, at_most=FIRST_STEPS
        )
        steps = pledge.idea.steps if pledge.idea else []
        rows = [FirstStep(text, pledge.area, found.pop(0) if found else None) for text in steps]
        queues.append(rows + [FirstStep("", pledge.area, resource) for resource in found])
    return _in_turn(queues)[:FIRST_STEPS]


def _in_turn(queues):
    """The first of each, then the second of each, and no entry of the toolkit twice."""
    steps, seen = [], set()
    for number in range(max(map(len, queues), default=0)):
        for queue in queues:
            if number < len(queue):
                step = queue[number]
                if step.resource and step.resource.pk in seen:
                    if not step.text:
                        continue
                    step = FirstStep(step.text, step.area)
                seen.add(step.resource and step.resource.pk)
                steps.append(step)
    return steps
