"""A morning's queue of forty in a real browser: most are approved at once, some are asked, some declined."""

import pytest
from django.urls import reverse

from oiep.models import OutgoingEmail
from oiep.moderation import State
from partners.models import Partner
from tests.axe import faults
from tests.factories import DeclineReasonFactory, PartnerFactory, PledgeFactory, SignatureFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = [f"{word} {kind}" for word in ("Ash", "Beech", "Cedar", "Elder", "Fir", "Hazel", "Linden", "Maple")
         for kind in ("Bakery", "Builders", "Books", "Brewery", "Bikes")]  # fmt: skip


@pytest.fixture
def forty(transactional_db):
    for n, name in enumerate(NAMES):
        partner = PartnerFactory(submitted=True, name=name, lead=UserFactory(email=f"lead{n}@signed.example"))
        SignatureFactory(partner=partner, signer=partner.lead.user)
        PledgeFactory(submitted=True, partner=partner)


def tick(page, names):
    for name in names:
        page.get_by_role("row").filter(has_text=name).get_by_role("checkbox").check()


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def test_forty_are_decided_in_a_few_steps(open_page, sign_in, forty, manager):
    reason = DeclineReasonFactory(title="Not in Oxfordshire", message="The Charter is for Oxfordshire.")
    page = open_page(bypass_csp=True)  # axe itself needs inline styles
    sign_in(page, manager)
    page.goto("/admin/")
    assert page.get_by_text("40", exact=True).first.is_visible()
    queue = reverse("admin:pledges_case_changelist")

    page.goto(queue)
    tick(page, ("Ash Bakery", "Beech Books"))
    press(page, "Ask for changes…")
    page.get_by_role("textbox").fill("In which places do you work?")
    press(page, "Show")
    assert faults(page) == []
    press(page, "Confirm for 2 partners")

    page.goto(queue)
    tick(page, ("Fir Bikes", "Maple Brewery", "Cedar Builders"))
    press(page, "Decline…")
    page.get_by_role("combobox").select_option(label=reason.title)
    press(page, "Show")
    press(page, "Confirm for 3 partners")

    page.goto(queue)
    page.locator("#action-toggle").check()
    press(page, "Approve…")
    assert page.get_by_text("Nothing has happened yet.").is_visible()
    assert Partner.objects.approved().count() == 0
    press(page, "Confirm for 35 partners")
    assert faults(page) == []

    states = list(Partner.objects.values_list("state", flat=True))
    assert [states.count(s) for s in (State.APPROVED, State.CHANGES_ASKED, State.DECLINED)] == [35, 2, 3]
    assert OutgoingEmail.objects.filter(to__endswith="@signed.example").count() == 40
    page.goto(queue)
    assert page.get_by_role("row").filter(has_text="Ash").count() == 0
    visitor = open_page(width=320)
    visitor.goto("/partners/?words=Hazel")
    assert visitor.get_by_role("link", name="Hazel Bakery").is_visible()
