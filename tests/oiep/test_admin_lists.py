"""What the manager edits in admin: reference data, the Charter's versions, and the words of a partner's profile."""

import datetime

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from oiep import audit
from oiep.models import OutgoingEmail
from partners.admin import PartnerForm
from partners.models import DeclineReason, District, Partner, PriorityArea, Sector
from pledges.models import CharterVersion, PledgeIdea, Signature, Signing
from tests.factories import (
    CharterVersionFactory,
    DeclineReasonFactory,
    DistrictFactory,
    PartnerFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    ResidentFactory,
    SectorFactory,
    SignatureFactory,
    SigningFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, manager):
    return client_of(manager)


def change(obj):
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])


def act(client, model, action, *rows):
    meta = model._meta
    page = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return client.post(
        page, {"action": action, "index": "0", "_selected_action": [row.pk for row in rows]}, follow=True
    )


# Reference data -------------------------------------------------------------------------------


AREA = {
    "name": "Looking after the land",
    "short_name": "Land",
    "slug": "land",
    "summary": "Soil and water.",
    "meaning": "Land **matters**.",
    "colour": "moss",
    "icon": "home",
    "order": "9",
}


def test_a_ninth_area_can_be_added(client, manager):
    PriorityAreaFactory.create_batch(8)
    assert client.post(reverse("admin:partners_priorityarea_add"), AREA).status_code == 302
    area = PriorityArea.objects.get(slug="land")
    assert PriorityArea.objects.current().count() == 9
    assert [(event.verb, event.actor) for event in audit.trail(area)] == [("priorityarea.added", manager)]


def test_an_address_is_a_promise_and_stays(client):
    area = PriorityAreaFactory(slug="housing")
    client.post(change(area), {**AREA, "slug": "homes"})
    area.refresh_from_db()
    assert (area.slug, area.short_name) == ("housing", "Land")
    assert audit.trail(area).get().data == {"fields": ["colour", "meaning", "name", "order", "short_name", "summary"]}


def test_an_idea_can_be_added_for_some_kinds_of_partner(client):
    area = PriorityAreaFactory()
    idea = {
        "title": "Buy nearby", "area": area.pk, "capacity": "buyer", "kinds": ["business", "education"],
        "statement": "We will buy nearby.", "why": "It helps.", "first_steps": "Ask.\nBuy.", "measure": "Spend",
        "unit": "£", "order": "1",
    }  # fmt: skip
    assert client.post(reverse("admin:pledges_pledgeidea_add"), idea).status_code == 302
    assert PledgeIdea.objects.current().for_kind("education").get().kinds == ["business", "education"]
    answer = client.post(reverse("admin:pledges_pledgeidea_add"), {**idea, "title": "Other", "kinds": []})
    assert "This field is required." in answer.text


@pytest.mark.parametrize(
    ("make", "model"),
    [
        (DistrictFactory, District),
        (PriorityAreaFactory, PriorityArea),
        (SectorFactory, Sector),
        (DeclineReasonFactory, DeclineReason),
        (PledgeIdeaFactory, PledgeIdea),
    ],
)
def test_entries_are_retired_and_brought_back_and_put_in_order(client, manager, make, model):
    first, second = make(order=1), make(order=2)
    answer = act(client, model, "retire", first)
    assert "1 entry changed." in answer.text
    assert "retired on" in answer.text
    assert list(model.objects.current()) == [second]
    assert "0 entries changed." in act(client, model, "retire", first).text
    assert len(audit.trail(first)) == 1
    act(client, model, "bring_back", first, second)
    assert [event.verb.partition(".")[2] for event in audit.trail(first)] == ["brought_back", "retired"]
    assert len(audit.trail(second)) == 0

    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    client.post(
        page,
        {
            "form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "form-MIN_NUM_FORMS": "0", "form-MAX_NUM_FORMS": "1000",
            "form-0-id": first.pk, "form-0-order": "8", "form-1-id": second.pk, "form-1-order": "3", "_save": "Save",
        },
    )  # fmt: skip
    assert list(model.objects.all()) == [second, first] or model is PledgeIdea
    first.refresh_from_db()
    assert first.order == 8
    assert audit.trail(first).first().data == {"fields": ["order"]}


