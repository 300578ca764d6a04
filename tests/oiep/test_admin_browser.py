"""Admin in a real browser: a manager's morning, the content security policy, axe-core, and a narrow screen."""

import pytest
from django.apps import apps
from django.urls import reverse

from oiep.moderation import Move, State
from partners.models import Partner
from pledges.actions.moderation import Decision, decide
from pledges.models import CharterVersion, Pledge
from tests.axe import faults
from tests.factories import (
    BlockedSenderFactory,
    CharterVersionFactory,
    ContactMessageFactory,
    DeclineReasonFactory,
    DistrictFactory,
    GroupFactory,
    GroupMemberFactory,
    ManagerFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PartnerInvitationFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    ProfileChangeFactory,
    ResidentFactory,
    SectorFactory,
    SignatureFactory,
    SigningFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager(transactional_db):
    return ManagerFactory(name="Mary Manager")


@pytest.fixture
def partner(transactional_db):
    partner = PartnerFactory(
        submitted=True, name="Isis Bakery", website="https://isis.example", description="We bake.",
        districts=[DistrictFactory(name="Oxford")], lead=UserFactory(name="Ada", email="ada@isis.example"),
    )  # fmt: skip
    SignatureFactory(partner=partner, signer=partner.lead.user, awaits_approval_of="the board")
    PledgeFactory.create_batch(3, submitted=True, partner=partner, measured=True)
    return partner


@pytest.fixture
def everything(partner, manager):
    """Rows for every page, among them a changed profile and a changed pledge that wait."""
    standing = PartnerFactory(submitted=True, name="Isis Bakers", lead=True)
    SignatureFactory(partner=standing, charter=CharterVersion.objects.get())
    decide(decisions=[Decision(standing, Move.APPROVE)], actor=manager)
    old = PledgeFactory(approved=True, partner=standing)
    PledgeFactory(submitted=True, partner=standing, replaces=old)
    ProfileChangeFactory(submitted=True, partner=standing)
    refused = PledgeFactory(submitted=True, partner=standing)
    decide(decisions=[Decision(refused, Move.DECLINE, "Say more.")], actor=manager)
    PartnerInvitationFactory(partner=partner, role="lead")
    ResidentFactory(submitted=True, lead=True)
    for make in (
        BlockedSenderFactory,
        ContactMessageFactory,
        DeclineReasonFactory,
        SectorFactory,
        PledgeIdeaFactory,
        SigningFactory,
    ):
        make()
    SectorFactory(retired=True)
    CharterVersionFactory(published_on=None)
    OutgoingEmailFactory(failed=True)
    GroupMemberFactory(group__parent=GroupFactory(name="Steering Group"), shown=True)
    return standing


LISTS = [
    "oiep_auditevent",
    "oiep_outgoingemail",
    "oiep_user",
    "partners_blockedsender",
    "partners_contactmessage",
    "partners_declinereason",
    "partners_district",
    "partners_partner",
    "partners_priorityarea",
    "partners_sector",
    "pledges_charterversion",
    "pledges_pledge",
    "pledges_pledgeidea",
    "pledges_signature",
    "pledges_signing",
    "working_groups_group",
    "working_groups_groupmember",
]
ADDED = ["declinereason", "district", "priorityarea", "sector"]


def addresses(partner, standing):
    yield "/admin/"
    yield "/admin/pledges/"
    for query in ("", "?show=decided", "?q=nothing", "?urgency=red"):
        yield f"/admin/pledges/case/{query}"
    for case in (partner, standing):
        yield f"/admin/pledges/case/{case.pk}/change/"
    yield f"/admin/pledges/case/{partner.pk}/lead/"
    yield f"/admin/pledges/case/{partner.pk}/withdraw/"
    yield reverse("admin:partners_partner_history", args=[standing.pk])
    for name in LISTS:
        yield reverse(f"admin:{name}_changelist")
        row = apps.get_model(*name.rsplit("_", 1))._default_manager.first()
        yield reverse(f"admin:{name}_change", args=[row.pk])
    for name in ADDED:
        yield reverse(f"admin:partners_{name}_add")
    yield reverse("admin:pledges_pledgeidea_add")
    yield reverse("admin:working_groups_group_add")
    yield reverse("admin:working_groups_groupmember_add")
    yield reverse("admin:pledges_charterversion_add")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_axe_finds_nothing_and_pages_fit(open_page, sign_in, everything, partner, manager, width, scheme):
    page = open_page(width=width, color_scheme=scheme, bypass_csp=True)  # axe itself needs inline styles
    sign_in(page, manager)
    found = []
    pages = list(addresses(partner, everything))
    assert len(pages) > 40
    for address in pages:
        assert page.goto(address).status == 200, address
        found += [(page.url, fault) for fault in faults(page)]

    page.goto("/admin/pledges/case/")
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="Decline…").click()
    found += [(page.url, fault) for fault in faults(page)]
    page.get_by_role("button", name="Show what will happen").click()
    found += [(page.url, fault) for fault in faults(page)]  # with an error
    page.get_by_label("Message to the partner").fill("It is not in the county.")
    page.get_by_role("button", name="Show what will happen").click()
    page.locator("summary").first.click()
    found += [(page.url, fault) for fault in faults(page)]  # with the preview
    page.get_by_role("button", name="Confirm for 1 partner").click()
    found += [(page.url, fault) for fault in faults(page)]
    assert found == []


