"""The link to confirm: what it makes, once, and what it says otherwise."""

import datetime

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oiep.audit import trail
from oiep.models import AuditEvent, OutgoingEmail, User
from oiep.moderation import State
from partners.models import Partner
from pledges.models import Pledge, Signature, Signing
from pledges.tasks import forget_unconfirmed_signings
from tests.factories import PledgeIdeaFactory, SigningFactory, UserFactory
from tests.pledges.signing import Visitor, declared, organisation_of, rows, scheme

__all__ = ["scheme"]


def test_scanners_that_follow_the_link_change_nothing(scheme):
    link = declared(scheme)
    before = (Signing.objects.values().get(), AuditEvent.objects.count(), OutgoingEmail.objects.count())
    for _n in range(10):
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code == 200
    assert rows() == [0, 0, 0, 0, 0]
    assert (Signing.objects.values().get(), AuditEvent.objects.count(), OutgoingEmail.objects.count()) == before


def test_page_says_what_is_signed_and_keeps_its_address_to_itself(scheme):
    response = Client().get(declared(scheme))
    page = response.content.decode()
    for words in ("The Bakery Ltd", "Local spend", "Confirm my signature"):
        assert words in page
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Robots-Tag"] == "noindex"
    assert Client().options(declared(scheme, name="Other")).status_code == 405


def test_organisation_that_confirms_is_written_whole_and_waits_for_a_decision(scheme, mailbox):
    link = declared(scheme, size="large", places=["county"])
    signing = Signing.objects.get()
    response = Client().post(link, follow=True)
    assert "Thank you. You have confirmed" in response.content.decode()
    partner = Partner.objects.get()
    assert (partner.state, partner.kind, partner.name, partner.is_cooperative, partner.is_social_enterprise) == (
        State.SUBMITTED, "business", "The Bakery Ltd", True, False,
    )  # fmt: skip
    assert (partner.size, partner.sector, partner.website, partner.description) == (
        "large", scheme.sector, "https://bakery.example", "Bread.",
    )  # fmt: skip
    assert (partner.county_wide, partner.contact_purposes, partner.review_months) == (True, ["buy"], 6)
    assert list(partner.districts.all()) == []
    signature = partner.signatures.get()
    assert (signature.reference, signature.charter, signature.signer_name, signature.signer_job_title) == (
        signing.reference, scheme.charter, "Zoë Müller", "Baker",
    )  # fmt: skip
    assert (signature.awaits_approval_of, signature.declared_at, signature.assisted) == (
        "Our board", signing.declared_at, "",
    )  # fmt: skip
    user = User.objects.get()
    assert (user.email, user.name, user.has_usable_password(), signature.signer) == (
        "zoe@example.org", "Zoë Müller", False, user,
    )  # fmt: skip
    assert (partner.lead.user, partner.lead.job_title) == (user, "Baker")
    pledge = partner.pledges.get()
    assert (pledge.state, pledge.area, pledge.capacity, pledge.statement) == (
        State.SUBMITTED, scheme.spend, "buyer", "We will buy flour grown here.",
    )  # fmt: skip
    assert (pledge.measure, pledge.unit, pledge.baseline, pledge.target, pledge.target_date) == (
        "Flour bought", "%", 10, 1200.5, datetime.date(2030, 5, 4),
    )  # fmt: skip
    assert (pledge.commitment, pledge.commitment_amount, pledge.commitment_note) == ("hours", 40, "Visits to the mill")
    assert {(event.verb, event.actor) for event in trail(partner, pledge)} == {
        ("partner.submit", user),
        ("pledge.submit", user),
    }
    received = mailbox()[-1]
    assert received.subject == "We have your signature of the Inclusive Economy Charter"
    assert signing.reference in received.body


