from django.core.management.base import BaseCommand

from oiep.moderation import TRANSITIONS, State


def diagram():
    """The states of moderation and the moves between them, as Mermaid draws them."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.DRAFT}"]
    lines += [f"    {state}: {state.label}" for state in State]
    lines += [f"    {start} --> {end}: {move.label}" for (move, start), end in TRANSITIONS.items()]
    return "\n".join(lines)


class Command(BaseCommand):
    help = "Prints the diagram of docs/moderation.md, from the table that the code goes by."

    def handle(self, **options):
        self.stdout.write(diagram())
