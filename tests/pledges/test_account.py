"""A partner's own place: who sees what, and what its pages do."""

import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from oiep.models import AuditEvent, OutgoingEmail
from oiep.moderation import Move, State, move
from partners import actions as partner_actions
from partners.models import Partner, ProfileChange
from pledges.actions import pledges as pledge_actions
from pledges.models import Pledge
from tests.factories import (
    CharterVersionFactory,
    ContactMessageFactory,
    DistrictFactory,
    JoinRequestFactory,
    ManagerFactory,
    MembershipFactory,
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    ResidentFactory,
    SectorFactory,
    SignatureFactory,
    SigningFactory,
    UserFactory,
)
from tests.html import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return UserFactory(email="lead@example.org", name="Lea Lead")


@pytest.fixture
def oxford():
    return DistrictFactory(name="Oxford", slug="oxford")


@pytest.fixture
def baker(lead, oxford):
    return PartnerFactory(
        approved=True, lead=lead, name="Baker Ltd", description="We bake.", districts=[oxford], size="small"
    )


@pytest.fixture
def pledge(baker):
    return PledgeFactory(approved=True, partner=baker, statement="We will hire two apprentices.")


@pytest.fixture
def client(client_of, lead):
    return client_of(lead)


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def title(response):
    return re.search(r"<title>(.*?)</title>", response.content.decode(), re.DOTALL).group(1)


def profile_of(baker, **changed):
    """The profile form as it opens, with what is changed."""
    values = partner_actions.proposed_profile_of(Partner.objects.get(pk=baker.pk))
    data = {name: value for name, value in values.items() if value not in (None, False)}
    return data | {"seen": partner_actions.version_of(values)} | changed


def pledge_data(pledge, **changed):
    return {
        "area": pledge.area_id,
        "capacity": pledge.capacity,
        "statement": pledge.statement,
        "seen": pledge_actions.version_of(pledge),
    } | changed


def contact_data(baker, **changed):
    """The form of contact and reports as it opens, with what is changed."""
    settings = partner_actions.contact_settings_of(Partner.objects.get(pk=baker.pk))
    return {"review_months": "12", "seen": partner_actions.version_of(settings)} | changed


# Who sees what --------------------------------------------------------------------------------

LEAD_ONLY = {"account-withdraw", "account-join-request", "account-sign-again"}


@pytest.fixture
def addresses(baker, pledge):
    """Every address of a partner's own place, by name."""
    signature = SignatureFactory(partner=baker, awaits_approval_of="Board")
    today = timezone.localdate()
    CharterVersionFactory(published_on=today, again="organisations", again_until=today + datetime.timedelta(days=60))
    request = JoinRequestFactory(partner=baker)
    numbers = {
        "account-pledge": pledge.pk,
        "account-pledge-stop": pledge.pk,
        "account-join-request": request.pk,
        "account-own-approval": signature.pk,
        "account-message-report": ContactMessageFactory(partner=baker).pk,
    }
    plain = (
        "partner", "profile", "contact", "pledges", "ideas", "pledge-add", "reviews", "details", "messages", "withdraw",
        "sign-again",
    )  # fmt: skip
    return {f"account-{name}": reverse(f"account-{name}", args=[baker.slug]) for name in plain} | {
        name: reverse(name, args=[baker.slug, number]) for name, number in numbers.items()
    }


def test_every_address_is_in_the_table(addresses):
    from pledges.urls import account

    assert {pattern.name for pattern in account.urlpatterns} - {"account-mail", "account-letter"} == set(addresses)


@pytest.mark.parametrize("method", ["get", "post"])
def test_lead_member_stranger_manager_and_visitor(addresses, baker, client_of, lead, method):
    member = MembershipFactory(partner=baker, role="member").user
    former = MembershipFactory(partner=baker, role="member", ended=True).user
    lead_elsewhere = MembershipFactory().user
    for name, address in addresses.items():
        for outsider in (former, lead_elsewhere, UserFactory(), ManagerFactory()):
            assert getattr(client_of(outsider), method)(address).status_code == 404, name
        if method == "get":
            assert client_of(lead).get(address).status_code == 200, name
            assert client_of(member).get(address).status_code == (404 if name in LEAD_ONLY else 200), name
        elif name in LEAD_ONLY:
            assert client_of(member).post(address).status_code == 404, name
    assert AuditEvent.objects.count() == 0


