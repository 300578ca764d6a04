"""The manager's first page: what waits and how long, what is on its way, and what to look out for."""

from collections import Counter

from django.conf import settings
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.utils.translation import gettext_lazy as _

from oiep import watch
from oiep.models import AuditEvent
from oiep.moderation import DECISIONS, Move, waiting
from oiep.templatetags.desk import what_happened
from oiep.watch import Section
from partners.models import Partner, ProfileChange, Recognition
from pledges.models import Case, Pledge, Review
from pledges.overview import figures as review_figures

LATEST_DECISIONS = 10
_DECIDED_ON = ("partner", "pledge", "profilechange", "review", "recognition")


def desk_of(user):
    """What a person of the staff sees on the desk, in as many queries whatever there is."""
    found = {}
    if user.has_perm("pledges.view_case"):
        found |= _waiting()
        found |= _watched(user)
    if user.has_perm("pledges.view_review"):
        found["reviews"] = review_figures()
    return found


def _waiting():
    queue = Case.objects.waiting()
    oldest = queue.first()
    return {
        "queue": queue.figures(),
        "oldest": oldest,
        "oldest_days": waiting(oldest.waiting_since)[0] if oldest else 0,
        "late_days": settings.DECISION_WORKING_DAYS,
        "soon_days": settings.DECISION_AMBER_WORKING_DAYS,
        "latest": _latest_decisions(),
    }


def _watched(user):
    """The figures to look out for, by section. Of what should never be, only what is."""
    counted = watch.count([figure for figure in watch.all_figures() if user.has_perm(figure.permission)])
    by_section = {section: [one for one in counted if one.figure.section == section] for section in Section}
    never = by_section[Section.NEVER]
    return {
        "to_look_at": [
            ("way", _("On their way"), by_section[Section.WAY]),
            ("mend", _("To put in order"), by_section[Section.MEND]),
            ("soon", _("Runs out"), by_section[Section.SOON]),
            ("unusual", _("Unusual"), by_section[Section.UNUSUAL]),
        ],
        "never": [one for one in never if one.count],
        "checks": len(never),
    }


def _latest_decisions():
    """The newest decisions, each with all that was decided in it."""
    verbs = [f"{kind}.{move}" for kind in _DECIDED_ON for move in (*DECISIONS, Move.UNDO)]
    subjects = [
        Partner.objects.all(),
        Pledge.objects.select_related("partner"),
        ProfileChange.objects.select_related("partner"),
        Review.objects.select_related("partner"),
        Recognition.objects.select_related("partner"),
    ]
    events = AuditEvent.objects.filter(verb__in=verbs).select_related("actor", "subject_type")
    latest = {}
    for event in events.prefetch_related(GenericPrefetch("subject", subjects))[: LATEST_DECISIONS * 5]:
        case = getattr(event.subject, "partner", event.subject)
        key = (event.data.get("decision") or event.pk, event.verb.endswith(Move.UNDO))
        decision = latest.setdefault(key, {"at": event.at, "actor": event.actor, "case": case, "what": Counter()})
        decision["what"][what_happened(event)] += 1
    return [{**decision, "what": list(decision["what"].items())} for decision in latest.values()][:LATEST_DECISIONS]
