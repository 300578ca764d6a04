"""The manager's morning in a real browser: 120 partners come over, and one district is written to."""

import pytest
from django.urls import reverse

from desk.actions import imports as actions
from desk.models import Import
from pledges.models import Signing
from tests.axe import faults
from tests.desk import lists
from tests.factories import (
    CharterVersionFactory,
    DistrictFactory,
    ManagerFactory,
    PartnerFactory,
    PriorityAreaFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_120_partners_come_over_and_one_district_is_written_to(open_page, sign_in, width, scheme):
    CharterVersionFactory()
    PriorityAreaFactory()
    oxford = DistrictFactory(name="Oxford")
    PartnerFactory(approved=True, name="Aspire Oxford", lead=UserFactory(email="aspire@a.example"), districts=[oxford])
    manager = ManagerFactory()
    page = open_page(width=width, color_scheme=scheme, bypass_csp=True)  # axe itself needs inline styles
    sign_in(page, manager)
    found = []

    def look():
        found.extend((page.url, fault) for fault in faults(page))

    def press(name):
        with page.expect_navigation():
            page.get_by_role("button", name=name).click()

    def choose(content):
        page.goto(reverse("admin:desk_import_add"))
        page.get_by_label("Partners and their people").check()
        file = {"name": "Our signatories.xlsx", "mimeType": "application/octet-stream", "buffer": content}
        page.get_by_label("File", exact=True).set_input_files(file)
        press("Show what it would do")

    page.goto(reverse("admin:desk_import_add"))
    look()
    rows = list(lists.partners(120))
    for n in range(10):
        rows[n * 7 + 1][4] = "nobody"
    choose(lists.workbook(rows, ("Org name here", *lists.HEADINGS[1:])))
    look()
    page.get_by_label("Org name here").select_option("organisation")
    press("Go on")
    assert page.get_by_role("heading", name="10 cells are wrong").is_visible()
    look()
    press("Choose another file")
    rows = list(lists.partners(120))
    rows[0][0] = "ASPIRE Oxfordshire CIC"
    choose(lists.workbook(rows, ("Org name here", *lists.HEADINGS[1:])))  # the heading is known by now
    page.get_by_label("Another one: bring it in").check()
    look()
    press("Keep these answers")
    look()
    press("Bring in 120 rows")
    page.get_by_text("120 rows are brought in.").wait_for()
    look()
    press("Send 120 e-mails")
    while actions.feed_confirmations():  # what the scheduler does
        pass
    page.goto(reverse("admin:desk_import_change", args=[Import.objects.get().pk]))
    page.get_by_text("120 written to, and have not confirmed yet").wait_for()
    assert Signing.objects.unconfirmed().count() == 120
    page.goto(reverse("admin:desk_import_changelist"))
    assert Import.objects.count() == 1
    look()

    page.goto(reverse("admin:desk_message_add"))
    press("Save, and show what will go")
    look()
    page.get_by_label("Subject").fill("Oxford meets")
    page.get_by_label("Message", exact=True).fill("We meet on 4 May.")
    page.get_by_label("Oxford", exact=True).check()
    press("Save, and show what will go")
    look()
    press("Send it to me first")
    press("Send it to 1 person")
    page.get_by_text("It is being sent.").wait_for()
    look()
    page.goto("/admin/")
    look()
    page.goto(reverse("account-news"))
    look()
    assert found == []
