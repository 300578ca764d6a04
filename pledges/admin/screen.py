"""What the screen of one case shows."""

from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep import audit
from oiep.models import OutgoingEmail
from oiep.moderation import Move, waiting
from partners.actions import profile_of
from partners.ledger import ledgers_of
from partners.models import District, Logo, Partner, ProfileChange, Sector
from pledges.actions.moderation import CHANGED, decided_things
from pledges.admin.review_screen import said_in
from pledges.emails import name_of
from pledges.history import standing_of
from pledges.models import Case, Review
from pledges.overview import where_it_stands, with_standing
from pledges.similar import similar_to

EVENTS_AT_MOST = 100
# What a partner is asked to change is emptied once it answers; the trail keeps it.
_ASKED = {"partner.ask", "pledge.ask", "profilechange.ask", "review.ask", "recognition.ask"}


@dataclass(frozen=True)
class Decided:
    obj: object
    name: str
    why_not: str  # why it cannot be undone; empty when it can

    @property
    def key(self):
        return key_of(self.obj)


def key_of(obj):
    return f"{obj._meta.concrete_model._meta.model_name}-{obj.pk}"


def objects_from(case, keys):
    """The things of a case that a form names by their keys; what is not of this case is left out."""
    parts = (case.pledges, case.profile_changes, case.reviews, case.recognitions)
    things = {key_of(obj): obj for obj in (case, *(obj for part in parts for obj in part.all()))}
    return [things[key] for key in keys if key in things]


def why_changed(case):
    """What to say when a case is not what was seen."""
    return str(case.why_not(Move.APPROVE)) if case.withdrawn_at else str(CHANGED)


class Screen:
    def __init__(self, case):
        self.case = case
        self.pledges = list(case.pledges.all())
        self.changes = list(case.profile_changes.all())
        self.reviews = list(case.reviews.all())
        self.recognitions = list(case.recognitions.all())
        self.signatures = list(case.signatures.select_related("charter", "assisted_by"))

    @cached_property
    def waiting(self):
        """Working days and urgency of the oldest thing that waits, and since when; None when nothing does."""
        case = Case.objects.waiting().filter(pk=self.case.pk).first()
        if case is None:
            return None
        days, urgency = waiting(case.waiting_since)
        return {"since": case.waiting_since, "days": days, "urgency": urgency}

    @cached_property
    def next(self):
        """The case to decide on after this one, the oldest when this one is done; None when nothing else waits."""
        queue = Case.objects.waiting().exclude(pk=self.case.pk)
        if self.waiting:
            since = self.waiting["since"]
            later = queue.filter(Q(waiting_since__gt=since) | Q(waiting_since=since, pk__gt=self.case.pk))
            return later.first() or queue.first()
        return queue.first()

    @cached_property
    def people(self):
        return list(self.case.memberships.all())

    @cached_property
    def join_requests(self):
        return list(self.case.join_requests.filter(state="asked").select_related("user"))

    @cached_property
    def invitations(self):
        """All to act for it, the newest first; those that can still be accepted are open."""
        return list(self.case.invitations.order_by("-invited_at"))

    @cached_property
    def standing_pledges(self):
        """Those that do not wait: approved, ended, declined, or with the partner."""
        return [pledge for pledge in self.pledges if pledge not in self.case.things_waiting]

    @cached_property
    def standing_recognitions(self):
        """Those that are verified and that nobody has ended, each with what we wrote about its expiry."""
        standing = [recognition for recognition in self.recognitions if recognition.stands]
        ledgers = ledgers_of(standing)
        return [(recognition, ledgers[recognition.pk]) for recognition in standing]

    @cached_property
    def decided(self):
        """What has been decided on, the latest first, with whether it can be undone."""
        return [Decided(obj, name_of(obj), why_not) for obj, why_not in decided_things(self.case)]

    def waiting_items(self, forms):
        """What waits, each with its form, what it was asked to change the last time, and a changed profile's words."""
        for form in forms:
            thing = form.thing
            yield {
                "form": form,
                "thing": thing,
                "key": key_of(thing),
                "kind": thing._meta.concrete_model._meta.model_name,
                "asked": self._asked.get((ContentType.objects.get_for_model(thing).pk, str(thing.pk))),
                "differences": differences(thing) if isinstance(thing, ProfileChange) else [],
                "said": said_in(thing) if isinstance(thing, Review) else [],
            }

    @cached_property
    def _asked(self):
        asked = {}
        for event in self.trail:
            if event.verb in _ASKED:
                asked.setdefault((event.subject_type_id, event.subject_id), event)
        return asked

    @cached_property
    def standing(self):
        """What the partner's page says of its reviews today; None where it says nothing."""
        return None if self.case.is_resident or not self.case.is_published else standing_of(self.case)

    @cached_property
    def all_reviews(self):
        """Its reviews, the newest first, each with the tone and the words of where it stands."""
        rows = with_standing(Review.objects.filter(partner=self.case.pk).select_related("partner"))
        return [(review, *where_it_stands(review)) for review in rows]

    @cached_property
    def pause(self):
        return self.case.pauses.current(timezone.localdate()).select_related("set_by").first()

    @property
    def can_undo(self):
        return any(not item.why_not for item in self.decided)

    @cached_property
    def similar(self):
        return similar_to(self.case)

    @cached_property
    def emails(self):
        signings = [signature.signing for signature in self.signatures if hasattr(signature, "signing")]
        about = Q()
        for obj in (self.case, *self.pledges, *self.reviews, *self.recognitions, *self.invitations, *signings):
            about |= Q(subject_type=ContentType.objects.get_for_model(obj), subject_id=str(obj.pk))
        # A step that was never written to anybody stands in the ledger of its review or recognition.
        return list(OutgoingEmail.objects.filter(about).exclude(to="")[:EVENTS_AT_MOST])

    @cached_property
    def trail(self):
        own = (*self.pledges, *self.changes, *self.reviews, *self.recognitions)
        whose = (*self.people, *self.invitations, *self.signatures)
        events = audit.trail(self.case, *own, *whose)
        return list(events.select_related("subject_type")[:EVENTS_AT_MOST])


# A changed profile beside the live one ----------------------------------------------------------

_LABELS = {"districts": gettext_lazy("districts"), "show_name": gettext_lazy("name shown to the public")}


@dataclass(frozen=True)
class Difference:
    label: str
    live: str
    new: str
    is_picture: bool = False  # then `live` and `new` are a Logo or None


def differences(change):
    """A changed profile, field by field, beside what is live now."""
    live = profile_of(change.partner)
    return [
        Difference(_label(field), _in_words(field, live.get(field)), _in_words(field, value), field == "logo")
        for field, value in change.values.items()
    ]


def _label(field):
    return capfirst(_LABELS.get(field) or Partner._meta.get_field(field).verbose_name)


def _in_words(field, value):
    """A value of a profile as people say it; a logo as itself."""
    if field == "districts":
        return ", ".join(District.objects.filter(slug__in=value or []).values_list("name", flat=True)) or _("none")
    if field == "logo":
        return Logo.objects.select_related("partner").filter(pk=value).first()
    if field == "sector":
        return str(Sector.objects.filter(slug=value).first() or _("none"))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices = dict(Partner._meta.get_field(field).flatchoices)
    return str(choices.get(value, value)) or _("nothing")
