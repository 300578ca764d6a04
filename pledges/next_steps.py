"""What a person should do next, and where what they sent in stands: the words of their own place."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oiep.moderation import State, answer_due
from partners.models import JoinRequest, Kind, Membership, Partner, PartnerInvitation, ProfileChange, Recognition
from pledges.models import Pledge, Review, Signing
from pledges.standing import overdue_from

_LABELS = {
    State.DRAFT: ("grey", gettext_lazy("Not sent in yet")),
    State.SUBMITTED: ("blue", gettext_lazy("Waiting for our decision")),
    State.CHANGES_ASKED: ("amber", gettext_lazy("We ask you to change something")),
    State.APPROVED: ("green", gettext_lazy("Public")),
    State.DECLINED: ("red", gettext_lazy("Declined")),
}


@dataclass(frozen=True)
class Step:
    """One thing to do. about: whom it is for, by name. words: what the manager wrote, if anything."""

    title: str
    about: str = ""
    url: str = ""
    label: str = ""
    text: str = ""
    words: str = ""


@dataclass(frozen=True)
class Status:
    tone: str
    label: str
    text: str = ""
    words: str = ""


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


def day(moment):
    return date_format(timezone.localdate(moment))


def status_of(obj):
    """Where a partner, a pledge or a change to a profile stands, in words for the people of the partner."""
    if isinstance(obj, Partner) and obj.withdrawn_at:
        return Status("grey", _("Withdrawn on %(date)s") % {"date": day(obj.withdrawn_at)})
    if isinstance(obj, Review) and (obj.closed_at or obj.is_awaited):
        return _status_of_unanswered(obj)
    if isinstance(obj, Pledge) and obj.ended_at:
        how = {
            Pledge.Ending.REPLACED: _("Changed on %(date)s"),
            Pledge.Ending.ACHIEVED: _("Achieved on %(date)s"),
            Pledge.Ending.STOPPED: _("Stopped on %(date)s"),
            Pledge.Ending.WITHDRAWN: _("Taken back on %(date)s"),
        }[obj.ending]
        return Status("grey", how % {"date": day(obj.ended_at)}, obj.ending_reason)
    if isinstance(obj, Recognition) and (obj.ended_at or obj.stands):
        return _status_of_recognition(obj)
    tone, label = _LABELS[obj.state]
    if obj.state == State.SUBMITTED:
        if not isinstance(obj, Partner) and obj.partner.state == State.CHANGES_ASKED:
            return Status("amber", _("Waiting for you"), _("Answer first what we asked about your profile."))
        return Status(tone, label, _waiting(obj))
    if obj.state in (State.CHANGES_ASKED, State.DECLINED):
        return Status(tone, label, words=obj.decision_message)
    return Status(tone, label)


def _status_of_unanswered(review):
    if review.closed_at:
        return Status("grey", _("Closed on %(date)s") % {"date": day(review.closed_at)}, _why_closed(review))
    is_past = review.due_on < timezone.localdate()
    label = _("It was due on %(date)s") if is_past else _("Due on %(date)s")
    return Status("amber", label % {"date": date_format(review.due_on)})


def _status_of_recognition(recognition):
    if recognition.ended_at:
        how = {
            Recognition.Ending.REPLACED: _("Renewed on %(date)s"),
            Recognition.Ending.TAKEN_OFF: _("Taken off on %(date)s"),
            Recognition.Ending.REMOVED: _("Removed by us on %(date)s"),
        }[recognition.ending]
        return Status("grey", how % {"date": day(recognition.ended_at)})
    if recognition.expires_on is None:
        return Status("green", _("Public"))
    until = {"date": date_format(recognition.expires_on)}
    if recognition.has_expired:
        return Status("grey", _("Expired on %(date)s") % until, _("Your page does not show it any more."))
    if recognition.is_due_for_renewal:
        return Status("amber", _("Expires on %(date)s") % until)
    return Status("green", _("Public until %(date)s") % until)


def _why_closed(review):
    return {
        Review.Closing.MISSED: _("No answer came before the next review opened."),
        Review.Closing.WITHDRAWN: _("You left the Charter."),
    }.get(review.closing, "")


def _waiting(obj):
    due = answer_due(obj.submitted_at)
    since = _("You sent it in on %(date)s.") % {"date": day(obj.submitted_at)}
    if due < timezone.localdate():
        return since + " " + _("It takes us longer than we promised. We are sorry. You need not do anything.")
    return since + " " + _("We answer by %(date)s.") % {"date": date_format(due)}


def next_steps(user, partner):
    """What this person should do for a partner, the most pressing first. partner: one of `partners_of`."""
    if partner.withdrawn_at or partner.state == State.DECLINED:
        return []
    return [
        *_review(partner),
        *_answers(partner),
        *_people(user, partner),
        *_own_approval(partner),
        *_renewals(partner),
        *_first_pledge(partner),
    ]


def invitations_to_answer(user):
    """The partners that this person is asked to act for."""
    waiting = PartnerInvitation.objects.open().filter(email=user.email).select_related("partner").order_by("invited_at")
    return [
        Step(
            title=_("You are invited to act for a partner"),
            text=_("%(partner)s asked you on %(date)s. You can answer until %(until)s.")
            % {
                "partner": invitation.partner.public_name,
                "date": day(invitation.invited_at),
                "until": day(invitation.expires_at),
            },
            url=reverse("partner-invitation", args=[invitation.token]),
            label=_("Look at the invitation"),
        )
        for invitation in waiting
    ]


def signings_to_finish(user):
    """What this person began to sign, or has not confirmed yet."""
    steps = []
    for signing in Signing.objects.filter(email=user.email, confirmed_at=None).order_by("started_at"):
        if signing.has_expired():
            continue
        if signing.declared_at:
            text = _("We sent a link to your address on %(date)s. Open it to confirm that you signed.")
            steps.append(
                Step(
                    title=_("Confirm your signature"),
                    text=text % {"date": day(signing.last_mailed_at or signing.declared_at)},
                )
            )
        else:
            text = _("You began on %(date)s. We keep what you wrote until %(until)s.")
            steps.append(
                Step(
                    title=_("Finish your signature"),
                    text=text % {"date": day(signing.started_at), "until": day(signing.expires_at)},
                    url=signing.resume_url,
                    label=_("Go on"),
                )
            )
    return steps


def _review(partner):
    """The review that is waited for, unless the partner is paused: then it is not asked."""
    today = timezone.localdate()
    review = next((review for review in partner.reviews.all() if review.is_awaited), None)
    if review is None or any(pause.starts_on <= today < pause.until for pause in partner.pauses.all()):
        return []
    text = _("It was due on %(date)s.") if review.due_on < today else _("It is due on %(date)s.")
    text = f"{text % {'date': date_format(review.due_on)}} {_('It takes ten minutes at most.')}"
    if not partner.is_resident and overdue_from(review.due_on) <= today:
        text += " " + _("Until you send it in, your page says that it is overdue.")
    return [
        Step(
            title=_("Say how your pledges go"),
            text=text,
            url=answer_url(review),
            label=_("Go to your progress review"),
            about=partner.name,
        )
    ]


def _answers(partner):
    asked = [obj for obj in things_of(partner) if obj.state == State.CHANGES_ASKED]
    return [
        Step(
            title=_("Change %(thing)s and send it in again") % {"thing": _name_of(obj)},
            about=partner.name,
            words=obj.decision_message,
            url=answer_url(obj),
            label=_("Change %(thing)s") % {"thing": _name_of(obj)},
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


def _people(user, partner):
    if not leads(user, partner):
        return []
    return [
        Step(
            title=_("%(person)s asks to join you") % {"person": request.user},
            about=partner.name,
            text=_("They asked on %(date)s, from %(address)s.")
            % {"date": day(request.asked_at), "address": request.user.email},
            url=reverse("account-join-request", args=[partner.slug, request.pk]),
            label=_("Accept or refuse"),
        )
        for request in partner.join_requests.all()
        if request.state == JoinRequest.State.ASKED
    ]


def leads(user, partner):
    return any(
        member.user_id == user.pk and member.role == Membership.Role.LEAD and not member.ended_at
        for member in partner.memberships.all()
    )


def _own_approval(partner):
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


def _renewals(partner):
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
        )
        for row in rows
        if row.is_due_for_renewal and row.kind_id not in under_way
    ]


def _first_pledge(partner):
    if partner.kind == Kind.RESIDENT or partner.state != State.APPROVED:
        return []
    if any(not pledge.ended_at and pledge.state != State.DECLINED for pledge in partner.pledges.all()):
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
