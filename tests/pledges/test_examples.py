import datetime

import pytest
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.core.management import CommandError, call_command
from django.db.models import Count, F
from django.utils import timezone

from oiep import audit
from oiep.day import run_day
from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import Move, State, Urgency, waiting
from oiep.reach.models import Follow
from partners.actions.daily import run_day as partners_day
from partners.models import (
    District,
    JoinRequest,
    Kind,
    Membership,
    Partner,
    PriorityArea,
    ProfileChange,
    Purpose,
    Recognition,
    Size,
)
from pledges import benefits
from pledges.actions import moderation
from pledges.actions.answers import missing
from pledges.actions.helpers import helpers_ending
from pledges.actions.stories import consents_ending
from pledges.history import show_standings
from pledges.management.commands.load_examples import ACCOUNTS, PASSWORD
from pledges.models import (
    Answer,
    Capacity,
    Case,
    HelpReply,
    HelpRequest,
    Pledge,
    Review,
    Signature,
    Story,
)
from pledges.models.help import Outcome
from pledges.standing import Status

MODELS = [Partner, Membership, Signature, Pledge, ProfileChange, JoinRequest, Review, Answer, get_user_model()]


@pytest.fixture(scope="module")
def loaded(module_db):
    """All examples of partners, loaded once for this module."""
    with module_db.unblock():
        call_command("load_reference", verbosity=0)
        for name in ("load_examples", "load_example_stories", "load_example_followers"):
            call_command(name)


@pytest.fixture
def examples(loaded, db):
    """What `load_examples` adds to an empty database."""


def test_each_example_is_valid(examples):
    for model in MODELS:
        assert model.objects.exists()
        for example in model.objects.all():
            unanswered = ["answered_at", "answered_by"] if model is JoinRequest else None
            example.full_clean(exclude=unanswered)


def test_nothing_is_left_unmarked(examples):
    assert not Partner.objects.filter(is_example=False).exists()
    assert not Partner.objects.exclude(name__endswith=" (example)").exists()
    assert not get_user_model().objects.filter(is_example=False).exists()
    assert not get_user_model().objects.exclude(email__endswith="@example.org").exists()
    for website in Partner.objects.exclude(website="").values_list("website", flat=True):
        assert website.split("/")[2].endswith(".example")


@pytest.mark.parametrize(
    ("field", "values"),
    [("kind", Kind), ("size", Size), ("review_months", (12, 6)), ("state", set(State) - {State.DRAFT})],
)
def test_partners_come_in_each_variety(examples, field, values):
    assert set(values) <= set(Partner.objects.values_list(field, flat=True))


def test_each_district_has_organisations_of_its_own_and_a_resident(examples):
    listed = Partner.objects.listed()
    for district in District.objects.current():
        here = listed.filter(districts=district)
        assert here.filter(kind=Kind.RESIDENT).exists(), district
        assert here.exclude(kind=Kind.RESIDENT).count() >= 3, district
    assert listed.filter(county_wide=True).count() >= 3
    assert listed.annotate(places=Count("districts")).filter(places__gt=1).count() >= 3


def test_each_area_has_live_pledges_of_several_partners(examples):
    live = Pledge.objects.live()
    for area in PriorityArea.objects.current():
        assert live.filter(area=area).values("partner").distinct().count() >= 2, area
        with_pledges = set(live.filter(area=area).values_list("partner", flat=True))
        assert set(Partner.objects.listed().in_area(area).values_list("pk", flat=True)) == with_pledges


def test_pledges_come_in_each_variety(examples):
    live = Pledge.objects.live()
    assert set(live.values_list("capacity", flat=True)) == set(Capacity.values)
    assert set(Pledge.Commitment.values) <= set(live.values_list("commitment", flat=True))
    assert live.filter(target__isnull=False, baseline__isnull=False).exists()
    assert live.filter(target=None, idea__isnull=False).exists()
    assert live.filter(idea=None).exists()
    assert set(Pledge.objects.values_list("state", flat=True)) == set(State) - {State.DRAFT}
    stopped = Pledge.objects.published().filter(ending=Pledge.Ending.STOPPED)
    assert stopped.exclude(ending_reason="").count() == stopped.count() > 1


def test_a_replaced_pledge_ended_when_its_change_was_approved(examples):
    old = Pledge.objects.get(ending=Pledge.Ending.REPLACED)
    assert old.replacement.state == State.APPROVED
    assert old.ended_at == old.replacement.decided_at
    assert old.replacement.started_on == timezone.localdate(old.ended_at)


