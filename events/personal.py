"""What the tables of events and awards hold about people."""

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models import Registration
from oiep.personal import Rows, Table


def unname_bookings(bookings):
    """For how many somebody booked stays, and not who it was; what they have booked for a time to come is given back.

    `events.actions.daily` offers those places to who waits.
    """
    now = timezone.now()
    bookings.filter(state=Registration.State.UNCONFIRMED).delete()
    to_come = bookings.exclude(Q(state__in=Registration.OVER) | Q(event__starts_at__lte=now))
    to_come.update(state=Registration.State.CANCELLED, ended_at=now)
    forget(bookings)


def forget(bookings):
    """Empties all that says who booked."""
    bookings.update(
        name="",
        email="",
        organisation="",
        partner=None,
        guests="",
        access_needs="",
        dietary_needs="",
        photographs=False,
        source="",
        forgotten_at=timezone.now(),
    )


REGISTER = {
    "events.Series": Table(plain="id slug", ours="name about"),
    "events.Event": Table(
        plain=(
            "id kind series group slug starts_at ends_at known district online_url takes_bookings capacity"
            " places_at_most bookings_close_at organiser published_at cancelled_at uid sequence changed_at is_example"
        ),
        ours="title summary about when_words place access who_may_come cancelled_why source",
    ),
    "events.Event_areas": Table(plain="id event priorityarea"),
    "events.Contributor": Table(plain="id event role partner order", ours="name"),
    "events.ProgrammeItem": Table(plain="id event starts_at order", ours="title speakers"),
    "events.LearningPoint": Table(plain="id event action order", ours="text"),
    "events.Photograph": Table(plain="id event file is_public width height order", ours="alt consent"),
    "events.Material": Table(plain="id event file size is_public", ours="title name"),
    # Before the bookings, by which it is found.
    "events.Feedback": Table(
        plain="id event registration rating may_quote given_at",
        personal="learnt better",
        rows=(
            Rows(
                _("What you told us about events"),
                address="registration__email",
                erased={"learnt": "", "better": "", "registration": None},
                shown="event rating learnt better may_quote given_at",
            ),
        ),
    ),
    "events.Registration": Table(
        plain=(
            "id event state language partner places photographs created_at confirmed_at queued_at offered_until"
            " ended_at reminded_for arrived checked_in_at forgotten_at"
        ),
        personal="name email organisation guests access_needs dietary_needs source",
        rows=(
            Rows(
                _("Events that you booked for"),
                address="email",
                erased=unname_bookings,
                shown=(
                    "event state name email organisation partner places guests access_needs dietary_needs photographs"
                    " created_at checked_in_at"
                ),
            ),
        ),
        clock="attendees",
    ),
    "events.AwardRound": Table(
        plain=("id year opens_at closes_at judged_until announced_at event published_at shortlisted_at is_example"),
        ours="title about",
    ),
    "events.Category": Table(plain="id round slug area size is_peoples_choice order", ours="name about"),
    "events.Criterion": Table(plain="id round weight order", ours="name about"),
    "events.Nomination": Table(
        plain=(
            "id state submitted_at decided_at decided_by category partner nominated_by nominated_at pledge review story"
            " is_shortlisted place tie_order withdrawn_at"
        ),
        groups="why decision_message",
    ),
    "events.Judge": Table(
        plain="id round user declared_at stood_down_at",
        rows=(Rows(_("Awards that you judge"), user="user", erased={}, shown="round declared_at stood_down_at"),),
    ),
    "events.Judge_categories": Table(plain="id judge category"),
    "events.JudgeInvitation": Table(
        plain="id state invited_by invited_at answered_at round",
        personal="email",
        rows=(Rows(_("Invitations to judge"), address="email", shown="round email state invited_at answered_at"),),
        clock="requests",
    ),
    "events.JudgeInvitation_categories": Table(plain="id judgeinvitation category"),
    "events.Interest": Table(
        plain="id judge partner declared_at",
        personal="why",
        rows=(Rows(_("Interests that you declared"), user="judge__user", erased={"why": ""}, shown="partner why"),),
    ),
    "events.Score": Table(
        plain="id judge nomination criterion points given_at",
        personal="note",
        rows=(Rows(_("Your scores"), user="judge__user", erased={"note": ""}, shown="nomination points note"),),
    ),
    # The voter is a keyed hash of an address, from which the address cannot be had.
    "events.Vote": Table(plain="id category nomination voter cast_at"),
    "events.VoteRequest": Table(plain="id category nomination voter source asked_at confirmed_at"),
}
