"""Help wanted and offered: asked, decided on, answered, introduced, and what came of it."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from oiep.moderation import NotPossible
from oiep.privacy import clocks
from oiep.privacy.erasing import erase
from partners.actions import TooMany
from pledges.actions import help_wanted as actions
from pledges.models import HelpReply, HelpRequest
from tests.factories import (
    HelpReplyFactory,
    HelpRequestFactory,
    PartnerFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ResourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def asked(**values):
    day = timezone.localdate() + datetime.timedelta(days=30)
    words = {"direction": "wanted", "need": "mentors", "title": "Two mentors", "text": "An hour a month."}
    return {**words, "open_until": day, **values}


def test_the_whole_way_from_asking_to_what_came_of_it(client, client_of, manager, mailbox, settings):
    partner, area = PartnerFactory(approved=True, lead=True), PriorityAreaFactory(slug="jobs")
    lead = client_of(partner.lead.user)
    lead.post(f"/account/partners/{partner.slug}/help/ask/", {**asked(), "areas": [area.pk]})
    row = HelpRequest.objects.get()
    assert client.get(f"/help/{row.pk}/").status_code == 404, "It waits"
    desk = client_of(manager)
    desk.post(f"/admin/pledges/helprequest/{row.pk}/decide/", {"move": "approve"})
    assert "Two mentors" in client.get("/areas/jobs/").content.decode()
    answer = {"name": "Hal Helper", "email": "hal@example.org", "message": "I can do that."}
    assert client.post(f"/help/{row.pk}/", answer).url == f"/help/{row.pk}/sent/"
    reply = HelpReply.objects.get()
    letters = mailbox()
    assert letters[-1].to == [settings.CONTACT_EMAIL]
    assert not any("hal@example.org" in letter.body for letter in letters), "Nobody is introduced by answering"
    for _n in range(2):
        desk.post(f"/admin/pledges/helprequest/{row.pk}/answers/{reply.pk}/introduce/")
    introduced = [letter for letter in mailbox() if letter.to == [partner.lead.user.email]][-1]
    assert introduced.reply_to == ["hal@example.org"]
    assert "I can do that." in introduced.body
    to_helper = [letter for letter in mailbox() if letter.to == ["hal@example.org"]]
    assert len(to_helper) == 1
    assert partner.lead.user.email not in to_helper[0].body, "The lead's address is not given away"
    address = f"/admin/pledges/helprequest/{row.pk}/answers/{reply.pk}/outcome/"
    desk.post(address, {"outcome": "met", "words": "Both began."})
    reply.refresh_from_db()
    assert (reply.outcome, reply.outcome_words) == ("met", "Both began.")
    lead.post(f"/account/partners/{partner.slug}/help/{row.pk}/close/", {"outcome": "met", "words": "Done."})
    row.refresh_from_db()
    assert row.outcome == "met"
    assert client.get(f"/help/{row.pk}/").status_code == 404
    assert "hal@example.org" not in client.get("/help/").content.decode()


def test_it_closes_by_itself_after_its_last_day():
    row = HelpRequestFactory(approved=True)
    assert HelpRequest.objects.published(on=row.open_until).exists()
    assert not HelpRequest.objects.published(on=row.open_until + datetime.timedelta(days=1)).exists()


@pytest.mark.parametrize("trait", ["submitted", "withdrawn"])
def test_partner_that_does_not_stand_asks_for_nothing(trait):
    partner = PartnerFactory(**{trait: True})
    with pytest.raises(NotPossible):
        actions.ask(partner=partner, values=asked(), areas=[], actor=UserFactory())


@pytest.mark.parametrize("days", [-1, 367])
def test_day_that_is_past_or_too_far_is_refused(days):
    partner = PartnerFactory(approved=True)
    day = timezone.localdate() + datetime.timedelta(days=days)
    with pytest.raises(ValidationError):
        actions.ask(partner=partner, values=asked(open_until=day), areas=[], actor=UserFactory())
    assert not HelpRequest.objects.exists()


def test_partner_asks_for_so_much_at_a_time(settings):
    settings.HELP_REQUESTS_AT_MOST = 1
    row = HelpRequestFactory(submitted=True)
    with pytest.raises(NotPossible):
        actions.ask(partner=row.partner, values=asked(), areas=[], actor=row.asked_by)
    actions.close(request=row, outcome="nothing", words="", actor=row.asked_by)
    actions.ask(partner=row.partner, values=asked(), areas=[], actor=row.asked_by)


def test_flood_and_robot_are_stopped(client, settings):
    row = HelpRequestFactory(approved=True)
    answer = {"name": "Hal", "email": "hal@example.org", "message": "Me."}
    assert "fax" in client.post(f"/help/{row.pk}/", {**answer, "fax": "1"}).context["form"].errors
    for number in range(settings.HELP_LIMIT_BY_SOURCE[0]):
        client.post(f"/help/{row.pk}/", {**answer, "email": f"hal{number}@example.org"})
    assert client.post(f"/help/{row.pk}/", answer).status_code == 429
    for number in range(settings.HELP_LIMIT_BY_SENDER[0]):
        actions.reply(request=row, source=f"{number:064x}", **answer)
    with pytest.raises(TooMany):
        actions.reply(request=row, source="f" * 64, **answer)


def test_nobody_is_introduced_to_what_is_closed_or_put_aside(manager):
    reply = HelpReplyFactory()
    actions.put_aside(row=reply, actor=manager)
    with pytest.raises(NotPossible):
        actions.introduce(row=reply, actor=manager)
    other = HelpReplyFactory()
    actions.close(request=other.request, outcome="nothing", words="", actor=manager)
    with pytest.raises(NotPossible):
        actions.introduce(row=other, actor=manager)
    with pytest.raises(NotPossible):
        actions.record_outcome(row=other, outcome="met", words="", actor=manager)


def test_service_that_exists_is_named_where_one_asks(client, client_of):
    service = ResourceFactory(helper=True, needs=["mentors"], title="Mentors of Oxfordshire")
    ResourceFactory(kind="helper", needs=["mentors"], title="Has not agreed")
    row = HelpRequestFactory(approved=True)
    lead = client_of(row.partner.lead.user)
    for browser, page in (
        (client, "/help/"),
        (client, f"/help/{row.pk}/"),
        (lead, f"/account/partners/{row.partner.slug}/help/ask/"),
    ):
        words = browser.get(page).content.decode()
        assert service.title in words, page
        assert "Has not agreed" not in words, page


def test_resident_without_a_name_stays_so(client):
    resident = ResidentFactory(approved=True, lead=True, show_name=False)
    row = HelpRequestFactory(approved=True, partner=resident)
    for page in ("/help/", f"/help/{row.pk}/"):
        words = client.get(page).content.decode()
        assert "A resident of" in words
        assert resident.name not in words


def test_answers_go_with_who_is_erased_and_after_their_time(settings):
    reply = HelpReplyFactory()
    user = UserFactory(email=reply.email)
    erase(user=user, actor=user)
    assert not HelpReply.objects.exists()
    old = timezone.now() - datetime.timedelta(days=31 * settings.MESSAGES_KEPT_MONTHS + 1)
    HelpReplyFactory(sent_at=old)
    kept = HelpReplyFactory()
    clocks.run_day()
    assert list(HelpReply.objects.all()) == [kept]


def test_open_list_costs_the_same_with_one_and_with_many(client, django_assert_num_queries):
    for number in (1, 7):
        for _n in range(number):
            HelpRequestFactory(approved=True, areas=[PriorityAreaFactory()])
        client.get("/help/")
        with django_assert_num_queries(6):
            client.get("/help/")
