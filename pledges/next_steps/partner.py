"""What a person should do for the partners that they act for."""

from functools import cached_property

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oiep.moderation import State
from oiep.rounds import add_months
from partners.models import JoinRequest, Kind, Membership, Partner, ProfileChange, Recognition
from pledges.models import CharterVersion, Pledge, PledgeIdea, Review
from pledges.next_steps.status import day
from pledges.next_steps.step import Step, Urgency, in_order
from pledges.standing import overdue_from


def partners_of(user):
    """The partners that a person acts for, with all that these pages say about them."""
    return (
        Partner.objects.visible_to(user)
        .select_related("sector")
        .prefetch_related(
            "memberships__user",
            "pledges__area",
            "pledges__replacements",
            "profile_changes",
            "reviews",
            "recognitions__kind",
            "pauses",
            "join_requests__user",
            "signatures",
            "districts",
            "areas",
        )
        .order_by("name", "pk")
    )


class Reader:
    """A person who reads what to do, with what is asked of the database once for all their partners."""

    def __init__(self, user):
        self.user, self.today = user, timezone.localdate()

    @cached_property
    def put_aside(self):
        return set(self.user.put_aside.filter(until__gt=self.today).values_list("key", flat=True))

    @cached_property
    def charter(self):
        return CharterVersion.objects.published(self.today).order_by("number").last()

    @cached_property
    def ideas(self):
        return list(PledgeIdea.objects.current().select_related("area").defer("statement", "why", "first_steps"))


def next_steps(user, *partners):
    """What this person should do for partners, the most pressing first. partners: of those of `partners_of`."""
    reader = Reader(user)
    theirs = [partner for partner in partners if not partner.withdrawn_at and partner.state != State.DECLINED]
    return in_order(step for partner in theirs for part in PARTS for step in part(reader, partner))


def _review(reader, partner):
    """The review that is waited for, unless the partner is paused: then it is not asked."""
    today = reader.today
    review = next((review for review in partner.reviews.all() if review.is_awaited), None)
    if review is None or any(pause.starts_on <= today < pause.until for pause in partner.pauses.all()):
        return []
    text = _("It was due on %(date)s.") if review.due_on < today else _("It is due on %(date)s.")
    text = f"{text % {'date': date_format(review.due_on)}} {_('It takes ten minutes at most.')}"
    is_late = not partner.is_resident and overdue_from(review.due_on) <= today
    if is_late:
        text += " " + _("Until you send it in, your page says that it is overdue.")
    return [
        Step(
            title=_("Say how your pledges go"),
            text=text,
            url=answer_url(review),
            label=_("Go to your progress review"),
            about=partner.name,
            urgency=Urgency.LATE if is_late else Urgency.DUE,
        )
    ]


def _answers(reader, partner):
    asked = [obj for obj in things_of(partner) if obj.state == State.CHANGES_ASKED]
    return [
        Step(
            title=_("Change %(thing)s and send it in again") % {"thing": _name_of(obj)},
            about=partner.name,
            words=obj.decision_message,
            url=answer_url(obj),
            label=_("Change %(thing)s") % {"thing": _name_of(obj)},
            urgency=Urgency.WAITED_FOR,
        )
        for obj in asked
    ]


def things_of(partner):
    """The partner, its pledges that have not ended, and the changes, reviews and claims that it can work on."""
    pledges = [pledge for pledge in partner.pledges.all() if not pledge.ended_at]
    changes = [change for change in partner.profile_changes.all() if change.is_open and change.state != State.DRAFT]
    reviews = [review for review in partner.reviews.all() if review.is_open]
    claims = [claim for claim in partner.recognitions.all() if claim.is_open]
    return [partner, *pledges, *changes, *reviews, *claims]


def _name_of(obj):
    if isinstance(obj, Pledge):
        return _("your pledge on %(area)s") % {"area": obj.area.short_name}
    if isinstance(obj, Review):
        return _("your progress review")
    if isinstance(obj, Recognition):
        return _("your recognition %(name)s") % {"name": obj.kind}
    return _("your profile")


def answer_url(obj):
    """Where the people of a partner change what was sent in."""
    if isinstance(obj, Pledge):
        return reverse("account-pledge", args=[obj.partner.slug, obj.pk])
    if isinstance(obj, Review):
        return reverse("account-review", args=[obj.pk])
    if isinstance(obj, Recognition):
        return reverse("account-recognition", args=[obj.partner.slug, obj.pk])
    partner = obj.partner if isinstance(obj, ProfileChange) else obj
    return reverse("account-profile", args=[partner.slug])


def _people(reader, partner):
    if not leads(reader.user, partner):
        return []
    return [
        Step(
            title=_("%(person)s asks to join you") % {"person": request.user},
            about=partner.name,
            text=_("They asked on %(date)s. Their address: %(address)s")
            % {"date": day(request.asked_at), "address": request.user.email},
            url=reverse("account-join-request", args=[partner.slug, request.pk]),
            label=_("Accept or refuse"),
            urgency=Urgency.WAITED_FOR,
        )
        for request in partner.join_requests.all()
        if request.state == JoinRequest.State.ASKED
    ]