def test_visitor_is_asked_to_sign_in(addresses, baker):
    from django.test import Client

    for address in ("/account/", *addresses.values()):
        for response in (Client().get(address), Client().post(address)):
            assert (response.status_code, response.url) == (302, f"/accounts/login/?next={address}")


@pytest.mark.parametrize(
    "name", ["account-pledge", "account-pledge-stop", "account-join-request", "account-own-approval"]
)
def test_what_belongs_to_another_partner_is_not_found_under_ones_own(client, baker, addresses, name):
    foreign = {
        "account-pledge": PledgeFactory(approved=True),
        "account-pledge-stop": PledgeFactory(approved=True),
        "account-join-request": JoinRequestFactory(),
        "account-own-approval": SignatureFactory(awaits_approval_of="Board"),
    }[name]
    address = reverse(name, args=[baker.slug, foreign.pk])
    assert client.get(address).status_code == 404
    assert client.post(address, {"reason": "x", "answer": "accept", "url": "https://x.example"}).status_code == 404


def test_pages_are_kept_by_nobody(client, addresses):
    for address in ("/account/", *addresses.values()):
        assert "no-store" in client.get(address)["Cache-Control"]


def test_pages_are_well_formed(client, addresses):
    for address in ("/account/", *addresses.values()):
        assert Page(client.get(address)).faults == [], address


def test_looking_changes_nothing(client, addresses, baker, pledge):
    rows = [Partner.objects.values().get(pk=baker.pk), Pledge.objects.values().get(pk=pledge.pk)]
    for address in ("/account/", *addresses.values()):
        client.get(address)
    assert [Partner.objects.values().get(pk=baker.pk), Pledge.objects.values().get(pk=pledge.pk)] == rows
    assert not AuditEvent.objects.exists()


# What to do next ------------------------------------------------------------------------------


def test_one_without_a_partner_is_shown_how_to_sign(client_of):
    page = text(client_of(UserFactory()).get("/account/"))
    assert "Nothing waits for you." in page
    assert "You do not act for a partner yet" in page


def test_one_sees_all_their_partners_and_no_others(client, baker, lead):
    MembershipFactory(partner=PartnerFactory(submitted=True, name="Second Firm"), user=lead)
    PartnerFactory(approved=True, name="Stranger Firm")
    page = text(client.get("/account/"))
    assert "Baker Ltd" in page
    assert "Second Firm" in page
    assert "Stranger" not in page


def test_partner_that_waits_reads_by_when_we_answer(client, lead, time_machine):
    time_machine.move_to("2026-05-01T09:00:00+00:00", tick=False)
    MembershipFactory(partner=PartnerFactory(submitted=True, name="New Firm"), user=lead)
    client_page = text(client.get("/account/"))
    # The 4th is a bank holiday.
    assert "You sent it in on 1 May 2026. We answer by 18 May 2026." in client_page
    time_machine.move_to("2026-05-19T09:00:00+00:00", tick=False)
    assert "It takes us longer than we promised." in text(client.get("/account/"))


def test_pledges_wait_for_the_answer_about_the_signature(client, lead):
    partner = PartnerFactory(changes_asked=True, lead=lead)
    PledgeFactory(submitted=True, partner=partner)
    page = text(client.get(reverse("account-pledges", args=[partner.slug])))
    assert "Waiting for you Answer first what we asked about your profile." in page
    assert "We answer by" not in page


def test_changes_asked_for_are_shown_with_the_managers_words(client, lead, baker):
    new = PartnerFactory(changes_asked=True, lead=lead, name="New Firm", decision_message="Which town?")
    asked = PledgeFactory(
        changes_asked=True, partner=baker, decision_message="How many?", area=PriorityAreaFactory(short_name="Jobs")
    )
    page = client.get("/account/")
    assert "Change your profile and send it in again New Firm We wrote to you: Which town?" in text(page)
    assert "Change your pledge on Jobs and send it in again Baker Ltd We wrote to you: How many?" in text(page)
    for address in (
        reverse("account-profile", args=[new.slug]),
        reverse("account-pledge", args=[baker.slug, asked.pk]),
    ):
        assert f'href="{address}"' in page.content.decode()


def test_half_done_signing_is_offered_to_go_on_with(client, lead, time_machine):
    time_machine.move_to("2026-05-04T09:00:00+00:00", tick=False)  # the link holds a time stamp
    signing = SigningFactory(email=lead.email)
    SigningFactory(email="other@example.org")
    steps = client.get("/account/").context["steps"]
    assert [(step.title, step.url) for step in steps] == [("Finish your signature", signing.resume_url)]


