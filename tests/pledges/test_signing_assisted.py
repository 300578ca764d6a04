"""Signatures that the manager enters, taken on paper or by telephone."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from oiep.models import AuditEvent
from pledges.models import Signature
from tests.factories import ManagerFactory, UserFactory
from tests.pledges.signing import Visitor, link_in, scheme

__all__ = ["scheme"]


@pytest.fixture
def entering(client_of):
    user = ManagerFactory()
    user.user_permissions.add(Permission.objects.get(codename="add_signature"))
    return Visitor(client=client_of(user)), user


def test_manager_enters_a_signature_taken_on_paper(scheme, entering, mailbox):
    visitor, manager = entering
    assert "taken on paper" in visitor.client.get(reverse("sign") + "?assisted=paper").content.decode()
    for number in range(7):
        email = f"a{number}@example.org"
        visitor.fill_organisation(scheme, query="?assisted=paper", name=f"Firm {number}", email=email)
        for url in (visitor.url("sign-step", "who"), visitor.url("sign-check")):
            assert "taken on paper" in visitor.client.get(url).content.decode()
        assert visitor.declare().status_code == 302  # no limit for the manager
        assert (visitor.signing.assisted, visitor.signing.assisted_by) == ("paper", manager)
    messages = mailbox()
    assert len(messages) == 7
    assert "We have entered your signature" in messages[0].body
    Client().post(link_in(messages[0]))
    signature = Signature.objects.get()
    assert (signature.assisted, signature.assisted_by, signature.signer.email) == ("paper", manager, "a0@example.org")
    assert AuditEvent.objects.filter(verb="signing.declared", actor=manager).count() == 7


def test_assisted_draft_is_resumed_by_the_manager(scheme, entering, mailbox):
    visitor, manager = entering
    visitor.start("resident", "?assisted=telephone")
    visitor.client.post(visitor.url("sign-save"))
    assert [message.to for message in mailbox()] == [[manager.email]]


def test_nobody_else_enters_assisted_signatures(scheme, client_of):
    staff = UserFactory(is_staff=True)
    for client in (Client(), client_of(UserFactory()), client_of(staff)):
        visitor = Visitor(client=client)
        visitor.start("resident", "?assisted=paper")
        assert visitor.signing.assisted == ""
        assert visitor.signing.assisted_by is None


def test_unknown_way_of_assisting_is_ignored(scheme, entering):
    visitor, _manager = entering
    visitor.start("resident", "?assisted=pigeon")
    assert visitor.signing.assisted == ""
