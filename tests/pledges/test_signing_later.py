"""Stopping half-way and going on from a link."""

import datetime

from django.test import Client
from django.utils import timezone

from oiep.models import OutgoingEmail
from pledges.models import Signing
from tests.pledges.signing import Visitor, link_in, scheme

__all__ = ["scheme"]


def test_unfinished_answers_are_kept_for_later_and_the_link_opens_them_elsewhere(scheme, mailbox):
    visitor = Visitor()
    visitor.start("organisation")
    visitor.answer("who", {"name": "Zoë", "job_title": "Baker", "email": "zoe@example.org"})
    response = visitor.answer("organisation", {"name": "The Bakery\0", "size": "small", "later": "yes"})
    assert response["Location"] == visitor.url("sign-save")
    assert "zoe@example.org" in visitor.client.get(visitor.url("sign-save")).content.decode()
    response = visitor.client.post(visitor.url("sign-save"), follow=True)
    assert "Your answers are saved" in response.content.decode()
    [message] = mailbox()
    assert "Zoë" not in message.body + message.subject
    assert "Bakery" not in message.body + message.subject
    elsewhere = Client()
    page = elsewhere.get(link_in(message))
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"
    assert elsewhere.get(visitor.url("sign-step", "organisation")).status_code == 404
    assert elsewhere.head(link_in(message)).status_code == 200
    response = elsewhere.post(link_in(message))
    assert response["Location"] == visitor.url("sign-step", "organisation")
    form = elsewhere.get(response["Location"]).context["form"]
    assert (form["name"].value(), form["size"].value()) == ("The Bakery", "small")


def test_save_for_later_asks_for_the_address_only_when_it_has_none(scheme, mailbox):
    visitor = Visitor()
    visitor.start("resident")
    visitor.answer("who", {"name": "Ana", "later": "yes"})
    page = visitor.client.post(visitor.url("sign-save"), {"email": "nonsense"})
    assert page.context["form"].errors["email"] == ["Enter an e-mail address in the form name@example.org."]
    visitor.client.post(visitor.url("sign-save"), {"email": "Ana@Example.org"})
    visitor.client.post(visitor.url("sign-save"), {"email": "ana@example.org"})  # a double click
    assert [message.to for message in mailbox()] == [["ana@example.org"]]
    form = visitor.client.get(visitor.url("sign-step", "who")).context["form"]
    assert (form["name"].value(), form["email"].value()) == ("Ana", "ana@example.org")


def test_resume_mails_to_one_address_and_from_one_source_have_an_end(scheme, mailbox):
    for _n in range(5):
        visitor = Visitor(address="203.0.113.5")
        visitor.start("resident")
        response = visitor.client.post(visitor.url("sign-save"), {"email": "ana@example.org"})
        assert response.status_code == 302
    visitor.start("resident")
    response = visitor.client.post(visitor.url("sign-save"), {"email": "other@example.org"})
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "Everything you wrote is kept" in response.content.decode()
    assert [message.to for message in mailbox()] == [["ana@example.org"]] * 3


def test_robot_that_saves_for_later_gets_no_mail(scheme):
    visitor = Visitor()
    visitor.start("resident")
    response = visitor.client.post(visitor.url("sign-save"), {"email": "ana@example.org", "comments": "Buy!"})
    assert response["Location"].endswith("?sent")
    assert OutgoingEmail.objects.count() == 0


def test_unfinished_pledge_is_kept_for_later(scheme):
    visitor = Visitor().fill_organisation(scheme)
    visitor.add_pledge(statement="We will try", later="yes")
    page = visitor.client.get(visitor.url("sign-step", "pledges"))
    assert "You began to write a pledge" in page.content.decode()
    form = visitor.client.get(visitor.url("sign-pledge-add")).context["form"]
    assert form["statement"].value() == "We will try"


def test_resume_link_of_a_deleted_draft_says_it_is_over(scheme):
    visitor = Visitor()
    visitor.start("resident")
    link = visitor.signing.resume_url.removeprefix("http://testserver")
    Signing.objects.update(changed_at=timezone.now() - datetime.timedelta(days=8))
    assert Client().get(link).status_code == 410
    Signing.objects.all().delete()
    assert Client().get(link).status_code == 410
    assert Client().get(link.replace("resume/I", "resume/J")).status_code == 404