def test_unconfirmed_signing_is_confirmed_from_the_account(client, lead, time_machine):
    time_machine.move_to("2026-05-04T09:00:00+00:00", tick=False)  # the link holds a time stamp
    signing = SigningFactory(declared=True, email=lead.email)
    SigningFactory(declared=True, email=lead.email, declared_at=timezone.now() - timezone.timedelta(days=8))
    (step,) = client.get("/account/").context["steps"]
    assert (step.title, step.url) == ("Confirm your signature", signing.confirmation_url)
    assert "You can until 11 May 2026" in step.text


def test_request_to_join_is_a_thing_to_do_for_the_lead_only(client, client_of, baker):
    member = MembershipFactory(partner=baker, role="member").user
    PledgeFactory(approved=True, partner=baker)
    JoinRequestFactory(partner=baker, user=UserFactory(name="Asa Asker"))
    assert "Asa Asker asks to join you" in text(client.get("/account/"))
    assert "Asa Asker" not in text(client_of(member).get("/account/"))


def test_approved_partner_without_a_pledge_is_asked_for_one(client, baker):
    assert "Make a pledge" in text(client.get("/account/"))
    PledgeFactory(submitted=True, partner=baker)
    assert "Nothing waits for you." in text(client.get("/account/"))


def test_home_takes_as_many_queries_for_many_partners_as_for_one(client, lead, django_assert_num_queries):
    def add():
        partner = PartnerFactory(approved=True, lead=lead)
        SignatureFactory(partner=partner)
        PledgeFactory(approved=True, partner=partner)
        PledgeFactory(changes_asked=True, partner=partner)
        JoinRequestFactory(partner=partner)

    add()
    client.get("/account/")
    with django_assert_num_queries(28):
        client.get("/account/")
    for _n in range(5):
        add()
    with django_assert_num_queries(28):
        client.get("/account/")


# A partner's page -----------------------------------------------------------------------------


def test_what_waits_stands_beside_what_is_live(client, baker, lead, pledge):
    pledge_actions.change_pledge(pledge=pledge, values={"statement": "We will hire four."}, actor=lead)
    partner_actions.propose_profile_change(partner=baker, values={"description": "We bake rye."}, actor=lead)
    pledges = text(client.get(reverse("account-pledges", args=[baker.slug])))
    for words in ("We will hire two apprentices.", "We will hire four."):
        assert words in pledges
    assert "We bake rye." in text(client.get(reverse("account-profile", args=[baker.slug])))
    overview = text(client.get(reverse("account-partner", args=[baker.slug])))
    assert "Public: your page with 1 pledge." in overview
    assert "Waits for our decision: 1 pledge, 1 change to your profile." in overview


def test_declined_partner_reads_why_and_has_nothing_to_change(client, lead):
    partner = PartnerFactory(declined=True, lead=lead)
    address = reverse("account-partner", args=[partner.slug])
    page = text(client.get(address))
    assert "The Charter is for people who work in Oxfordshire." in page
    assert "Add a pledge" not in page
    day = date_format(timezone.localdate(partner.decided_at) + timezone.timedelta(days=91))
    assert f"On {day} we delete what you sent us." in page
    response = client.get(reverse("account-profile", args=[partner.slug]), follow=True)
    assert response.redirect_chain == [(address, 302)]
    assert "There is nothing to change here any more." in text(response)


# The profile ----------------------------------------------------------------------------------


def test_profile_of_approved_partner_is_staged(client, baker):
    food = SectorFactory(slug="food")
    address = reverse("account-profile", args=[baker.slug])
    response = client.post(
        address, profile_of(baker, description="We bake rye.", sector=food.slug, website="baker.example"), follow=True
    )
    assert "What is public stays as it is until we have looked at it." in text(response)
    assert ProfileChange.objects.get().values == {
        "description": "We bake rye.",
        "sector": "food",
        "website": "https://baker.example",
    }
    baker.refresh_from_db()
    assert baker.description == "We bake."
    # The form opens on what was proposed.
    assert "We bake rye." in client.get(address).content.decode()


