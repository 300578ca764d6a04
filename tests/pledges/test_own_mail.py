"""The e-mails that we wrote to a person: only their own, with what became of them, and without keys."""

import pytest
from django.conf import settings
from django.urls import reverse

from oiep.letters import holds_key, text_for_manager, text_for_reader
from tests.factories import OutgoingEmailFactory, ReviewFactory, SigningFactory, UserFactory
from tests.html import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return UserFactory(email="reader@example.org")


@pytest.fixture
def client(client_of, reader):
    return client_of(reader)


def test_list_says_what_became_of_each(client, reader):
    OutgoingEmailFactory(sent=True, to=reader.email, subject_line="Went", sent_at="2026-05-04T09:00:00+00:00")
    OutgoingEmailFactory(failed=True, to=reader.email, subject_line="Bounced")
    OutgoingEmailFactory(to=reader.email, subject_line="Waits", created_at="2026-05-04T09:00:00+00:00")
    OutgoingEmailFactory(to=reader.email, subject_line="Withheld", state="not_sent", reason="You had answered.")
    OutgoingEmailFactory(to="other@example.org", subject_line="Somebody else's")
    page = Page(client.get("/account/mail/"))
    assert page.faults == []
    for words in (
        "Sent on 4 May 2026",
        "could not be sent: 550 No such mailbox",
        "on its way since 4 May 2026",
        "not sent. You had answered.",
    ):
        assert words in page.text
    assert "Somebody else" not in page.text


def test_nobody_has_written_yet(client):
    assert "We have not written to you yet" in Page(client.get("/account/mail/")).text


def test_pages_of_many(client, reader, django_assert_num_queries):
    OutgoingEmailFactory.create_batch(26, to=reader.email)
    with django_assert_num_queries(4):
        assert len(client.get("/account/mail/").context["rows"]) == 25
    assert len(client.get("/account/mail/?page=2").context["rows"]) == 1
    assert client.get("/account/mail/?page=x").status_code == 200


def test_harmless_text_is_shown_as_it_is(client, reader):
    letter = OutgoingEmailFactory(
        to=reader.email, template="decision_approved", text="Dear <b>you</b>,\n\nIt is done.\n"
    )
    response = client.get(reverse("account-letter", args=[letter.pk]))
    assert "Dear &lt;b&gt;you&lt;/b&gt;," in response.content.decode()
    assert Page(response).faults == []


@pytest.mark.parametrize(
    "template", ["account/email/login_code", "account/email/unknown_account", "sign_confirm", "sign_resume", "new_kind"]
)
def test_what_lets_in_is_not_shown(client, reader, template):
    letter = OutgoingEmailFactory(to=reader.email, template=template, text="Your code: AB12-CD34\n")
    response = client.get(reverse("account-letter", args=[letter.pk]))
    assert "AB12-CD34" not in response.content.decode()
    assert "We do not show the text here." in Page(response).text


def test_letter_of_another_is_not_found(client):
    letter = OutgoingEmailFactory(to="other@example.org", template="decision_approved")
    assert client.get(reverse("account-letter", args=[letter.pk])).status_code == 404


def test_keys_are_left_out_and_other_links_stay():
    site = settings.SITE_URL
    review, signing = ReviewFactory(), SigningFactory(declared=True)
    keys = [review.url if hasattr(review, "url") else f"{site}/reviews/{review.token}/"]
    keys += [signing.confirmation_url, signing.resume_url, f"{site}/calendar/{'aZ09_-' * 5}.ics"]
    plain = [f"{site}/account/partners/cherwell-valley-builders-example/", f"{site}/partners/a/standing/?on=2026-03-03"]
    text = "\n".join(f"Open it: {link}" for link in (*keys, *plain))
    letter = OutgoingEmailFactory(template="review_opened", text=text)
    shown = text_for_reader(letter)
    assert all(holds_key(key) for key in keys)
    assert not any(key in shown for key in keys)
    assert shown.count("[this link is in the e-mail itself]") == len(keys)
    assert all(link in shown for link in plain)


def test_manager_reads_no_more_than_before():
    assert text_for_manager(OutgoingEmailFactory(template="contact_message", text="Hello.")) == "Hello."
    assert text_for_manager(OutgoingEmailFactory(template="review_opened", text="Hello.")) is None
    key = f"Look: {settings.SITE_URL}/reviews/{ReviewFactory().token}/"
    assert text_for_manager(OutgoingEmailFactory(template="contact_message", text=key)) is None
