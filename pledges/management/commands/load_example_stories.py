import datetime
import io
import tomllib
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFilter

from oiep.locks import lock_on
from oiep.models import OutgoingEmail
from oiep.moderation import DECIDED, State
from oiep.rounds import add_months
from partners.models import Partner, PriorityArea
from pledges.actions.helpers import helpers_to_ask, warn_of_helper
from pledges.actions.stories import consents_to_renew, warn_of_ending
from pledges.actions.stories.offering import add_picture, widths_of
from pledges.management.commands.load_reference import save
from pledges.models import Consent, HelpReply, HelpRequest, Resource, Story

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "more"
_WIDTH, _HEIGHT = 1500, 1000


class Command(BaseCommand):
    help = "Adds example stories, help wanted and offered and a helper to a local machine, once, after load_examples."

    @transaction.atomic
    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("These are examples for a local machine; nothing was loaded with SITE=production.")
        lock_on("load_example_stories")
        if Story.objects.filter(is_example=True).exists():
            self.stdout.write("Example stories: they are here already.")
            return
        self.manager = get_user_model().objects.filter(is_example=True, is_staff=True).order_by("pk").first()
        if self.manager is None:
            raise CommandError("There are no example accounts yet. Run first: python manage.py load_examples")
        entries = tomllib.loads((EXAMPLES / "stories.toml").read_text("utf-8"))["story"]
        for entry in entries:
            self.add(entry)
        more = tomllib.loads((EXAMPLES / "help.toml").read_text("utf-8"))
        for entry in more["request"]:
            self.add_request(entry)
        for entry in more["helper"]:
            self.add_helper(entry)
        today = timezone.localdate()  # what the day's work would have written by now
        for consent in consents_to_renew(today):
            warn_of_ending(consent=consent, today=today)
        for helper in helpers_to_ask(today):
            warn_of_helper(helper=helper, today=today)
        warnings = OutgoingEmail.objects.filter(template__in=("story_consent_ending", "helper_consent_ending"))
        sent = {"state": OutgoingEmail.State.SENT, "attempts": 1, "sent_at": timezone.now()}
        warnings.filter(state=OutgoingEmail.State.WAITING).update(**sent)
        self.stdout.write(f"Example stories: added {len(entries)} stories.")

    def add(self, entry):
        partner = Partner.objects.get(is_example=True, name=entry["partner"])
        at = timezone.now() - datetime.timedelta(days=entry["days"])
        state = State(entry.get("state", State.APPROVED))
        decided = {"decided_at": at, "decided_by": self.manager, "first_published_at": at}
        lead = partner.lead
        story = save(
            Story,
            slug=Story(title=entry["title"])._free_slug(),
            partner=partner,
            pledge=partner.pledges.published().filter(area__slug__in=entry["areas"]).first(),
            offered_by=lead.user if lead else self.manager,
            offered_at=at,
            confirmed_at=at,
            submitted_at=at,
            state=state,
            shows_people="consents" in entry,
            is_example=True,
            body=entry["body"].strip(),
            **{name: entry.get(name, "") for name in ("title", "kind", "summary", "quote", "quote_by")},
            **(decided if state == State.APPROVED else {}),
        )
        story.areas.set(PriorityArea.objects.filter(slug__in=entry["areas"]))
        story.districts.set(partner.districts.all())
        for picture in entry.get("pictures", []):
            add_picture(story=story, made=widths_of(_drawn(*picture["colours"])), alt=picture["alt"])
        today = timezone.localdate()
        for consent in entry.get("consents", []):
            ends_in = consent.pop("ends_in", None)
            until = add_months(today, 12 * consent.pop("years", 0))
            if ends_in is not None:
                until = today + datetime.timedelta(days=ends_in)
            save(Consent, story=story, agreed_on=timezone.localdate(at), until=until, **consent)
        if "change" in entry:
            self.add_change(story, entry["change"])

    def add_change(self, story, words):
        """A change that its partner sent in yesterday, and that waits beside what is public."""
        at = timezone.now() - datetime.timedelta(days=1)
        fields = ("kind", "title", "summary", "body", "quote", "quote_by", "shows_people", "pledge")
        change = save(
            Story,
            slug=Story(replaces=story)._free_slug(),
            replaces=story,
            partner=story.partner,
            offered_by=story.offered_by,
            offered_at=at,
            confirmed_at=at,
            submitted_at=at,
            state=State.SUBMITTED,
            is_example=True,
            **{name: getattr(story, name) for name in fields} | words,
        )
        change.areas.set(story.areas.all())
        change.districts.set(story.districts.all())

    def add_request(self, entry):
        """days: since it was sent in, 6 unless given; it was decided on that day. closed: what came of it."""
        partner = Partner.objects.get(is_example=True, name=entry["partner"])
        at = timezone.now() - datetime.timedelta(days=entry.get("days", 6))
        state = State(entry.get("state", State.APPROVED))
        fields = {"state": state, "submitted_at": at}
        if state in DECIDED:
            fields |= {"decided_at": at, "decided_by": self.manager, "decision_message": entry.get("message", "")}
        if "closed" in entry:
            outcome, words = entry["closed"]
            fields |= {"closed_at": timezone.now() - datetime.timedelta(days=2), "outcome": outcome}
            fields["outcome_words"] = words
        request = save(
            HelpRequest,
            partner=partner,
            asked_by=partner.lead.user,
            asked_at=at,
            open_until=timezone.localdate() + datetime.timedelta(days=entry.get("open_for", 80)),
            is_example=True,
            **{name: entry[name] for name in ("direction", "need", "title", "text")},
            **fields,
        )
        request.areas.set(PriorityArea.objects.filter(slug__in=entry["areas"]))
        for reply in entry.get("replies", []):
            self.add_reply(request, reply)

    def add_reply(self, request, entry):
        now = timezone.now()
        introduced, outcome = entry.pop("introduced", False), entry.pop("outcome", None)
        fields = {"introduced_at": now, "introduced_by": self.manager} if introduced else {}
        if entry.pop("put_aside", False):
            fields["dismissed_at"] = now
        if outcome:
            fields |= {"outcome": outcome[0], "outcome_words": outcome[1], "outcome_at": now}
        save(HelpReply, request=request, source="0" * 64, **entry, **fields)

    def add_helper(self, entry):
        today = timezone.localdate()
        areas, name = entry.pop("areas"), entry.pop("partner")
        ends_in = entry.pop("ends_in", None)
        until = today + datetime.timedelta(days=ends_in) if ends_in else add_months(today, 24)
        resource = save(
            Resource,
            kind=Resource.Kind.HELPER,
            partner=Partner.objects.get(is_example=True, name=name),
            agreed_on=today,
            agreed_until=until,
            order=1000,
            **entry,
        )
        resource.areas.set(PriorityArea.objects.filter(slug__in=areas))


def _drawn(light, dark):
    """A quiet picture of hills in two colours, as an example needs no photograph of anybody."""
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), light)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((1000, 120, 1240, 360), fill="#fff6e0")
    for number, (left, top) in enumerate(((-300, 520), (420, 600), (-100, 740))):
        shade = Image.blend(Image.new("RGB", (1, 1), light), Image.new("RGB", (1, 1), dark), 0.35 + 0.3 * number)
        pen.ellipse((left, top, left + 1700, top + 900), fill=shade.getpixel((0, 0)))
    written = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(2)).save(written, format="PNG")
    return SimpleUploadedFile("hills.png", written.getvalue(), "image/png")
