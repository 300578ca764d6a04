"""The desk: each figure opens the list that it counts, in as many queries whatever there is."""

import datetime
import io
import re

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from desk.actions import imports
from desk.models import Import, Message
from oiep import at_work, watch
from oiep.models import AtWork, AuditEvent, OutgoingEmail
from partners.models import Partner, Recognition
from pledges.models import Pledge, Review
from tests.factories import (
    CharterVersionFactory,
    ContactMessageFactory,
    EventFactory,
    GroupFactory,
    ManagerFactory,
    MeetingFactory,
    NominationFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    RecognitionFactory,
    RegistrationFactory,
    ReviewFactory,
    SignatureFactory,
    SigningFactory,
    UserFactory,
)
from working_groups.models import Group

pytestmark = pytest.mark.django_db


def ago(days):
    return timezone.now() - datetime.timedelta(days=days)


def day(days):
    return timezone.localdate() + datetime.timedelta(days=days)


def one_of_each(n):
    """One thing more for each figure of the desk, and some that belong to none."""
    charter = CharterVersionFactory()
    good = PartnerFactory(approved=True, lead=True)
    SignatureFactory(partner=good, charter=charter)
    PledgeFactory(approved=True, partner=good)
    RecognitionFactory(approved=True, partner=good, expires_on=day(200))
    RecognitionFactory(approved=True, partner=good, expires_on=day(10))
    PartnerFactory(submitted=True)
    PledgeFactory(submitted=True, partner=good)
    PartnerFactory(approved=True, lead=True, next_round_on=day(-40))
    PledgeFactory(approved=True, partner=good)
    Partner.areas.through.objects.create(partner=good, priorityarea=PriorityAreaFactory())
    PledgeFactory(approved=True, partner=PartnerFactory(submitted=True, lead=True))
    PledgeFactory(approved=True, partner=PartnerFactory(withdrawn=True, lead=True))
    SigningFactory.create_batch(5, declared=True, source=f"{n:064d}", charter=charter)
    SigningFactory(assisted="list", assisted_by=ManagerFactory())
    ContactMessageFactory.create_batch(5, source=f"{n:064d}")
    ContactMessageFactory.create_batch(4, source=f"{n + 9:064d}")
    SigningFactory()
    OutgoingEmailFactory(failed=True)
    OutgoingEmailFactory(due_at=ago(1))
    OutgoingEmailFactory(due_at=timezone.now() + datetime.timedelta(hours=1))
    closed = GroupFactory(is_closed=True)
    shown = GroupFactory(parent=closed)
    Group.objects.filter(pk=shown.pk).update(is_hidden=False)
    MeetingFactory(group=GroupFactory(), called=True)
    crowded = EventFactory(published=True, capacity=2)
    RegistrationFactory(event=crowded, booked=True, places=2)
    type(crowded).objects.filter(pk=crowded.pk).update(capacity=1)
    for days in (0, 50, 200):
        ReviewFactory(round_on=day(-days))
    NominationFactory(submitted=True)
    ContactMessageFactory(partner=good, reported_at=timezone.now(), reported_by=good.lead.user, report="Rude")


OTHERS = {
    "charter-asked",
    "charter-earlier",
    "consent-ends",
    "helper-ends",
    "help-answered",
    "help-waits",
    "story-waits",
}
FIGURE = re.compile(r'<li><a[^>]* ?href="([^"]+)"><b>(\d+)</b>')


def figures_on(client):
    return [(link.replace("&amp;", "&"), int(n)) for link, n in FIGURE.findall(client.get("/admin/").content.decode())]


def test_every_figure_opens_exactly_the_rows_that_it_counts(manager, client_of):
    client = client_of(manager)
    for n in range(2):
        one_of_each(n)
    figures = figures_on(client)
    assert len(figures) > 20
    wrong = {}
    for link, count in figures:
        listed = client.get(link).context["cl"].result_count
        if listed != count:
            wrong[link] = (count, listed)
    assert wrong == {}
    named = {link.partition("figure=")[2]: count for link, count in figures if "figure=" in link}
    assert set(named) == {figure.name for figure in watch.all_figures()}
    # What other apps look out for has rows in their own tests; of these, each has some here.
    assert {name for name, count in named.items() if not count} <= OTHERS


def test_an_empty_desk_says_that_all_checks_found_nothing(manager, client_of):
    page = client_of(manager).get("/admin/").content.decode()
    assert "checks were made just now, and found nothing." in page
    assert "Nothing waits." in page


