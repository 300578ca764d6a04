"""The message that goes out for a row of the queue."""

import re

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from oiep.text import is_clean_line


def html_of(text):
    """The HTML of a message, drawn from its text, so that the two never differ.

    A paragraph `Label: https://…` becomes a button with the address below it, lines that begin with `- ` a list, lines
    that begin with `> ` a quotation of somebody's own words. Only this site's own addresses can be clicked, and none in
    a quotation.
    """
    parts = [_html_of_paragraph(paragraph) for paragraph in re.split(r"\n\s*\n", text.strip())]
    return mark_safe("\n".join(parts))  # noqa: S308 - each part is escaped where it is made


def _html_of_paragraph(paragraph):
    lines = paragraph.strip().split("\n")
    if action := re.fullmatch(rf"(?P<label>[^\n:>]{{3,60}}): (?P<url>{_own_address()})", paragraph.strip()):
        return render_to_string("email/_action.html", action.groupdict())
    if all(line.startswith("> ") or line == ">" for line in lines):
        return format_html("<blockquote>{}</blockquote>", _lines((line[2:] for line in lines), link=False))
    if all(line.startswith("- ") for line in lines):
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_link(line[2:]),) for line in lines)))
    return format_html("<p>{}</p>", _lines(lines, link=True))


def _lines(lines, *, link):
    return format_html_join(mark_safe("<br>\n"), "{}", ((_link(line) if link else line,) for line in lines))


def _link(line):
    parts = re.split(f"({_own_address()})", line)  # text, address, text, …
    return format_html_join("", "{}", ((_anchor(part) if n % 2 else part,) for n, part in enumerate(parts)))


def _anchor(address):
    return format_html('<a href="{0}">{0}</a>', address)


def _own_address():
    """A pattern for an address of this site, whose host ends where ours does, without a sentence's full stop."""
    return re.escape(settings.SITE_URL) + r"(?![\w.:@-])\S*?(?=[.,;:!?)]*(?:\s|$))"


def message_of(email, mail_connection=None):
    """The message to hand to the mail server for a row of the queue.

    Raises ValueError when a header would hold a control character, whatever let it in.
    """
    for header in (email.subject_line, email.to, email.reply_to):
        if not is_clean_line(header):
            raise ValueError("A header holds a character that does not belong in one line.")
    with translation.override(email.language):
        parts = {"subject": email.subject_line, "content": html_of(email.text), "SITE_URL": settings.SITE_URL}
        html = render_to_string("email/base.html", parts)
    headers = {"Message-ID": email.message_id, "Auto-Submitted": "auto-generated"}
    if email.stop_url:  # RFC 8058: mail programs show a button, which posts to it
        headers |= {"List-Unsubscribe": f"<{email.stop_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = EmailMultiAlternatives(
        subject=email.subject_line,
        body=email.text,
        to=[email.to],
        reply_to=[email.reply_to] if email.reply_to else None,
        headers=headers,
        connection=mail_connection,
    )
    message.attach_alternative(html, "text/html")
    if email.calendar:
        method = re.search(r"^METHOD:(\w+)\r?$", email.calendar, re.MULTILINE)[1]
        message.attach_alternative(email.calendar, f"text/calendar; method={method}")
    return message