def test_answer_is_written_sent_in_again_and_explained_in_one_go(client, lead, oxford):
    partner = PartnerFactory(changes_asked=True, lead=lead, districts=[oxford], name="New Firm")
    address = reverse("account-profile", args=[partner.slug])
    page = client.get(address)
    assert "Say more about what you do." in text(page)
    assert "Save and send in again" in text(page)
    client.post(address, profile_of(partner, description="We repair bikes.", message="Is that enough?"))
    partner.refresh_from_db()
    assert (partner.state, partner.description) == (State.SUBMITTED, "We repair bikes.")
    assert AuditEvent.objects.get(verb="partner.submit").note == "Is that enough?"


def test_errors_are_said_and_what_was_typed_is_kept(client, baker):
    response = client.post(
        reverse("account-profile", args=[baker.slug]),
        profile_of(baker, name="", districts=[], website="not a site", description="Typed words."),
    )
    assert title(response).startswith("Error: ")
    page = response.content.decode()
    assert 'href="#id_name"' in page
    assert "Choose where you work: at least one district, or the whole county." in page
    assert "Typed words." in page
    assert not ProfileChange.objects.exists()


def test_name_of_another_organisation_is_refused(client, baker):
    PartnerFactory(approved=True, name="The Mill")
    response = client.post(reverse("account-profile", args=[baker.slug]), profile_of(baker, name="Mill"))
    assert "An organisation of this name has signed already." in text(response)


def test_two_who_edit_at_once_lose_no_words(client, client_of, baker):
    member = MembershipFactory(partner=baker, role="member").user
    address = reverse("account-profile", args=[baker.slug])
    mine = profile_of(baker, description="My words.")
    client_of(member).post(address, profile_of(baker, description="Their words."))
    response = client.post(address, mine)
    page = response.content.decode()
    assert "Somebody else changed this profile while you were writing." in page
    assert "Their words." in page
    assert "My words." in page
    assert ProfileChange.objects.get().values == {"description": "Their words."}
    seen = re.search(r'name="seen" value="(\w+)"', page).group(1)
    client.post(address, mine | {"seen": seen})
    assert ProfileChange.objects.get().values == {"description": "My words."}


def test_county_wide_takes_the_place_of_districts(client, baker):
    client.post(reverse("account-profile", args=[baker.slug]), profile_of(baker, county_wide="on"))
    assert ProfileChange.objects.get().values == {"county_wide": True, "districts": []}


def test_resident_hides_their_name_at_once(client, lead, oxford):
    resident = ResidentFactory(approved=True, lead=lead, show_name=True, name="Ana Silva", districts=[oxford])
    shown = profile_of(resident, district="oxford")
    del shown["show_name"]
    response = client.post(reverse("account-profile", args=[resident.slug]), shown, follow=True)
    assert "That is saved." in text(response)
    resident.refresh_from_db()
    assert str(resident.public_name) == "A resident of Oxford"
    assert client.get(reverse("account-contact", args=[resident.slug])).status_code == 404


# Contact --------------------------------------------------------------------------------------


def test_contact_settings_are_saved(client, baker):
    address = reverse("account-contact", args=[baker.slug])
    client.post(address, contact_data(baker, purposes=["buy", "pledge"], review_months="6", paused="on"))
    baker.refresh_from_db()
    assert (baker.contact_purposes, baker.review_months) == (["buy", "pledge"], 6)
    assert baker.contact_paused_at
    assert "Paused since" in text(client.get(reverse("account-partner", args=[baker.slug])))


def test_contact_settings_are_checked(client, baker):
    response = client.post(reverse("account-contact", args=[baker.slug]), {"purposes": ["spam"], "review_months": "1"})
    assert title(response).startswith("Error: ")


def test_two_who_change_contact_settings_at_once_lose_nothing(client, client_of, baker):
    member = MembershipFactory(partner=baker, role="member").user
    address = reverse("account-contact", args=[baker.slug])
    mine = contact_data(baker, purposes=["buy"])
    client_of(member).post(address, contact_data(baker, purposes=["work"], paused="on", review_months="6"))
    response = client.post(address, mine)
    page = text(response)
    assert title(response).startswith("Error: ")
    assert "Somebody else changed these settings while you were writing." in page
    assert "What may people write to you about? Work with us" in page
    assert "Pause: nobody can write to us for now Yes" in page
    baker.refresh_from_db()
    assert (baker.contact_purposes, baker.review_months) == (["work"], 6)
    seen = re.search(r'name="seen" value="(\w+)"', response.content.decode()).group(1)
    client.post(address, mine | {"seen": seen})
    baker.refresh_from_db()
    assert (baker.contact_purposes, baker.contact_paused_at, baker.review_months) == (["buy"], None, 12)


