"""What changes the words of an e-mail or a page."""

import re
from collections import Counter

from django.core.exceptions import ValidationError
from django.db import transaction
from django.template import Context
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from oiep import audit
from oiep.locks import lock_on
from oiep.moderation import NotPossible
from oiep.text import clean_line
from oiep.texts import history
from oiep.texts.examples import Examples
from oiep.texts.models import Wording
from oiep.texts.nodes import in_use
from oiep.texts.passages import LENGTH, passages_of


class Conflict(NotPossible):
    """Somebody else changed the same words meanwhile."""


def checked(template, marks):
    """The words to keep for a template, from what the manager wrote for each passage.

    marks: {msgid: (text, plural)}, in which what is as the template has it may stand as well. Raises ValidationError
    with the errors by passage: {msgid: message}, or under "" for the e-mail as a whole.
    """
    words, errors = {}, {}
    for passage in passages_of(template):
        original = (passage.marks, passage.plural_marks)
        text, plural = (" ".join(part.split()) for part in marks.get(passage.msgid, original))
        if (text, plural) == original:
            continue
        try:
            for part, before in zip((text, plural), original, strict=True):
                if before:
                    clean_line(part)
                    if len(part) > LENGTH:
                        raise ValidationError(_("Use %(n)d characters or fewer.") % {"n": LENGTH})
                    passage.check(part, before)
        except ValidationError as error:
            errors[passage.msgid] = error.messages[0]
        else:
            words[passage.msgid] = [passage.html_of(text), passage.html_of(plural)]
    if not errors and words and template.startswith("email/"):
        errors |= _faults(template, words)
    if errors:
        raise ValidationError(errors)
    return words


def marks_in_use(template, words):
    """What the manager sees for each passage: (passage, text, plural, whether it was changed)."""
    for passage in passages_of(template):
        own = words.get(passage.msgid)
        if own is None:
            yield passage, passage.marks, passage.plural_marks, False
        else:
            yield passage, *(_back(part) if passage.is_html else part for part in own), True


def _back(text):
    text = re.sub(r'<a href="\{?([^"}]*)\}?">(.*?)</a>', r"[\2](\1)", text)
    text = re.sub(r"</?strong>", "**", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def preview(template, words):
    """An e-mail with example values, in the words given: (subject, text). A shared part has no subject."""
    with in_use({template: words}):
        compiled = get_template(template).template
        text = compiled.render(Context(Examples(), autoescape=False))
    if template.rpartition("/")[2].startswith("_"):
        return "", text.strip()
    subject, _newline, text = text.strip().partition("\n")
    return " ".join(subject.split()), re.sub(r"\n{3,}", "\n\n", text.strip())


def _faults(template, words):
    """What would break an e-mail as a whole: it must lead where it led before, by the same buttons."""
    before, after = preview(template, {}), preview(template, words)
    if before[0] and not after[0]:
        return {"": _("The e-mail would have no subject.")}
    if buttons(before[1]) != buttons(after[1]):
        words = _("A button of the e-mail would be lost. The words on a button are 3 to 60 letters, without a colon.")
        return {"": words}
    return {}


def shown(template, words):
    """The passages of a page, as HTML, with their variables as names."""
    for passage, text, plural, _changed in marks_in_use(template, words):
        for part in filter(None, (text, plural)):
            yield mark_safe(passage.html_of(part))  # noqa: S308 - escaped, with links to what the page links to


_BUTTON = re.compile(r"^[^\n:>]{3,60}: (https?://\S+)$", re.MULTILINE)


def buttons(text):
    """Where the buttons of an e-mail lead, and how many of each there are."""
    return Counter(_BUTTON.findall(text))


@transaction.atomic
def save_wording(*, template, words, seen, actor):
    """Keeps the manager's words for a template, as `checked` gave them. Returns the Wording.

    seen: the version that they were written on. Raises Conflict where somebody else changed it meanwhile.
    """
    lock_on(f"wording {template}")
    wording, _new = Wording.objects.select_for_update().get_or_create(template=template)
    if wording.version != seen:
        raise Conflict(_("Somebody else changed these words while you wrote. Look at them, then save again."))
    if wording.words == words:
        return wording
    before = {"words": wording.words}
    wording.words, wording.version = words, wording.version + 1
    wording.changed_at, wording.changed_by = timezone.now(), actor
    wording.save()
    history.keep(wording, ["words"], actor=actor, before=before)
    audit.record(verb="wording.changed", subject=wording, actor=actor, passages=len(words))
    return wording
