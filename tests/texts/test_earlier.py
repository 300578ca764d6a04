"""Texts of the manager's lists: each state is kept, and one can go back to it."""

import pytest

from oiep.models import AuditEvent
from oiep.texts.models import Revision
from tests.factories import DeclineReasonFactory, ManagerFactory, ResourceFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/partners/declinereason"


@pytest.fixture
def reason():
    return DeclineReasonFactory(title="Too far", message="You are not from here.")


def change(client, reason, **values):
    data = {"title": reason.title, "message": reason.message, "order": reason.order, **values}
    assert client.post(f"{LIST}/{reason.pk}/change/", data).status_code == 302
    reason.refresh_from_db()


def test_a_changed_text_is_kept_and_one_can_go_back(client_of, manager, reason):
    first, second = client_of(ManagerFactory(name="Ann First")), client_of(manager)
    change(first, reason, message="It is for people of Oxfordshire.")
    change(second, reason, message="Sorry.")
    page = second.get(f"{LIST}/{reason.pk}/history/").content.decode()
    for words in ("Ann First", "You are not from here.", "It is for people of Oxfordshire.", "as it is now"):
        assert words in page
    oldest = Revision.objects.of(reason).last()
    assert oldest.by is None
    second.post(f"{LIST}/{reason.pk}/go-back/{oldest.pk}/")
    reason.refresh_from_db()
    assert reason.message == "You are not from here."
    assert Revision.objects.of(reason).first().by == manager
    assert AuditEvent.objects.filter(verb="declinereason.went_back", actor=manager).count() == 1


def test_looking_changes_nothing_and_another_texts_state_is_not_taken(client_of, manager, reason):
    client, other = client_of(manager), DeclineReasonFactory(title="Other", message="Other.")
    change(client, reason, message="Sorry.")
    oldest = Revision.objects.of(reason).last()
    client.get(f"{LIST}/{reason.pk}/go-back/{oldest.pk}/")
    assert client.post(f"{LIST}/{other.pk}/go-back/{oldest.pk}/").status_code == 404
    reason.refresh_from_db()
    other.refresh_from_db()
    assert (reason.message, other.message) == ("Sorry.", "Other.")


def test_a_change_of_the_order_is_no_change_of_a_text(client_of, manager, reason):
    change(client_of(manager), reason, order=7)
    assert Revision.objects.of(reason).count() == 1


def test_a_text_that_breaks_a_rule_by_now_does_not_come_back(client_of, manager, reason):
    client = client_of(manager)
    change(client, reason, title="Far away")
    DeclineReasonFactory(title="Too far", message="Another of that name.")
    client.post(f"{LIST}/{reason.pk}/go-back/{Revision.objects.of(reason).last().pk}/")
    reason.refresh_from_db()
    assert reason.title == "Far away"


def test_the_toolkit_keeps_what_it_said(client_of, manager):
    resource, client = ResourceFactory(summary="How to begin."), client_of(manager)
    page = f"/admin/pledges/resource/{resource.pk}/change/"
    form = client.get(page).context["adminform"].form
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert client.post(page, {**values, "summary": "How to go on."}).status_code == 302
    oldest = Revision.objects.of(resource).last()
    client.post(f"/admin/pledges/resource/{resource.pk}/go-back/{oldest.pk}/")
    resource.refresh_from_db()
    assert resource.summary == "How to begin."
