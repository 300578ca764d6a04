"""A person of whom we know all that any field can hold, made from the register; and a search for what is left of them.

Nothing here names a field by itself unless a rule of its model asks for it, so a new field joins as soon as it is in
the register.
"""

import base64
import datetime
import itertools
import json
import re
from urllib.parse import quote

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection, models
from django.utils import timezone

from oiep import audit
from oiep.models import OutgoingEmail
from oiep.privacy.register import tables
from partners.models import Partner
from tests import factories
from tests.factories import MembershipFactory, PartnerFactory, ResidentFactory, ReviewFactory, UserFactory

WORD, SURNAME = "zyxwvut", "Qpønmlkj"
NAME = f"{WORD.capitalize()} {SURNAME}"
ADDRESS = f"{WORD}.q@{WORD}.example"

_FACTORIES = {
    factory._meta.model: factory
    for name, factory in reversed(vars(factories).items())
    if name.endswith("Factory") and name != "ResidentFactory"
}
_numbers = itertools.count()


def _round():
    return {"round_on": datetime.date(1990 + next(_numbers), 5, 4)}


def _within(name, values):
    return {f"{name}__{key}": value for key, value in values.items()}


# What a model's own rules ask for, beside the field that is looked at.
RULES = {
    "partners.ContactMessage": lambda: {"reported_at": timezone.now(), "reported_by": UserFactory()},
    "partners.Recognition": lambda: {"declined": True},
    "partners.ProfileChange": lambda: {"declined": True},
    "pledges.Pledge": lambda: {"stopped": True, "commitment": "hours"},
    "pledges.Review": lambda: {"approved": True, **_round()},
    "pledges.DueDate": lambda: {"due_on": timezone.localdate(), "known_from": timezone.localdate()},
    "pledges.Answer": lambda: {"review__approved": True, **_within("review", _round())},
    "pledges.Evidence": lambda: {"answer__review__approved": True, **_within("answer__review", _round())},
    "pledges.PutAside": lambda: {"until": timezone.localdate()},
    "pledges.Signature": lambda: {"charter__number": 100 + next(_numbers)},
    "oiep.OutgoingEmail": lambda: {"sent": True},
    "oiep.AuditEvent": lambda: {},
    "pledges.HelpRequest": lambda: {"approved": True, "closed_at": timezone.now(), "outcome": "met"},
    "pledges.HelpReply": lambda: {
        **{"introduced_at": timezone.now(), "introduced_by": UserFactory()},
        **{"outcome": "met", "outcome_at": timezone.now()},
    },
    "working_groups.GroupMember": lambda: {"agreed_on": timezone.localdate(), "name": ""},
}
# The same for what a group, or somebody else, wrote of them.
OF_GROUPS = {
    "pledges.Resource agreed_by": {"helper": True},
    "pledges.Story quote": {"quote_by": "Somebody"},
}
# Rows found by one way of several: what the others ask for.
BY = {
    "pledges.Signing email": lambda: {"declared": True},
    "pledges.Signing signature__signer": lambda: {"confirmed": True},
    "oiep.AddressChange email": lambda: {"user": UserFactory()},
    "account.EmailAddress email": lambda: {"user": UserFactory()},
}


def words_for(field):
    """Something to find the person by, as this field takes it; None where it takes no words of anybody."""
    number = next(_numbers)
    if field.generated or field.choices or field.is_relation:
        return None
    if isinstance(field, models.FileField):
        return ContentFile(f"%PDF-1.7 {NAME} %%EOF".encode(), name=f"{number}.pdf")
    if isinstance(field, models.JSONField):
        return {"words": f"{NAME} {number}", "address": ADDRESS}
    if isinstance(field, models.EmailField):
        return ADDRESS
    if isinstance(field, models.URLField):
        return f"https://{WORD}.example/{number}"
    if isinstance(field, models.CharField | models.TextField):
        return f"{NAME} {number}"[: field.max_length or 100]
    return None


def fields_full_of_words(model, names):
    filled = {name: words_for(model._meta.get_field(name)) for name in names.split()}
    return {name: words for name, words in filled.items() if words is not None}


def _make(model, values):
    factory = _FACTORIES.get(model)
    make = factory if factory else model._default_manager.create
    return make(**values)


