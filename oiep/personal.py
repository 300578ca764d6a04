"""What we hold about people, field by field: the words for it, and the share of what all apps stand on.

Each app says it of its own models in a `personal.py` with a REGISTER. `oiep.privacy` joins them and works from them:
the page that tells a person what we hold, the download, erasing, and the clocks. A field of any model that is in no
register fails the build.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from oiep import email as mail


@dataclass(frozen=True)
class Rows:
    """Rows of a table that are about one person, and what becomes of them when that person is erased.

    They are found by `user`, the path to an account, by `address`, the path to an e-mail address, or by `mentions`, the
    fields whose text may hold that address. erased: None when the rows are deleted; otherwise field → what stands there
    afterwards, or a function that is called with the rows. shown: the fields in the person's download, none to leave
    the rows out of it.
    """

    title: str = ""
    user: str = ""
    address: str = ""
    mentions: tuple[str, ...] = ()
    erased: dict | Callable | None = None
    shown: str = ""


@dataclass(frozen=True)
class Table:
    """The fields of one model, by whose they are. Each is a list of names, with spaces between.

    plain: tells nothing of anybody: numbers, states, times, choices from our lists, who did it (an id).
    personal: is about one person; `rows` say who that is.
    partners: what a partner wrote. It stays, unless the partner is a resident.
    letters: what one person wrote to another about it. It is emptied with a resident; where it names somebody who was
    erased, it does so no more.
    groups: what a working group wrote. It stays; where it names somebody who was erased, it does so no more.
    ours: what the partnership wrote, for everybody.

    partner: the path to the partner that it belongs to. clock: the name of what ends it by itself, in
    `oiep.privacy.clocks`.
    """

    plain: str = ""
    personal: str = ""
    partners: str = ""
    letters: str = ""
    groups: str = ""
    ours: str = ""
    rows: tuple[Rows, ...] = ()
    partner: str = ""
    clock: str = ""
    title: str = ""

    def fields(self):
        return " ".join((self.plain, self.personal, self.partners, self.letters, self.groups, self.ours)).split()


# Ours and Django's ----------------------------------------------------------------------------

GROUND = {
    "oiep.User": Table(
        plain="id is_superuser is_staff is_active is_example language date_joined last_login session_round",
        personal="email name password",
        # `oiep.privacy.erasing` empties it: the account stays, as an id.
        rows=(
            Rows(
                _("Your account"),
                user="pk",
                erased=lambda rows: None,
                shown="email name language date_joined last_login is_staff",
            ),
        ),
    ),
    "oiep.User_groups": Table(plain="id user group", rows=(Rows(user="user"),)),
    "oiep.User_user_permissions": Table(plain="id user permission", rows=(Rows(user="user"),)),
    "oiep.AddressChange": Table(
        plain="id user asked_at done_at",
        personal="email",
        rows=(
            Rows(_("Other addresses that you wanted to use"), user="user", shown="email asked_at done_at"),
            Rows(address="email"),
        ),
        clock="sessions",
    ),
    "oiep.Translation": Table(plain="id language checked_at checked_by"),
    "oiep.AtWork": Table(plain="id user what seen_at", rows=(Rows(user="user"),)),
    "oiep.NewsWish": Table(
        plain="id user asked_at how stopped_at",
        rows=(Rows(_("News that you asked for"), user="user", shown="asked_at how stopped_at"),),
    ),
    "oiep.Erasure": Table(plain="id user erased_at"),
    "oiep.DataChange": Table(plain="id"),
    # A keyed hash, for some minutes.
    "oiep.RequestCount": Table(plain="id source begins_at number"),
    "oiep.AuditEvent": Table(
        plain="id at actor verb subject_type subject_id data",
        letters="note",
        rows=(Rows(_("What you did"), user="actor", erased={"note": ""}, shown="at verb note"),),
        clock="audit_notes",
    ),
    "oiep.OutgoingEmail": Table(
        plain=(
            "id key template language unproven leaves_no_trace subject_type subject_id state created_at due_at"
            " lease_until attempts uncertain sent_at"
        ),
        personal="to reply_to subject_line text calendar stop_url reason withheld",
        rows=(
            Rows(
                _("E-mails that we sent you"), address="to", erased=mail.forget, shown="created_at sent_at subject_line"
            ),
            Rows(address="reply_to", erased=mail.forget),
            Rows(mentions=("text", "calendar", "subject_line", "reason"), erased=mail.forget),
        ),
        clock="emails",
    ),
}

PACKAGES = {
    "contenttypes.ContentType": Table(plain="id app_label model"),
    "auth.Permission": Table(plain="id name content_type codename"),
    "auth.Group": Table(plain="id", ours="name"),
    "auth.Group_permissions": Table(plain="id group permission"),
    # We keep our own trail instead; some lists of packages still write here.
    "admin.LogEntry": Table(
        plain="id action_time user content_type object_id action_flag",
        personal="object_repr change_message",
        rows=(Rows(user="user"), Rows(mentions=("object_repr", "change_message"))),
    ),
    # `oiep.privacy.erasing` reads what is in them.
    "sessions.Session": Table(plain="session_key expire_date", personal="session_data", clock="sessions"),
    "account.EmailAddress": Table(
        plain="id user verified primary",
        personal="email",
        rows=(Rows(_("Your e-mail addresses"), user="user", shown="email verified primary"), Rows(address="email")),
    ),
    "account.EmailConfirmation": Table(
        plain="id email_address created sent", personal="key", rows=(Rows(user="email_address__user"),)
    ),
    "mfa.Authenticator": Table(
        plain="id user type created_at last_used_at",
        personal="data",
        rows=(Rows(_("Your ways of signing in"), user="user", shown="type created_at last_used_at"),),
    ),
    "usersessions.UserSession": Table(
        plain="id user created_at last_seen_at",
        personal="ip user_agent session_key data",
        rows=(Rows(_("Where you are signed in"), user="user", shown="created_at last_seen_at ip user_agent"),),
        clock="sessions",
    ),
}

REGISTER = {**GROUND, **PACKAGES}
