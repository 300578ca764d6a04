from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from desk.actions import imports
from desk.audience import audience_of
from desk.models import Import, Message, Recipient
from oiep.locks import lock_on

# A list as managers have them: other headings, dates as text, and faults to find.
HEADINGS = "Organisation name,Type,District,Contact,Email,Position,Date signed"
ROWS = (
    "Hinksey Bicycle Repairs (example),Business,Oxford,Jo Pedal,jo@hinksey-bicycles.example,Owner,4 May 2022",
    "Thame Tool Library (example),Charity,South Oxfordshire,Ray Spanner,ray@thame-tools.example,Chair,04/05/2022",
    "Witney Weavers (example),Business,West Oxfordshire,Una Loom,una.loom,Manager,5th May 2022",
    "Kidlington Kitchens (example),Alien,Cherwell,Sol Pan,sol@kidlington-kitchens.example,Cook,6 May 2022",
    "Wantage Water (example),Business,London,Eva Well,eva@wantage-water.example,Director,31/02/2022",
)


class Command(BaseCommand):
    help = "Adds example messages to many, and a list in preview with faults, to a local machine, after load_examples."

    @transaction.atomic
    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("These are examples for a local machine; nothing was loaded with SITE=production.")
        lock_on("load_example_desk")
        if Message.objects.exists() or Import.objects.exists():
            self.stdout.write("Example desk: messages and lists are here already.")
            return
        manager = get_user_model().objects.filter(is_example=True, is_staff=True).order_by("pk").first()
        if manager is None:
            raise CommandError("There are no example accounts. Run first: load_examples")
        Message.objects.create(
            subject="Come to the autumn gathering",
            words="Hello,\n\nwe meet on a Thursday in October to hear how the pledges go. Come and bring a colleague.",
            created_by=manager,
        )
        self.add_sent(manager)
        content = "\r\n".join((HEADINGS, *ROWS)).encode()
        imports.keep_list(kind=Import.Kind.PARTNERS, content=content, file_name="Signatories 2022", actor=manager)
        self.stdout.write("Example desk: added 2 messages and a list with faults.")

    def add_sent(self, manager):
        """One that has reached everybody; no e-mail goes out for it now."""
        now = timezone.now()
        sent = Message(
            subject="Thank you for your first year",
            words="Hello,\n\na year ago you signed the Charter. Thank you for what you have done since.",
            created_by=manager, state=Message.State.SENT, started_at=now, started_by=manager, finished_at=now,
        )  # fmt: skip
        sent.save()
        people = audience_of(sent).values_list("pk", flat=True)
        Recipient.objects.bulk_create(Recipient(message=sent, user_id=key, queued_at=now) for key in people)