def test_pages_keep_to_the_content_security_policy(page, sign_in, everything, partner, manager):
    """`open_page` fails the test when the browser refuses anything, or a script fails."""
    sign_in(page, manager)
    for address in addresses(partner, everything):
        response = page.goto(address)
        assert response.status == 200
        assert "unsafe" not in response.headers["content-security-policy"]


def test_manager_works_through_the_queue(open_page, sign_in, partner, manager):
    for n in range(2):
        PartnerFactory(submitted=True, name=f"Later {n}", lead=True)
    page = open_page(width=320)
    sign_in(page, manager)
    page.goto("/admin/")
    page.get_by_role("link", name="Start with the oldest").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Isis Bakery"
    page.get_by_role("button", name="Approve everything that waits (4)").click()
    page.get_by_text("Nothing of it waits for your decision.").wait_for()
    page.get_by_role("link", name="Next: Later 0").click()
    group = page.get_by_role("group", name="Decision on: The signature")
    group.get_by_label("Ask for changes").check()
    page.get_by_text("Message to the partner").first.click()
    page.get_by_label("Message to the partner").fill("Say what you do.")
    page.get_by_role("button", name="Send these decisions").click()
    page.get_by_text("The signature: changes asked for.").wait_for()
    assert dict(Partner.objects.values_list("name", "state")) == {
        "Isis Bakery": State.APPROVED,
        "Later 0": State.CHANGES_ASKED,
        "Later 1": State.SUBMITTED,
    }
    assert Pledge.objects.live().count() == 3


def test_manager_ticks_all_and_undoes_it(page, sign_in, partner, manager):
    sign_in(page, manager)
    page.goto("/admin/pledges/case/")
    page.get_by_label("Select all objects on this page for an action").check()
    page.get_by_text("1 of 1 selected").wait_for()
    page.get_by_role("button", name="Approve…").click()
    page.get_by_role("button", name="Confirm for 1 partner").click()
    page.get_by_role("button", name="Undo these decisions…").click()
    page.get_by_role("button", name="Confirm for 1 partner").click()
    page.get_by_role("heading", name="done for 1 partner").wait_for()
    assert Partner.objects.get().state == State.SUBMITTED


def test_long_work_goes_on_by_itself(page, sign_in, partner, manager, monkeypatch):
    monkeypatch.setattr("pledges.admin.bulk.SECONDS", 0)
    for n in range(3):
        PartnerFactory(submitted=True, name=f"Firm {n}", lead=True)
    sign_in(page, manager)
    page.goto("/admin/pledges/case/")
    page.get_by_label("Select all objects on this page for an action").check()
    page.get_by_role("button", name="Approve…").click()
    page.get_by_role("button", name="Confirm for 4 partners").click()
    page.get_by_role("heading", name="done for 4 partners").wait_for()
    assert Partner.objects.listed().count() == 4


def test_without_javascript_and_by_keyboard(open_page, sign_in, partner, manager):
    page = open_page(java_script_enabled=False)
    sign_in(page, manager)
    page.goto(f"/admin/pledges/case/{partner.pk}/change/")
    page.get_by_role("group", name="Decision on: The signature").get_by_label("Decline").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # opens the box for the words
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("It is not in the county.")
    page.get_by_role("button", name="Send these decisions").press("Enter")
    assert "The signature: declined." in page.content()
    assert Partner.objects.get().decision_message == "It is not in the county."
    assert set(Pledge.objects.values_list("state", flat=True)) == {State.DECLINED}