def _make_rows(model, table, rows, user):
    label = model._meta.label
    path = rows.user or rows.address
    values = {**RULES.get(label, dict)(), **BY.get(f"{label} {path}", dict)()}
    values |= {
        k: v for k, v in fields_full_of_words(model, f"{table.personal} {table.letters}").items() if k not in values
    }
    if label == "oiep.AuditEvent":
        return audit.record(verb="user.changed", subject=user, actor=user, note=values["note"])
    if rows.mentions:  # others' things, which only name the person
        return [_make(model, {**RULES.get(label, dict)(), field: f"{NAME} <{ADDRESS}>"}) for field in rows.mentions]
    values |= {rows.user: user} if rows.user else {rows.address: ADDRESS}
    return _make(model, values)


SPECIAL = {"oiep.User", "sessions.Session", "account.EmailConfirmation", "admin.LogEntry", "oiep.User_groups",
           "oiep.User_user_permissions", "usersessions.UserSession"}  # fmt: skip


def know(user=None):
    """Makes it all. Returns the account: lead of two organisations, a resident, and all else that one can be."""
    user = user or UserFactory(email=ADDRESS, name=NAME, password=WORD)
    PartnerFactory(name="Bakery", approved=True, lead=user)
    mill = PartnerFactory(name="Mill", approved=True, lead=user, decision_message=f"Welcome, {NAME}.")
    MembershipFactory(partner=mill, role="member", user__name="Mila Mill", user__email="mila@example.org")
    resident = ResidentFactory(
        approved=True,
        lead=user,
        show_name=True,
        **fields_full_of_words(Partner, "name description website decision_message"),
    )
    for model, table in tables():
        label = model._meta.label
        if label in SPECIAL:
            continue
        for rows in table.rows:
            _make_rows(model, table, rows, user)
        if table.partner and label != "partners.Partner":
            filled = fields_full_of_words(model, f"{table.personal} {table.partners} {table.letters}")
            # A field that is derived is filled by the model.
            filled = {name: words for name, words in filled.items() if name != "search_text"}
            path, owner = table.partner, resident
            if label == "pledges.DueDate":
                path, owner = "review", ReviewFactory(partner=resident, approved=True, **_round())
            _make(
                model, {**filled, **{k: v for k, v in RULES.get(label, dict)().items() if k not in filled}, path: owner}
            )
        for field in table.groups.split():
            words = f"Present: {NAME}."[: model._meta.get_field(field).max_length]
            _make(model, {**OF_GROUPS.get(f"{label} {field}", {}), field: words})
    ReviewFactory(partner=resident, explanation="", help_wanted=NAME)
    OutgoingEmail.objects.create(template="test", to=ADDRESS, subject_line=NAME, text=f"Hello {NAME}")
    audit.record(verb="partner.changed", subject=mill, actor=UserFactory(), note=f"{NAME} <{ADDRESS}> rang.")
    return user


# What is left of them -------------------------------------------------------------------------


def disguises(word):
    """A word, and what it looks like when something has encoded it."""
    raw = word.encode()
    plain = {word, word[::-1], raw.hex(), raw[::-1].hex(), quote(word), json.dumps(word)[1:-1], raw.decode("latin-1")}
    coded = {base64.b64encode(b"\0" * n + raw).decode()[4 * (n > 0) : -4] for n in range(3)}
    return {w.lower() for w in plain}, {w for w in coded if len(w) > 5}


def _holds(text, words):
    found = [disguises(word) for word in words]
    text = text.replace("\\\\", "\\")  # as the database writes a backslash within a row
    lower = text.lower()
    return any(any(p in lower for p in plain) or any(c in text for c in coded) for plain, coded in found)


def places_with(*words, log=""):
    """Where any of the words, or a disguise of one, stands: tables (as a dump of the database has them), files, log."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - a name from the catalogue
            if any(_holds(_opened(table, row[0]), words) for row in cursor.fetchall()):
                found.append(table)
    found += [
        name for name, content in _files() if _holds(content.decode("latin-1"), {w for w in words if w.isascii()})
    ]
    return sorted(found) + (["log"] if _holds(log, words) else [])


def _opened(table, text):
    """A session is packed: what is in it is looked at, too."""
    if table != "django_session":
        return text
    from django.contrib.sessions.models import Session

    key = re.match(r"\(([^,]+),", text)[1]
    return text + json.dumps(Session.objects.get(pk=key).get_decoded(), ensure_ascii=False)


def empty_storage():
    """What earlier tests left on the disk that tests have."""
    for path, _content in list(_files()):
        storages["private"].delete(path)


def _files(folder=""):
    storage = storages["private"]
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        path = f"{folder}/{name}" if folder else name
        yield path, storage.open(path).read()
    for name in folders:
        yield from _files(f"{folder}/{name}" if folder else name)