def test_what_waits_is_in_time_soon_due_and_late(examples):
    colours = [waiting(case.waiting_since)[1] for case in Case.objects.waiting()]
    assert set(colours) == set(Urgency)
    assert Pledge.objects.submitted().filter(replaces__isnull=False, partner__state=State.APPROVED).exists()


def test_a_change_to_a_profile_waits_beside_what_is_live(examples):
    change = ProfileChange.objects.submitted().get()
    assert change.before.keys() == change.values.keys()
    assert change.before["description"] == change.partner.description != change.values["description"]
    moderation.decide(decisions=[moderation.Decision(change, Move.APPROVE)], actor=change.partner.lead.user)
    assert Partner.objects.get(pk=change.partner_id).description == change.values["description"]


def test_signatures_come_in_each_variety(examples):
    assert set(Signature.Assisted.values) <= set(Signature.objects.values_list("assisted", flat=True))
    assert Signature.objects.exclude(awaits_approval_of="").filter(approval_url="").exists()
    assert Signature.objects.exclude(approval_url="").exists()
    assert Partner.objects.filter(signatures=None).count() == 0


def test_residents_are_named_and_unnamed_and_some_have_left(examples):
    residents = Partner.objects.filter(kind=Kind.RESIDENT)
    assert {True, False} == set(residents.listed().values_list("show_name", flat=True))
    assert residents.filter(withdrawn_at__isnull=False).exists()
    assert Partner.objects.published().filter(withdrawn_at__isnull=False).exclude(kind=Kind.RESIDENT).exists()


def test_names_come_in_several_scripts(examples):
    names = "".join(Partner.objects.listed().filter(show_name=True).values_list("name", flat=True))
    for script in ("\u0627", "\u6728", "\u0430", "\u0175"):  # Arabic, Chinese, Cyrillic, Welsh
        assert script in names.lower()


def test_partners_take_messages_for_each_purpose(examples):
    taken = [
        purpose
        for partner in Partner.objects.listed()
        if partner.takes_messages
        for purpose in partner.contact_purposes
    ]
    assert set(taken) == set(Purpose)
    assert Partner.objects.listed().filter(contact_paused_at__isnull=False).exists()


def test_no_mail_waits_to_be_sent(examples):
    for email in OutgoingEmail.objects.exclude(template__endswith="consent_ending"):
        assert (email.state, email.to.split("@")[1]) == (OutgoingEmail.State.SENT, "example.org")
    states = set(OutgoingEmail.objects.filter(template__endswith="consent_ending").values_list("state", flat=True))
    assert states == {OutgoingEmail.State.SENT, OutgoingEmail.State.NOT_SENT}, "of missed steps the latest went"


# Reviews --------------------------------------------------------------------------------------


def test_each_standing_is_there_to_be_seen(examples):
    organisations = show_standings(Partner.objects.published().exclude(kind=Kind.RESIDENT))
    assert {partner.standing.status for partner in organisations} == set(Status) - {Status.NOT_SIGNED}
    by_name = {partner.name.removesuffix(" (example)"): partner for partner in organisations}
    expected = {
        "Thameside Health Partnership": Status.UP_TO_DATE,
        "Northgate Savings Co-operative": Status.UP_TO_DATE,
        "Two Rivers Delivery": Status.UP_TO_DATE,
        "Windrush Vale Town Council": Status.UP_TO_DATE,
        "Cherwell Valley Builders": Status.REVIEW_DUE,
        "Ridgeway Further Education College": Status.REVIEW_DUE,
        "Barleyfield Homes": Status.REVIEW_OVERDUE,
        "Puck Lane Fitness": Status.LAPSED,
        "Kingfisher Boatyard": Status.PAUSED,
        "Bellwether Print": Status.WITHDRAWN,
        "Marigold Bakery": Status.SIGNED,
    }
    assert {name: by_name[name].standing.status for name in expected} == expected
    for partner in organisations:
        lapsed = partner.standing.status == Status.LAPSED
        assert (partner.lapsed_on == partner.standing.since) if lapsed else partner.lapsed_on is None


