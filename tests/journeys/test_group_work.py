"""A group's work in a real browser: an action is agreed, the owner reminded of it, and closes it from the mail."""

import datetime
import re

import pytest
from django.core.cache import cache
from django.utils import timezone

from oiep.models import OutgoingEmail
from tests.axe import faults
from tests.factories import GroupFactory, GroupMemberFactory, ProgressUpdateFactory, UserFactory
from working_groups.actions import daily
from working_groups.models import Action

pytestmark = pytest.mark.django_db(transaction=True)


def button(page, name):
    return page.locator("main").get_by_role("button", name=name, exact=True)


def test_action_is_agreed_chased_and_done(open_page, sign_in):
    cache.clear()
    chair, member = UserFactory(name="Cher Chair"), UserFactory(email="member@example.org", name="Mem Ber")
    group = GroupFactory(slug="jobs", name="Jobs for all", chair=chair)
    GroupMemberFactory(group=group, user=member)
    ProgressUpdateFactory(group=group)
    due = timezone.localdate() + datetime.timedelta(days=30)

    page = open_page(width=320)
    sign_in(page, chair)
    page.goto("/working-groups/jobs/room/")
    assert faults(page) == []
    page.get_by_role("link", name="Add an action").click()
    with page.expect_navigation():
        button(page, "Add it").click()
    assert page.title().startswith("Error: Add an action")
    assert faults(page) == []
    page.get_by_label("What will be done?").fill("Write to all colleges.")
    page.get_by_label("Who does it?").select_option(label="Mem Ber")
    page.get_by_label("By when?").fill(due.isoformat())
    button(page, "Add it").click()
    page.wait_for_url(re.compile(r"/actions/\d+/$"))
    page.get_by_role("link", name="Members").click()
    assert faults(page) == []
    page.goto("/working-groups/jobs/about/")
    assert faults(page) == []

    daily.run_day(due + datetime.timedelta(days=7))
    mail = OutgoingEmail.objects.get(template="action_overdue")
    assert mail.to == "member@example.org"
    address = re.search(r"https?://[^/]+(/\S+)", mail.text)[1]
    theirs = open_page(width=320)
    sign_in(theirs, member)
    theirs.goto(address)
    assert faults(theirs) == []
    theirs.get_by_label("Achieved").check()
    theirs.get_by_label("What happened?").fill("All have answered.")
    button(theirs, "Save").click()
    theirs.wait_for_load_state()
    assert "Achieved" in theirs.locator("main").inner_text()
    assert Action.objects.get().closed_on == timezone.localdate()
    mail.refresh_from_db()
    assert mail.state == "not_sent"