def test_resident_who_confirms_stays_private_unless_they_choose(scheme):
    Client().post(declared(scheme, "resident"))
    partner = Partner.objects.get()
    assert (partner.name, partner.show_name, str(partner)) == ("Ana Smith", False, "A resident of Cherwell")
    assert "ana" not in partner.slug
    assert [pledge.idea for pledge in partner.pledges.all()] == [scheme.resident_idea]
    named = Visitor().fill_resident(scheme, email="bo@example.org", name="Bo")
    named.declare(show_name="yes")
    Client().post(named.signing.confirmation_url.removeprefix("http://testserver"))
    assert str(Partner.objects.get(name="Bo")) == "Bo"


def test_nothing_is_public_before_the_manager_has_approved(scheme):
    for link in (declared(scheme), declared(scheme, "resident")):
        Client().post(link)
    assert Partner.objects.count() == 2
    for questions in (Partner.objects.published(), Partner.objects.listed(), Pledge.objects.published()):
        assert questions.count() == 0
    public = ["home", "partners", "pledges", "areas", "places", "sitemap"]
    for url in (*map(reverse, public), scheme.spend.get_absolute_url(), scheme.cherwell.get_absolute_url()):
        page = Client().get(url).content.decode()
        for words in ("Bakery", "flour grown here", "Ana Smith"):
            assert words not in page, url
    assert Client().get(Partner.objects.get(name="The Bakery Ltd").get_absolute_url()).status_code == 404
    assert Client().get(Pledge.objects.first().get_absolute_url()).status_code == 404


def test_confirming_signs_nobody_in(scheme):
    client = Client()
    client.post(declared(scheme))
    assert "_auth_user_id" not in client.session


def test_second_opening_says_when_it_was_confirmed(scheme):
    link = declared(scheme)
    Client().post(link)
    before = rows()
    for response in (Client().get(link), Client().post(link, follow=True)):
        today = timezone.localdate().strftime("%-d %B %Y")
        assert f"You confirmed your signature of the Charter on {today}." in response.content.decode()
    assert rows() == before == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("link", ["x", "x:y:z", "%00", "é", "a" * 5000])
def test_unknown_link_is_answered_kindly(db, link):
    for method in ("get", "head", "post"):
        response = getattr(Client(), method)(f"/sign/confirm/{link}/")
        assert response.status_code == 404
    assert "We do not know this link" in Client().get(f"/sign/confirm/{link}/").content.decode()


def test_resume_link_confirms_nothing(scheme):
    visitor = Visitor().fill_resident(scheme)
    token = visitor.signing.resume_url.rstrip("/").split("/")[-1]
    assert Client().post(reverse("sign-confirm", args=[token])).status_code == 404


def _days_ago(days):
    ago = timezone.now() - datetime.timedelta(days=days)
    Signing.objects.update(declared_at=ago, changed_at=ago)


def test_expired_link_says_so_and_starts_again_with_the_answers(scheme):
    link = declared(scheme)
    _days_ago(7)
    client = Client()
    for response in (client.get(link), client.post(link, follow=True)):
        assert response.status_code == 410
        assert "works for 7 days" in response.content.decode()
    assert rows() == [0, 0, 0, 0, 0]
    response = client.post(link, {"again": "yes"})
    again = Signing.objects.latest("started_at")
    assert response["Location"] == reverse("sign-check", args=[again.pk])
    assert "We will buy flour grown here." in client.get(response["Location"]).content.decode()
    client.post(response["Location"])
    again.refresh_from_db()
    Client().post(again.confirmation_url.removeprefix("http://testserver"))
    assert rows() == [1, 1, 1, 1, 1]


def test_link_works_until_its_last_minute(scheme):
    link = declared(scheme)
    _days_ago(7 - 1 / 1440)
    Client().post(link)
    assert Partner.objects.count() == 1


def test_forgotten_link_says_so(scheme):
    link = declared(scheme)
    _days_ago(8)
    forget_unconfirmed_signings()
    for response in (Client().get(link), Client().post(link)):
        assert response.status_code == 410
        assert "we have deleted what you wrote" in response.content.decode()