def test_reviews_come_in_each_state(examples):
    states = {(review.state, review.closing) for review in Review.objects.all()}
    assert states == {
        (State.DRAFT, ""),
        (State.DRAFT, Review.Closing.MISSED),
        (State.SUBMITTED, ""),
        (State.CHANGES_ASKED, ""),
        (State.APPROVED, ""),
    }
    thameside = Partner.objects.get(name__startswith="Thameside")
    assert thameside.reviews.approved().count() == 2
    assert thameside.pledges.filter(ending=Pledge.Ending.ACHIEVED).count() == 1
    assert Review.objects.exclude(explanation="").get().partner.name == "Barleyfield Homes (example)"
    for review in Review.objects.exclude(answered_at=None):
        assert missing(review) == []
        assert all(answer.is_complete for answer in review.answers.all())
        assert review.answers.exists()


def test_a_lapse_and_its_end_are_on_the_record(client, examples):
    text = client.get("/partners/northgate-savings-co-operative-example/").content.decode()
    assert "No review came for the round of" in text
    assert "Back among the partners of the Charter, after lapsing" in text


def test_the_day_s_work_finds_nothing_that_the_examples_should_have_had(examples):
    done = run_day()
    assert {name: done[name] for name in ("failed", "opened", "lapsed", "forgotten")} == {
        "failed": 0, "opened": 0, "lapsed": 0, "forgotten": 0,
    }  # fmt: skip
    # Only a step whose day is today may be left to the job.
    assert done["recorded"] == sum(
        review.due_on + datetime.timedelta(days=offset) == timezone.localdate()
        for review in Review.objects.awaited()
        for _step, offset in settings.REVIEW_STEPS
    )


def test_a_review_of_an_example_can_be_approved_and_undone(examples):
    review = Review.objects.submitted().get()
    manager = get_user_model().objects.get(email="manager@example.org")
    moderation.decide(decisions=[moderation.Decision(review, Move.APPROVE)], actor=manager)
    assert set(review.partner.pledges.values_list("ending", flat=True)) == {"", "achieved", "stopped"}
    for approved in review.partner.reviews.approved():
        moderation.undo(objects=[approved], actor=manager)
    assert review.partner.reviews.approved().count() == 0
    assert set(review.partner.pledges.values_list("renewed_on", flat=True)) == {None}


# Time -----------------------------------------------------------------------------------------


def test_each_thing_happened_before_what_follows_from_it(examples):
    now = timezone.now()
    assert not AuditEvent.objects.filter(at__gt=now + datetime.timedelta(seconds=1)).exists()
    for signature in Signature.objects.select_related("partner", "charter"):
        assert signature.charter.published_on <= timezone.localdate(signature.declared_at)
        assert signature.declared_at < signature.confirmed_at <= now
    for model in (Partner, Pledge, ProfileChange):
        assert not model.objects.filter(decided_at__lte=F("submitted_at")).exists()
        assert not model.objects.filter(decided_at__gt=now).exists()
    assert not Pledge.objects.filter(ended_at__lt=F("decided_at")).exists()
    assert not Pledge.objects.filter(submitted_at__lt=F("partner__submitted_at")).exists()
    assert not Partner.objects.filter(withdrawn_at__lt=F("decided_at")).exists()


def test_the_trail_tells_how_each_came_to_be_as_it_is(examples):
    for model in (Partner, Pledge, ProfileChange):
        for example in model.objects.all():
            trail = list(audit.trail(example))
            assert trail[-1].at == example.submitted_at, example
            if example.decided_at:
                decision = next(event for event in trail if "decision" in event.data)
                assert (decision.at, decision.actor) == (example.decided_at, example.decided_by)
                assert decision.data["after"] == example.state


def test_an_example_can_be_decided_and_undone(examples):
    for state, move in ((State.SUBMITTED, Move.APPROVE), (State.APPROVED, Move.UNDO)):
        partner = Partner.objects.get(name="Tall Oak Roofing (example)")
        assert partner.state == state
        if move == Move.UNDO:
            moderation.undo(objects=[partner], actor=partner.decided_by)
        else:
            things = [partner, *partner.pledges.all()]
            manager = get_user_model().objects.get(email="manager@example.org")
            moderation.decide(decisions=[moderation.Decision(thing, move) for thing in things], actor=manager)
    approved = Partner.objects.get(name="Greenway Design Studio (example)")
    moderation.undo(objects=[approved], actor=approved.decided_by)
    assert set(approved.pledges.values_list("state", flat=True)) == {State.SUBMITTED}


# Accounts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ACCOUNTS)
def test_each_account_can_sign_in_with_the_password(examples, email):
    assert authenticate(email=email, username=email, password=PASSWORD).email == email