def test_entry_in_use_can_be_retired_and_what_names_it_stays(client):
    district = DistrictFactory(name="Cherwell")
    partner = PartnerFactory(approved=True, districts=[district])
    act(client, District, "retire", district)
    assert list(partner.districts.all()) == [district]


# The Charter ----------------------------------------------------------------------------------


def words(**other):
    return {
        "number": "2", "title": "The Charter", "summary": "In short.", "purpose": "To share.", "vision": "All thrive.",
        "commitment": "We act.", "published_on": "", "again": "nobody", "again_until": "", **other,
    }  # fmt: skip


def test_published_version_keeps_its_words(client):
    version = CharterVersionFactory(number=1, purpose="To share.")
    page = client.get(change(version)).text
    assert "This version is published" in page
    assert 'name="_save"' not in page
    client.post(change(version), words(number="1", purpose="To keep.", published_on=""))
    version.refresh_from_db()
    assert (version.purpose, version.published_on) == ("To share.", datetime.date(2022, 6, 1))
    assert not audit.trail(version).exists()


def test_new_version_begins_with_the_words_of_the_newest_and_can_be_edited_until_it_is_published(client):
    CharterVersionFactory(number=1, purpose="To share what we make.")
    page = client.get(reverse("admin:pledges_charterversion_add")).text
    assert "To share what we make." in page
    assert 'value="2"' in page
    client.post(reverse("admin:pledges_charterversion_add"), words())
    version = CharterVersion.objects.get(number=2)
    day = timezone.localdate() + datetime.timedelta(days=1)
    client.post(change(version), words(purpose="To share more.", published_on=day.isoformat()))
    version.refresh_from_db()
    assert (version.purpose, version.published_on) == ("To share more.", day)
    assert CharterVersion.objects.current().number == 1
    with time_machine.travel(timezone.now() + datetime.timedelta(days=1)):
        client.post(change(version), words(purpose="To keep."))
        assert CharterVersion.objects.current().purpose == "To share more."


def test_the_first_version_has_number_1(client):
    assert 'value="1"' in client.get(reverse("admin:pledges_charterversion_add")).text


# Partners -------------------------------------------------------------------------------------


def profile(partner, **other):
    values = {
        "name": partner.name, "description": partner.description, "review_months": partner.review_months,
        "districts": [district.pk for district in partner.districts.all()],
        "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0",
    }  # fmt: skip
    if not partner.is_resident:
        values |= {"kind": partner.kind, "size": partner.size, "website": partner.website, "sector": ""}
    return {**values, **other}


def test_profile_is_corrected_and_the_trail_says_what(client, manager):
    district = DistrictFactory()
    partner = PartnerFactory(approved=True, name="Isis Bakry", lead=True)
    answer = client.post(
        change(partner),
        profile(partner, name="Isis Bakery", districts=[district.pk], contact_purposes=["buy"], is_cooperative="on"),
    )
    assert answer.status_code == 302
    partner = Partner.objects.matching("bakery").get()
    assert (partner.name, partner.slug, partner.contact_purposes) == ("Isis Bakery", "isis-bakry", ["buy"])
    assert list(partner.districts.all()) == [district]
    event = audit.trail(partner).get()
    assert (event.verb, event.actor) == ("partner.changed", manager)
    assert event.data == {"fields": ["contact_purposes", "districts", "is_cooperative", "name"]}


def test_state_and_stamps_cannot_be_written(client):
    partner = PartnerFactory(submitted=True)
    client.post(
        change(partner),
        profile(
            partner, state="approved", approved_at_0="2026-01-01", withdrawn_at="2026-01-01", slug="x", is_example="on"
        ),
    )
    after = Partner.objects.get()
    assert (after.state, after.approved_at, after.withdrawn_at, after.slug) == ("submitted", None, None, partner.slug)
    assert not after.is_example