def test_area_and_idea_retired_after_the_declaration_are_honoured(scheme):
    idea = PledgeIdeaFactory(area=scheme.homes, kinds=["resident"], statement="I will share my garden.")
    link = declared(scheme, "resident", ideas=[f"idea-{idea.pk}"])
    for row in (idea, scheme.homes):
        row.retired_at = timezone.now()
        row.save()
    Client().post(link)
    pledge = Pledge.objects.get()
    assert (pledge.area, pledge.idea, pledge.statement) == (scheme.homes, idea, "I will share my garden.")


def test_idea_deleted_after_the_declaration_leaves_the_words(scheme):
    link = declared(scheme, "resident")
    scheme.resident_idea.delete()
    Client().post(link)
    pledge = Pledge.objects.get()
    assert (pledge.idea, pledge.statement) == (None, "I will buy nearby.")


def test_user_who_is_known_gets_the_partner(scheme):
    user = UserFactory(email="zoe@example.org", name="Zoë M.")
    Client().post(declared(scheme))
    user.refresh_from_db()
    assert user.name == "Zoë M."
    assert Partner.objects.get().lead.user == user


# Forgetting -----------------------------------------------------------------------------------


def test_forgetting_keeps_to_the_clock_and_tells_how_many(scheme):
    now = timezone.now()

    def days_ago(days):
        return now - datetime.timedelta(days=days)

    table = {
        "begun": SigningFactory(changed_at=days_ago(6.9)),
        "left": SigningFactory(changed_at=days_ago(7.1)),
        "declared": SigningFactory(declared=True, declared_at=days_ago(6.9), changed_at=days_ago(6.9)),
        "unconfirmed": SigningFactory(declared=True, declared_at=days_ago(7.1), changed_at=days_ago(7.1)),
        "confirmed": SigningFactory(confirmed=True, declared_at=days_ago(9), confirmed_at=days_ago(3)),
        "done with": SigningFactory(confirmed=True, declared_at=days_ago(9), confirmed_at=days_ago(7.1)),
    }
    signatures = Signature.objects.count()
    forget_unconfirmed_signings()
    kept = {name for name, signing in table.items() if Signing.objects.filter(pk=signing.pk).exists()}
    assert kept == {"begun", "declared", "confirmed"}
    assert Signature.objects.count() == signatures
    assert AuditEvent.objects.get(verb="signing.forgotten").data == {"count": 3}
    forget_unconfirmed_signings()
    assert AuditEvent.objects.filter(verb="signing.forgotten").count() == 1


def test_forgetting_takes_the_messages_along(scheme):
    declared(scheme)
    _days_ago(8)
    forget_unconfirmed_signings()
    assert OutgoingEmail.objects.count() == 0


def test_messages_survive_a_mail_server_that_is_away(scheme, settings):
    settings.EMAIL_BACKEND = "tests.pledges.test_signing_confirming.NoServer"
    from oiep import email

    link = declared(scheme)
    email.send_due()
    assert OutgoingEmail.objects.get().state == OutgoingEmail.State.WAITING
    Client().post(link)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    OutgoingEmail.objects.update(due_at=timezone.now())
    email.send_due()
    assert sorted(message.to[0] for message in mail.outbox) == ["zoe@example.org"] * 2


class NoServer:
    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError

    def close(self):
        pass


def test_undeclared_signing_cannot_be_confirmed(scheme):
    """A signing that was never declared has no way to be confirmed, even by its own token."""
    visitor = Visitor()
    visitor.start("organisation")
    visitor.answer("who", {"name": "Zoë", "job_title": "Baker", "email": "zoe@example.org"})
    visitor.answer("organisation", organisation_of(scheme))
    link = visitor.signing.confirmation_url.removeprefix("http://testserver")
    assert Client().post(link).status_code == 302
    assert rows() == [0, 0, 0, 0, 0]


def test_received_mail_is_about_the_signature(scheme):
    Client().post(declared(scheme))
    signature = Signature.objects.get()
    assert OutgoingEmail.objects.about(signature).get().template == "sign_received"
