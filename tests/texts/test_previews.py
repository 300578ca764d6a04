"""What the manager writes is shown as readers will see it before it is saved."""

import pytest
from django.contrib import admin
from django.urls import reverse

from oiep.texts.earlier import EarlierTexts
from oiep.texts.models import Revision
from oiep.texts.previews import Previewed
from partners.models import DeclineReason, PriorityArea
from pledges.models import PledgeIdea
from tests.factories import CharterVersionFactory, DeclineReasonFactory, PriorityAreaFactory
from tests.html import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client_of, manager):
    return client_of(manager)


def values_of(page):
    return {field.name: field.value() for field in page.context["adminform"].form if field.value() is not None}


def test_a_text_is_shown_as_it_will_be_and_not_saved(browser):
    area = PriorityAreaFactory(meaning="As it was.")
    address = reverse("admin:partners_priorityarea_change", args=[area.pk])
    form = browser.get(address)
    assert '<button class="button" name="_preview" value="yes">Show how it will look</button>' in form.content.decode()
    values = values_of(form) | {"meaning": "Buy *near*.\n\n- One\n- Two"}
    page = browser.post(address, {**values, "_preview": "yes"})
    html = page.content.decode()
    assert page.status_code == 200
    assert "Nothing is saved yet" in Page(page).text
    assert "<em>near</em>" in html
    assert "<li>One</li>" in html
    assert "Buy *near*." in html  # what was typed stands in the field still
    assert Page(page).faults == []
    area.refresh_from_db()
    assert area.meaning == "As it was."
    assert not Revision.objects.exists()
    browser.post(address, {**values, "_save": "yes"})
    area.refresh_from_db()
    assert area.meaning.startswith("Buy *near*.")
    assert Revision.objects.count() == 2


def test_what_is_wrong_is_said_instead(browser):
    reason = DeclineReasonFactory()
    address = reverse("admin:partners_declinereason_change", args=[reason.pk])
    page = browser.post(address, {"title": "", "message": "No.", "order": "1", "_preview": "yes"})
    assert "Nothing is saved yet" not in Page(page).text
    assert page.context["errors"]


def test_what_is_new_can_be_looked_at_before_it_is_there(browser):
    page = browser.post(
        reverse("admin:partners_declinereason_add"),
        {"title": "Elsewhere", "message": "We work in <b>Oxfordshire</b>.", "order": "1", "_preview": "yes"},
    )
    assert "We work in &lt;b&gt;Oxfordshire&lt;/b&gt;." in page.content.decode()
    assert not DeclineReason.objects.filter(title="Elsewhere").exists()


def test_what_cannot_be_written_any_more_has_no_preview(browser):
    version = CharterVersionFactory()
    page = browser.get(reverse("admin:pledges_charterversion_change", args=[version.pk]))
    assert "_preview" not in page.content.decode()
    draft = CharterVersionFactory(published_on=None)
    page = browser.get(reverse("admin:pledges_charterversion_change", args=[draft.pk]))
    assert "_preview" in page.content.decode()


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_each_text_with_a_history_has_a_preview_of_fields_that_there_are(model):
    own = admin.site._registry[model]
    if not isinstance(own, EarlierTexts | Previewed):
        return
    assert own.looks
    for name in own.looks:
        model._meta.get_field(name)


def test_nobody_is_shown_a_preview_who_may_not_write(client_of):
    from tests.factories import UserFactory

    area = PriorityAreaFactory()
    client = client_of(UserFactory(is_staff=True))
    answer = client.post(reverse("admin:partners_priorityarea_change", args=[area.pk]), {"_preview": "yes"})
    assert answer.status_code == 403
    assert PriorityArea.objects.count() == 1
    assert not PledgeIdea.objects.exists()
