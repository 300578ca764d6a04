"""Messages from visitors that were passed on to the examples, with the e-mails that took them there."""

from oiep import email as mail
from oiep.limits import keyed_hash
from oiep.models import OutgoingEmail
from partners.models import ContactMessage
from pledges.management.example_reviews import save


def add_messages(loader, partner, lead, entries):
    """loader: the command that adds the partner. entries: what was written, and how many `days` ago."""
    for entry in entries:
        at = loader.moment(loader.days_ago(entry["days"]), 14)
        words = {name: entry[name] for name in ("purpose", "name", "email", "message")}
        letter = ContactMessage(partner=partner, sent_at=at, source=keyed_hash(entry["email"]), **words)
        if "report" in entry:
            letter.report, letter.reported_by = entry["report"], lead
            letter.reported_at = loader.moment(loader.days_ago(entry["days"] - 1), 10)
        letter.full_clean()
        letter.save()
        if letter.reported_at:
            loader.record("contactmessage.reported", letter, letter.reported_at, actor=lead, partner=partner.pk)
        subject, text = mail.compose("contact_message", {"letter": letter})
        sent = {"state": OutgoingEmail.State.SENT, "attempts": 1, "created_at": at, "due_at": at, "sent_at": at}
        save(
            OutgoingEmail(
                template="contact_message",
                to=lead.email,
                reply_to=letter.email,
                subject_line=subject,
                text=text,
                subject=partner,
                **sent,
            ),
            exclude=["key"],
        )