def test_contact_settings_that_two_save_alike_are_no_conflict(client, baker):
    address = reverse("account-contact", args=[baker.slug])
    data = contact_data(baker, purposes=["buy"])
    for _n in range(2):  # a double click
        assert client.post(address, data).url == address


# Pledges --------------------------------------------------------------------------------------


def test_pledge_is_added_in_own_words(client, baker):
    area = PriorityAreaFactory()
    response = client.post(
        reverse("account-pledge-add", args=[baker.slug]),
        {
            "area": area.pk,
            "capacity": "employer",
            "statement": "We will pay the living wage.",
            "measure": "People paid it",
            "unit": "people",
            "baseline": "1,000",
            "target": "1 200.50",
            "target_date": "2050-03-31",
        },
        follow=True,
    )
    assert "We will pay the living wage." in text(response)
    pledge = Pledge.objects.get()
    assert (pledge.state, pledge.baseline, str(pledge.target)) == (State.SUBMITTED, 1000, "1200.50")


def test_idea_is_filled_in_and_remembered(client, baker):
    idea = PledgeIdeaFactory(statement="We will take up an idea.")
    address = reverse("account-pledge-add", args=[baker.slug]) + f"?idea={idea.pk}"
    assert "We will take up an idea." in client.get(address).content.decode()
    client.post(address, {"area": idea.area_id, "capacity": "employer", "statement": "We will take it up, too."})
    assert Pledge.objects.get().idea == idea


@pytest.mark.parametrize("query", ["?idea=99999999", "?idea=x", "?idea=²", "?area=none", "?idea=999999999999999999999"])
def test_unknown_idea_or_area_is_left_out(client, baker, query):
    assert client.get(reverse("account-pledge-add", args=[baker.slug]) + query).status_code == 200


def test_change_to_a_live_pledge_waits(client, baker, pledge):
    address = reverse("account-pledge", args=[baker.slug, pledge.pk])
    client.post(address, pledge_data(pledge, statement="We will hire four.", message="We grew."))
    change = Pledge.objects.get(replaces=pledge)
    pledge.refresh_from_db()
    assert (pledge.statement, change.statement) == ("We will hire two apprentices.", "We will hire four.")
    # There is one change at a time: the address leads to it.
    assert client.get(address).url == reverse("account-pledge", args=[baker.slug, change.pk])


def test_pledge_with_changes_asked_is_answered(client, baker):
    pledge = PledgeFactory(changes_asked=True, partner=baker, decision_message="How many?")
    address = reverse("account-pledge", args=[baker.slug, pledge.pk])
    assert "How many?" in text(client.get(address))
    client.post(address, pledge_data(pledge, statement="We will hire four."))
    pledge.refresh_from_db()
    assert (pledge.state, pledge.statement) == (State.SUBMITTED, "We will hire four.")


def test_two_who_edit_one_pledge_lose_no_words(client, baker, lead):
    pledge = PledgeFactory(submitted=True, partner=baker)
    mine = pledge_data(pledge, statement="My words.")
    pledge_actions.change_pledge(pledge=pledge, values={"statement": "Their words."}, actor=UserFactory())
    response = client.post(reverse("account-pledge", args=[baker.slug, pledge.pk]), mine)
    assert "Somebody else changed this pledge" in text(response)
    assert "Their words." in text(response)
    assert "My words." in response.content.decode()
    pledge.refresh_from_db()
    assert pledge.statement == "Their words."


def test_unchanged_live_pledge_is_not_sent(client, baker, pledge):
    response = client.post(reverse("account-pledge", args=[baker.slug, pledge.pk]), pledge_data(pledge))
    assert "Nothing is different yet." in text(response)


def test_pledge_is_stopped_with_a_reason(client, baker, pledge):
    address = reverse("account-pledge-stop", args=[baker.slug, pledge.pk])
    response = client.post(address, {"reason": ""})
    assert "Write why you stop this pledge." in text(response)
    response = client.post(address, {"reason": "We closed\r\nthe shop."}, follow=True)
    pledge.refresh_from_db()
    assert pledge.ending_reason == "We closed the shop."
    # A second tab, or a double click.
    response = client.post(address, {"reason": "Again."}, follow=True)
    assert "This pledge ended on" in text(response)
    assert client.get(address).url == reverse("account-pledges", args=[baker.slug])