def test_correcting_a_profile_does_not_overwrite_what_happens_meanwhile(client, manager, monkeypatch):
    """Between the reading and the writing of a form somebody withdraws the partner."""
    partner = PartnerFactory(approved=True, lead=True)
    clean = PartnerForm.clean_name

    def withdraw_meanwhile(form):
        Partner.objects.filter(pk=partner.pk).update(withdrawn_at=timezone.now(), withdrawn_by=manager)
        return clean(form)

    monkeypatch.setattr(PartnerForm, "clean_name", withdraw_meanwhile)
    client.post(change(partner), profile(partner, description="We bake."))
    partner.refresh_from_db()
    assert partner.withdrawn_at
    assert partner.description == "We bake."


def test_name_of_another_organisation_is_refused(client):
    PartnerFactory(approved=True, name="Isis Bakery")
    partner = PartnerFactory(approved=True, name="Cherwell Bakery")
    answer = client.post(change(partner), profile(partner, name="The ISIS bakery Ltd."))
    assert "An organisation of this name has signed already." in answer.text
    partner.refresh_from_db()
    assert partner.name == "Cherwell Bakery"


def test_resident_has_no_kind_size_or_website_to_edit(client):
    resident = ResidentFactory(approved=True, name="Ada")
    page = client.get(change(resident)).text
    assert 'name="kind"' not in page
    assert 'name="size"' not in page
    assert client.post(change(resident), profile(resident, name="Ada L.", show_name="on")).status_code == 302
    assert str(Partner.objects.get()) == "Ada L."


def test_organisation_cannot_become_a_resident(client):
    partner = PartnerFactory(approved=True)
    assert "Select a valid choice" in client.post(change(partner), profile(partner, kind="resident")).text


@pytest.mark.parametrize("bad", ["Bad\x0bname", "Left\u202eright", "\u200b\u2060"])
def test_text_that_does_not_belong_in_a_line_is_refused(client, bad):
    partner = PartnerFactory(approved=True, name="Isis Bakery")
    assert client.post(change(partner), profile(partner, name=bad)).status_code == 200
    partner.refresh_from_db()
    assert partner.name == "Isis Bakery"


# Signatures and signings ----------------------------------------------------------------------


def test_decision_of_an_organisations_own_board_is_added(client):
    signature = SignatureFactory(awaits_approval_of="the cabinet")
    page = {"awaits_approval_of": "the cabinet", "approval_url": "https://example.org/minutes"}
    assert client.post(change(signature), page).status_code == 302
    assert not Signature.objects.get().still_awaits_approval
    assert audit.trail(signature).get().data == {"fields": ["approval_url"]}
    assert "Enter a valid URL" in client.post(change(signature), {**page, "approval_url": "javascript:alert(1)"}).text


def test_signing_shows_how_far_it_is_and_nothing_that_was_typed(client):
    signing = SigningFactory(declared=True, answers={"organisation": {"name": "Isis Bakery", "description": "Secret"}})
    page = client.get(change(signing)).text
    assert "waiting for the e-mail address to be confirmed" in page
    assert signing.reference in page
    assert "Isis Bakery" not in page
    assert "Secret" not in page


def test_link_to_confirm_is_sent_again_at_most_once_an_hour(client):
    declared = SigningFactory(
        declared=True,
        answers={"organisation": {"name": "Isis Bakery"}},
        mails=1,
        last_mailed_at=timezone.now() - datetime.timedelta(minutes=61),
    )
    unfinished = SigningFactory()
    answer = act(client, Signing, "send_link_again", declared, unfinished)
    assert "1 link is on its way." in answer.text
    assert "1 was left" in answer.text
    assert OutgoingEmail.objects.get().to == declared.email
    assert "1 was left" in act(client, Signing, "send_link_again", declared).text
    assert OutgoingEmail.objects.count() == 1
