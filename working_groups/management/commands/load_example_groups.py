import datetime
import tomllib
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from oiep.locks import lock_on
from partners.models import Kind, Partner
from working_groups.models import (
    Action,
    Attendance,
    Decision,
    Group,
    GroupMember,
    Meeting,
    Paper,
    ProgressUpdate,
)
from working_groups.times import instant_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "groups.toml"
AGREED_HOW = "Said so on the site."
LAST = 900  # after the partnership's own groups
_TUESDAY = 1


class Command(BaseCommand):
    help = "Adds example working groups to a local machine, once, after load_examples and load_groups."

    @transaction.atomic
    def handle(self, **options):
        if settings.PRODUCTION:
            raise CommandError("These are examples for a local machine; nothing was loaded with SITE=production.")
        lock_on("load_example_groups")
        if Group.objects.filter(is_example=True).exists():
            self.stdout.write("Example groups: they are here already.")
            return
        self.today = timezone.localdate()
        self.people = {user.email: user for user in get_user_model().objects.filter(is_example=True)}
        entries = tomllib.loads(EXAMPLES.read_text("utf-8"))["group"]
        for entry in entries:
            self.add(entry)
        self.stdout.write(f"Example groups: added {len(entries)} groups.")

    def day(self, days):
        """The day that many days from today, before it where they are negative. None for None."""
        return None if days is None else self.today + datetime.timedelta(days=days)

    def person(self, email):
        try:
            return self.people[email]
        except KeyError:
            raise CommandError(f"There is no example account {email}. Run first: load_examples") from None

    def add(self, entry):
        parent = Group.objects.filter(slug=entry["part_of"]).first()
        if parent is None:
            raise CommandError(f"There is no group “{entry['part_of']}”. Run first: load_groups")
        group = save(
            Group(
                parent=parent,
                is_closed=entry.get("closed", False),
                starts_on=self.day(entry["starts"]),
                ends_on=self.day(entry.get("ends")),
                order=LAST,
                is_example=True,
                **{name: entry.get(name, "").strip() for name in ("slug", "kind", "name", "purpose", "about", "terms")},
            )
        )
        members = [self.add_member(group, member) for member in entry["members"]]
        self.members = {member.user.email: member for member in members if member.user}
        meetings = [self.add_meeting(group, meeting) for meeting in entry.get("meeting", [])]
        for paper in entry.get("paper", []):
            self.add_paper(group, meetings, paper)
        for action in entry.get("action", []):
            self.add_action(group, action)
        for update in entry.get("update", []):
            values = {"happened_on": self.day(update["day"]), "is_public": not update.get("private", False)}
            save(ProgressUpdate(group=group, text=update["text"], **values))

    def add_member(self, group, entry):
        user = self.person(entry["email"]) if "email" in entry else None
        starts_on = self.day(entry["from"])
        return save(
            GroupMember(
                group=group,
                user=user,
                name=entry.get("name", ""),
                partner=Partner.objects.visible_to(user).exclude(kind=Kind.RESIDENT).first() if user else None,
                organisation=entry.get("organisation", ""),
                role=entry["role"],
                starts_on=starts_on,
                ends_on=self.day(entry.get("until")),
                agreed_on=starts_on if entry.get("shown") else None,
                agreed_how=AGREED_HOW if entry.get("shown") else "",
            )
        )

    def add_meeting(self, group, entry):
        day = self.day(entry["day"])
        day += datetime.timedelta(days=(_TUESDAY - day.weekday()) % 7)
        starts_at = instant_of(day, datetime.time(10))
        called_at = min(starts_at - datetime.timedelta(days=28), timezone.now())
        published_at = starts_at + datetime.timedelta(days=14) if entry.get("published") else None
        meeting = save(
            Meeting(
                group=group,
                starts_at=starts_at,
                ends_at=instant_of(day, datetime.time(12)),
                called_at=None if entry.get("draft") else called_at,
                cancelled_at=called_at + datetime.timedelta(days=7) if "cancelled" in entry else None,
                cancelled_why=entry.get("cancelled", ""),
                minutes_published_at=published_at,
                **{name: entry.get(name, "").strip() for name in ("title", "place", "online_url", "agenda", "minutes")},
            )
        )
        for order, text in enumerate(entry.get("decisions", [])):
            save(Decision(meeting=meeting, text=text, order=order))
        for answer in (Attendance.Answer.PRESENT, Attendance.Answer.APOLOGIES):
            for email in entry.get(answer, []):
                save(Attendance(meeting=meeting, member=self.members[email], answer=answer))
        return meeting

    def add_paper(self, group, meetings, entry):
        [meeting] = [meeting for meeting in meetings if meeting.title == entry["meeting"]]
        content = pdf(f"Example: {entry['title']}")
        paper = Paper(group=group, meeting=meeting, title=entry["title"], name="example.pdf", size=len(content))
        paper.added_at = meeting.called_at
        paper.published_at = timezone.now() if entry.get("published") else None
        paper.file.save("new.pdf", ContentFile(content), save=False)
        save(paper)

    def add_action(self, group, entry):
        save(
            Action(
                group=group,
                what=entry["what"],
                owner=self.members[entry["owner"]],
                due_on=self.day(entry["due"]),
                progress=entry["progress"],
                note=entry.get("note", ""),
                closed_on=self.day(entry.get("closed")),
                is_public=not entry.get("private", False),
            )
        )


def save(obj):
    obj.full_clean()
    obj.save()
    return obj


def pdf(words):
    """A page with one line on it, as a PDF file. words: without brackets and backslashes, in plain letters."""
    text = f"BT /F1 18 Tf 72 760 Td ({words}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
    ]
    content, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return (content + end + f"startxref\n{len(content)}\n%%EOF\n").encode("ascii")