def test_pledge_that_waits_is_taken_back_without_a_reason(client, baker):
    pledge = PledgeFactory(submitted=True, partner=baker)
    client.post(reverse("account-pledge-stop", args=[baker.slug, pledge.pk]))
    pledge.refresh_from_db()
    assert pledge.ending == "withdrawn"


def test_declined_pledge_is_shown_with_its_words(client, baker):
    pledge = PledgeFactory(declined=True, partner=baker, decision_message="This is the law already.")
    assert "This is the law already." in text(client.get(reverse("account-pledges", args=[baker.slug])))
    assert client.get(reverse("account-pledge", args=[baker.slug, pledge.pk])).status_code == 302


# People, decisions, leaving -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "state", "letter"), [("accept", "accepted", "joined"), ("refuse", "refused", "request")]
)
def test_lead_answers_a_request(client, baker, mailbox, answer, state, letter):
    asked = JoinRequestFactory(partner=baker, user=UserFactory(name="Asa Asker", email="asa@example.org"))
    address = reverse("account-join-request", args=[baker.slug, asked.pk])
    page = text(client.get(address))
    assert "Asa Asker" in page
    assert "asa@example.org" in page
    client.post(address, {"answer": answer})
    asked.refresh_from_db()
    assert asked.state == state
    assert letter in mailbox()[0].subject
    assert "This was answered on" in text(client.post(address, {"answer": answer}, follow=True))
    assert "This was answered on" in text(client.get(address))


def test_answer_that_is_neither_is_asked_again(client, baker):
    asked = JoinRequestFactory(partner=baker)
    client.post(reverse("account-join-request", args=[baker.slug, asked.pk]), {"answer": "perhaps"})
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_own_decision_is_linked(client, baker):
    signature = SignatureFactory(partner=baker, awaits_approval_of="Cabinet")
    assert "Say where your own decision can be read" in text(client.get("/account/"))
    address = reverse("account-own-approval", args=[baker.slug, signature.pk])
    assert title(client.post(address, {"url": "javascript:alert(1)"})).startswith("Error: ")
    client.post(address, {"url": "council.example/minutes"})
    signature.refresh_from_db()
    assert signature.approval_url == "https://council.example/minutes"


def test_two_who_link_their_own_decision_at_once_lose_nothing(client, baker):
    signature = SignatureFactory(partner=baker, awaits_approval_of="Cabinet")
    address = reverse("account-own-approval", args=[baker.slug, signature.pk])
    mine = {"url": "https://council.example/mine", "seen": ""}
    client.post(address, {"url": "https://council.example/theirs", "seen": ""})
    response = client.post(address, mine)
    assert "Somebody else gave an address while you were writing." in text(response)
    assert "https://council.example/theirs" in text(response)
    signature.refresh_from_db()
    assert signature.approval_url == "https://council.example/theirs"
    client.post(address, mine | {"seen": "https://council.example/theirs"})
    signature.refresh_from_db()
    assert signature.approval_url == "https://council.example/mine"


def test_lead_withdraws_after_reading_what_happens(client, baker, pledge):
    address = reverse("account-withdraw", args=[baker.slug])
    assert "Your pledges stop." in text(client.get(address))
    response = client.post(address, follow=True)
    assert "You have left the Charter." in text(response)
    baker.refresh_from_db()
    pledge.refresh_from_db()
    assert baker.withdrawn_at
    assert pledge.ending == "stopped"
    response = client.post(address, follow=True)
    assert "There is nothing to change here any more." in text(response)
    day = date_format(timezone.localdate() + timezone.timedelta(days=31))  # the clock's first day
    assert f"On {day} we delete who to write to" in text(response)
    assert text(response).count("Withdrawn on") == 1
    assert "Public: your page, which says that you have left." in text(response)
    letter = OutgoingEmail.objects.get(template="partner_withdrawn")
    assert f"- on {day} we delete who to write to: names, e-mail addresses and job titles\n" in letter.text


def test_withdrawal_ends_what_the_manager_could_decide(client, baker, manager):
    waiting = PledgeFactory(submitted=True, partner=baker)
    client.post(reverse("account-withdraw", args=[baker.slug]))
    waiting = Pledge.objects.get(pk=waiting.pk)
    with pytest.raises(Exception, match="withdrawn on"):
        move(waiting, Move.APPROVE, actor=manager)