def test_the_accounts_are_who_they_say(examples):
    users = {user.email: user for user in get_user_model().objects.filter(email__in=ACCOUNTS)}
    manager, admin = users["manager@example.org"], users["admin@example.org"]
    assert (manager.is_staff, manager.is_superuser) == (True, False)
    assert [group.name for group in manager.groups.all()] == ["OIEP manager"]
    assert admin.is_staff
    assert admin.is_superuser
    led = Membership.objects.get(user=users["lead@example.org"], role=Membership.Role.LEAD).partner
    assert led.state == State.APPROVED
    assert {State.APPROVED, State.SUBMITTED, State.CHANGES_ASKED} == set(led.pledges.values_list("state", flat=True))
    assert led.join_requests.filter(state=JoinRequest.State.ASKED).exists()
    assert Membership.objects.get(user=users["member@example.org"]).partner == led
    assert Membership.objects.get(user=users["resident@example.org"]).partner.kind == Kind.RESIDENT
    assert get_user_model().objects.filter(is_staff=True).count() == 2


def test_nobody_else_has_a_password(examples):
    for user in get_user_model().objects.exclude(email__in=ACCOUNTS):
        assert not user.has_usable_password()


# Stories, help and followers -----------------------------------------------------------------------


def test_what_signing_does_is_shown_in_figures_tables_and_quotes(examples):
    topics = benefits.topics()
    assert [topic.name for topic in topics] == ["recruitment", "retention", "diversity"]
    assert all(topic.total.count is not None for topic in topics)
    assert all(5 <= topic.total.count < topic.total.base for topic in topics)
    assert any(topic.tables for topic in topics)
    assert set(Review.Effect.values) <= set(Review.objects.approved().values_list("retention_effect", flat=True))
    assert len(benefits.quotes()) == benefits.QUOTES
    assert Review.objects.filter(may_quote=True).exists()


def test_stories_wait_change_and_run_out(examples):
    assert Story.objects.originals().submitted().exists()
    assert Story.objects.open_changes().count() == 1
    ending = set(consents_ending().values_list("story", flat=True))
    shown = set(Story.objects.published().values_list("pk", flat=True))
    assert ending & shown, "One ends soon"
    assert ending - shown, "and one has ended"
    assert helpers_ending().count() == 1


def test_help_is_in_each_state(examples):
    rows = HelpRequest.objects.all()
    assert {row.state for row in rows} == set(State) - {State.DRAFT}
    assert {row.direction for row in rows} == set(HelpRequest.Direction)
    assert rows.exclude(closed_at=None).get().outcome == Outcome.MET
    assert rows.approved().filter(closed_at=None).exclude(pk__in=HelpRequest.objects.published()).exists(), "Over"
    assert HelpRequest.objects.published().count() >= 4
    assert HelpReply.objects.waiting().exists()
    assert HelpReply.objects.awaiting_outcome().exists()
    assert HelpReply.objects.exclude(dismissed_at=None).exists()
    for row in [*rows, *HelpReply.objects.all()]:
        row.full_clean()


def test_areas_places_and_partners_are_followed(examples):
    confirmed = Follow.objects.confirmed()
    assert {name for name in ("area", "place", "partner") if confirmed.exclude(**{name: None}).exists()} == {
        *("area", "place", "partner")
    }
    assert {*confirmed.values_list("rhythm", flat=True)} == set(Follow.Rhythm)
    assert Follow.objects.filter(confirmed_at=None).count() == 1
    assert len({*confirmed.values_list("follower__language", flat=True)}) >= 3


@pytest.mark.django_db
def test_production_takes_no_followers(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="SITE=production"):
        call_command("load_example_followers")


def test_there_are_logos_and_recognitions_in_every_state(examples):
    assert Partner.objects.listed().filter(logo__isnull=False).count() == 2
    assert ProfileChange.objects.submitted().get().values["logo"]
    for example in Recognition.objects.all():
        example.full_clean()
    assert set(Recognition.objects.values_list("state", flat=True)) == set(State) - {State.DRAFT}
    assert Recognition.objects.published().count() >= 5
    assert [row.kind.slug for row in Recognition.objects.standing() if row.has_expired] == ["good-business-charter"]
    assert Recognition.objects.get(ending="replaced").renewals.get().stands
    assert partners_day(timezone.localdate()) == {"failed": 0, "recorded": 0, "logos": 0}
