"""A partner with all that is decided about it, and the letters about its decisions."""

import uuid
from contextlib import contextmanager

from django.contrib.contenttypes.models import ContentType
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep import audit
from oiep import email as mail
from oiep.models import OutgoingEmail
from oiep.moderation import Move, NotPossible, State
from partners.models import Partner, ProfileChange, Recognition
from pledges.actions.pledges import refresh_active_areas
from pledges.emails import Outcome, name_of
from pledges.models import Pledge, Review
from pledges.models.moderation import fingerprint, things_waiting

CHANGED = gettext_lazy("This changed after you opened it. Look at it again, then decide.")
MOVE_TO = {State.APPROVED: Move.APPROVE, State.CHANGES_ASKED: Move.ASK, State.DECLINED: Move.DECLINE}

# What belongs to a partner, in the order of deciding: a review may end or change pledges that are decided with it.
_PARTS = (Pledge, ProfileChange, Review, Recognition)


class Rows:
    """A partner with what belongs to it, locked in one order: the partner, then its rows by key."""

    def __init__(self, obj, *, lock=True):
        pk = obj.pk if isinstance(obj, Partner) else obj.partner_id

        def rows_of(model):
            rows = model.objects.select_related("decided_by")
            return rows.select_for_update(of=("self",)) if lock else rows

        self.partner = rows_of(Partner).filter(pk=pk).first()
        if self.partner is None:
            raise NotPossible(_("This partner has been erased, so there is nothing left to decide."))
        parts = {model: rows_of(model) for model in _PARTS}
        parts[Pledge] = parts[Pledge].select_related("decided_by", "came_with")
        parts[Recognition] = parts[Recognition].select_related("decided_by", "kind")
        self._parts = {
            model: {row.pk: row for row in part.filter(partner=pk).order_by("pk")} for model, part in parts.items()
        }
        self.pledges, self.recognitions = self._parts[Pledge], self._parts[Recognition]
        for row in self.all()[1:]:
            row.partner = self.partner

    def all(self):
        return [self.partner, *(row for part in self._parts.values() for row in part.values())]

    @property
    def fingerprint(self):
        return fingerprint(things_waiting(self.partner, *(part.values() for part in self._parts.values())))

    def of(self, obj):
        """The row of a thing as it is now. Raises NotPossible when it is gone."""
        if isinstance(obj, Partner):
            row = self.partner if obj.pk == self.partner.pk else None
        else:
            row = self._parts[type(obj)].get(obj.pk)
        if row is None:
            raise NotPossible(_("This is not there any more, so there is nothing left to decide."))
        return row

    def order(self, obj):
        return (Partner, *_PARTS).index(type(obj)), obj.pk

    def replacement_of(self, pledge):
        """As `Pledge.replacement`, without asking the database."""
        changes = (row for row in self.pledges.values() if row.replaces_id == pledge.pk)
        stands = (row for row in changes if row.state != State.DECLINED and row.ending != Pledge.Ending.WITHDRAWN)
        return next(stands, None)

    def standing_like(self, recognition):
        """The partner's verified recognition of the same kind that nobody has ended, or None."""
        alike = (row for row in self.recognitions.values() if row.kind_id == recognition.kind_id)
        return next((row for row in alike if row.stands and row != recognition), None)

    def number(self, obj):
        """The number of the latest decision on a thing; None when it was not decided here."""
        return self._numbers.get((ContentType.objects.get_for_model(obj).pk, str(obj.pk)))

    @cached_property
    def _numbers(self):
        numbers = {}
        for event in audit.trail(*self.all()).filter(data__has_key="decision").exclude(verb__endswith=f".{Move.UNDO}"):
            numbers.setdefault((event.subject_type_id, event.subject_id), event.data["decision"])
        return numbers


@contextmanager
def naming(obj):
    """Puts the name of a thing before the words that say why it could not be moved."""
    try:
        yield
    except NotPossible as refusal:
        raise NotPossible(named(obj, refusal.message)) from refusal


def named(obj, words):
    return _("%(thing)s: %(why)s") % {"thing": name_of(obj), "why": words}


def outcome_of(obj):
    return Outcome(obj, MOVE_TO[obj.state], obj.decision_message)


def letter_key(number, n):
    return f"decision/{number}/{n}"


def letters_of(number):
    return OutgoingEmail.objects.filter(key__startswith=letter_key(number, ""))


def write_letter(letter, partner, number=None):
    """Queues a letter to the partner's lead; to whoever signed, where it has none."""
    lead = partner.lead
    signature = partner.signatures.exclude(signer=None).select_related("signer").first()
    user = lead.user if lead else signature and signature.signer
    if user is None:
        return
    key = letter_key(number, letters_of(number).count() + 1) if number else None
    template, context = letter
    mail.queue(to=user.email, template=template, context={"user": user, **context}, key=key, about=partner)


def new_number():
    return str(uuid.uuid4())


def is_decided(number):
    """Whether the decision of that number has been taken."""
    return OutgoingEmail.objects.filter(key=letter_key(number, 1)).exists()


def after_moves(rows, moved):
    if any(isinstance(obj, Pledge) for obj in moved):
        refresh_active_areas(partner=rows.partner)


def nothing(obj, rows):
    """No consequence but the move itself."""
