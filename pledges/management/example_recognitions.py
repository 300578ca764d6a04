"""Recognitions and logos of the examples."""

import datetime
import io

from django.conf import settings
from django.core.files.base import ContentFile
from PIL import Image, ImageDraw, ImageFont

from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import State
from partners.actions.recognitions import context_of, key_of
from partners.models import Logo, Recognition, RecognitionKind
from pledges.management.example_reviews import save

_EDGE = 400  # pixels


def add_recognitions(loader, partner, lead, entries):
    """Claims of an example partner, the older of one kind first. loader: the command that adds it."""
    for entry in entries:
        kind = RecognitionKind.objects.get(slug=entry["kind"])
        sent = loader.day_sent(entry)
        moderated = loader.decided(entry, entry.get("state", _state_of(entry)), sent)
        recognition = Recognition(
            partner=partner,
            kind=kind,
            evidence_url=entry["evidence"],
            note=entry.get("note", ""),
            claimed_by=lead,
            claimed_at=moderated["submitted_at"],
            replaces=partner.recognitions.standing().filter(kind=kind).first(),
            **moderated,
        )
        if kind.expires:
            recognition.expires_on = loader.days_ago(-entry["valid"])
        _take_place(loader, recognition)
        save(recognition)
        loader.record_moves(recognition, lead)
        if recognition.stands and kind.expires:
            _write_mails(loader, recognition, lead)


def _state_of(entry):
    return State.SUBMITTED if "waits" in entry else State.APPROVED


def _take_place(loader, recognition):
    """One that was verified ends the one that stood before."""
    old = recognition.replaces
    if old and recognition.state == State.APPROVED:
        old.ended_at, old.ending = recognition.decided_at, Recognition.Ending.REPLACED
        save(old)
        loader.record("recognition.replaced", old, old.ended_at)


def _write_mails(loader, recognition, lead):
    """The ledger as the job has kept it each morning until today."""
    for step, offset in settings.RECOGNITION_STEPS:
        day = recognition.expires_on + datetime.timedelta(days=offset)
        if day > loader.today:
            break
        at = loader.moment(day, 7)
        subject, text = mail.compose("recognition_expiring", {**context_of(recognition, day), "user": lead})
        OutgoingEmail.objects.create(
            key=key_of(recognition, step),
            template="recognition_expiring",
            to=lead.email,
            subject_line=subject,
            text=text,
            subject=recognition,
            state=OutgoingEmail.State.SENT,
            attempts=1,
            created_at=at,
            due_at=at,
            sent_at=at,
        )


def draw_logo(partner, lead, entry):
    """A logo of one `letter` on a plain `shape` (circle, square, leaf), in the colours `ink` and `on`."""
    picture = Image.new("RGBA", (_EDGE, _EDGE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    edge = (8, 8, _EDGE - 8, _EDGE - 8)
    if entry["shape"] == "circle":
        pen.ellipse(edge, fill=entry["on"])
    else:
        corners = (True, False, True, False) if entry["shape"] == "leaf" else (True, True, True, True)
        pen.rounded_rectangle(edge, 160 if entry["shape"] == "leaf" else 40, fill=entry["on"], corners=corners)
    font = ImageFont.load_default(_EDGE * 0.6)
    pen.text((_EDGE / 2, _EDGE / 2), entry["letter"], fill=entry["ink"], font=font, anchor="mm")
    drawn = io.BytesIO()
    picture.save(drawn, format="WEBP", quality=85)
    logo = Logo(partner=partner, width=_EDGE, height=_EDGE, added_by=lead, added_at=partner.created_at)
    logo.file.save("new.webp", ContentFile(drawn.getvalue()), save=False)
    save(logo)
    return logo