def membership_of(user, partner):
    """The person's part in a partner that they act for, or None. partner: one of `partners_of`."""
    return next((m for m in partner.memberships.all() if m.user_id == user.pk and not m.ended_at), None)


def leads(user, partner):
    membership = membership_of(user, partner)
    return bool(membership and membership.role == Membership.Role.LEAD)


def _own_approval(reader, partner):
    return [
        Step(
            title=_("Say where your own decision can be read"),
            about=partner.name,
            text=_("You told us that you wait for the approval of: %(board)s.")
            % {"board": signature.awaits_approval_of},
            url=reverse("account-own-approval", args=[partner.slug, signature.pk]),
            label=_("Add the link"),
        )
        for signature in partner.signatures.all()
        if signature.still_awaits_approval
    ]


def _renewals(reader, partner):
    """Recognitions that expire soon, or have expired, unless a renewal is on its way."""
    rows = partner.recognitions.all()
    under_way = {row.kind_id for row in rows if row.is_open}
    return [
        Step(
            title=_("Renew your recognition %(name)s") % {"name": row.kind},
            about=partner.name,
            text=(_("It expired on %(date)s.") if row.has_expired else _("It expires on %(date)s."))
            % {"date": date_format(row.expires_on)},
            url=answer_url(row),
            label=_("Tell us that you renewed it"),
            urgency=Urgency.DUE,
        )
        for row in rows
        if row.is_due_for_renewal and row.kind_id not in under_way
    ]


def _details(reader, partner):
    """Once a year each of its people is asked whether we still know how to reach them."""
    member = membership_of(reader.user, partner)
    asked_from = add_months(timezone.localdate(member.confirmed_at), settings.CONTACT_CONFIRMED_MONTHS)
    if partner.state != State.APPROVED or reader.today < asked_from:
        return []
    return [
        Step(
            title=_("Look whether your contact details are still right"),
            about=partner.name,
            text=_("We ask once in a while, so that our e-mails reach somebody. It takes a minute."),
            url=reverse("account-details", args=[partner.slug]),
            label=_("Look at your details"),
            urgency=Urgency.YEARLY,
        )
    ]


def _stands(pledge):
    return not pledge.ended_at and pledge.state != State.DECLINED


def _first_pledge(reader, partner):
    if partner.kind == Kind.RESIDENT or partner.state != State.APPROVED or any(map(_stands, partner.pledges.all())):
        return []
    return [
        Step(
            title=_("Make a pledge"),
            about=partner.name,
            text=_("You have signed, and you have no pledge that stands. One is enough to start with."),
            url=reverse("account-pledge-add", args=[partner.slug]),
            label=_("Add a pledge"),
        )
    ]


def areas_without_pledge(partner, ideas):
    """The areas of the ideas that fit a partner and in which it has no pledge, in the Charter's order, with the ideas.

    partner: one of `partners_of`. ideas: those on offer, with their areas.
    """
    taken = {pledge.area_id for pledge in partner.pledges.all() if _stands(pledge)}
    areas = {}
    for idea in ideas:
        if partner.kind in idea.kinds and idea.area_id not in taken:
            areas.setdefault(idea.area, []).append(idea)
    return areas


def key_of_ideas(partner):
    return f"ideas/{partner.pk}"


def _ideas(reader, partner):
    pledges = [pledge for pledge in partner.pledges.all() if _stands(pledge)]
    if partner.state != State.APPROVED or not pledges or len(pledges) >= settings.PLEDGES_AT_MOST:
        return []
    if key_of_ideas(partner) in reader.put_aside:
        return []
    areas = [area.short_name for area in areas_without_pledge(partner, reader.ideas)]
    if not areas:
        return []
    address = reverse("account-ideas", args=[partner.slug])
    return [
        Step(
            title=_("Ideas for your next pledge"),
            about=partner.name,
            text=_("We have ideas that fit you where you have no pledge yet: %(areas)s.") % {"areas": "; ".join(areas)},
            url=address,
            label=_("Look at the ideas"),
            urgency=Urgency.IDEA,
            put_aside_url=address,
        )
    ]


# Each takes the reader and one of their partners, and returns steps.
def _charter(reader, partner):
    """A new version of the Charter that its lead is asked to sign."""
    if reader.charter is None or not reader.charter.asks(partner, reader.today) or not leads(reader.user, partner):
        return []
    text = _("There is a new version. Sign it by %(date)s.") % {"date": date_format(reader.charter.again_until)}
    return [
        Step(
            title=_("Sign the new Charter"),
            text=text,
            url=reverse("account-sign-again", args=[partner.slug]),
            label=_("Read and sign it"),
            about=partner.name,
            urgency=Urgency.DUE,
        )
    ]


PARTS = (_review, _charter, _answers, _people, _own_approval, _renewals, _first_pledge, _details, _ideas)