def test_the_desk_asks_as_many_questions_whatever_there_is(manager, client_of):
    client = client_of(manager)
    client.get("/admin/")
    ContentType.objects.clear_cache()
    counts = []
    for n in range(3):
        one_of_each(n)
        for model in (Partner, Pledge, Review, Recognition):
            subject = model.objects.first()
            AuditEvent.objects.create(verb=f"{subject._meta.model_name}.approve", subject=subject, actor=manager)
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/")
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 15, "\n".join(query["sql"][:150] for query in queries)


def test_what_the_site_can_put_right_it_does(manager, client_of):
    one_of_each(0)
    client = client_of(manager)
    for name in ("areas-stale", "group-shown"):
        figure = next(figure for figure in watch.all_figures() if figure.name == name)
        assert figure.rows().exists()
        keys = [str(row.pk) for row in figure.rows()]
        client.post(figure.url, {"action": "put_right", "_selected_action": keys})
        assert not figure.rows().exists(), name
        assert AuditEvent.objects.filter(verb__endswith=".put_right", data__why=name).count() == len(keys)


def test_a_group_that_met_or_will_is_not_idle():
    idle = next(figure for figure in watch.all_figures() if figure.name == "group-idle")
    met, will, new, ended, old = GroupFactory.create_batch(5)
    MeetingFactory(group=met, called=True, starts_at=ago(100), ends_at=ago(99))
    MeetingFactory(group=will, called=True)
    MeetingFactory(group=old, called=True, starts_at=ago(200), ends_at=ago(199))
    Group.objects.filter(pk=new.pk).update(starts_on=day(-30))
    Group.objects.filter(pk=ended.pk).update(starts_on=day(-300), ends_on=day(-1))
    assert list(idle.rows()) == [old]


def test_a_recognition_that_is_renewed_does_not_run_out():
    ending = next(figure for figure in watch.all_figures() if figure.name == "recognition-ends")
    standing = RecognitionFactory(approved=True, partner=PartnerFactory(approved=True, lead=True), expires_on=day(10))
    assert list(ending.rows()) == [standing]
    RecognitionFactory(submitted=True, partner=standing.partner, kind=standing.kind, replaces=standing)
    assert list(ending.rows()) == []


def test_who_may_see_less_is_counted_less(client_of):
    page = client_of(UserFactory(is_staff=True)).get("/admin/").content.decode()
    assert "What should never be" not in page


# Two managers ---------------------------------------------------------------------------------


def test_each_manager_sees_what_the_other_is_on(client_of):
    ann, ben = ManagerFactory(name="Ann"), ManagerFactory(name="Ben")
    partner = PartnerFactory(submitted=True, lead=True)
    case = reverse("admin:pledges_case_change", args=[partner.pk])
    client_of(ann).post(reverse("admin:pledges_case_at_work", args=[partner.pk]))
    seen = client_of(ben).get(case).content.decode()
    assert "<bdi>Ann</bdi> is on this too" in seen
    assert "is on this too" not in client_of(ann).get(case).content.decode()
    assert ">Ann</td>" in client_of(ben).get(reverse("admin:pledges_case_changelist")).content.decode()
    AtWork.objects.update(seen_at=timezone.now() - datetime.timedelta(minutes=at_work.MINUTES + 1))
    assert "is on this too" not in client_of(ben).get(case).content.decode()
    assert OutgoingEmail.objects.count() == 0


def test_messages_in_a_burst_are_those_of_one_place_or_address_within_a_week():
    burst = next(figure for figure in watch.all_figures() if figure.name == "message-burst")
    from_one = ContactMessageFactory.create_batch(5, email="same@example.com")
    ContactMessageFactory.create_batch(4, email="few@example.com")
    ContactMessageFactory.create_batch(3, email="old@example.com")
    ContactMessageFactory.create_batch(2, email="old@example.com", sent_at=ago(8))
    assert set(burst.rows()) == set(from_one)


def test_the_example_desk_has_a_draft_a_message_sent_and_a_list_with_faults():
    call_command("load_reference", verbosity=0)
    call_command("load_examples", stdout=io.StringIO())
    for words in ("added 2 messages and a list with faults", "here already"):
        said = io.StringIO()
        call_command("load_example_desk", stdout=said)
        assert words in said.getvalue()
    assert sorted(Message.objects.values_list("state", flat=True)) == ["draft", "sent"]
    assert Message.objects.get(state="sent").recipients.exists()
    assert not OutgoingEmail.objects.filter(key__startswith="message/").exists()
    found = Import.objects.get()
    assert found.is_mapped
    planned = imports.plan_of(found)
    assert (len(planned.problems), len(planned.new)) == (4, 2)
