"""Messages to many: who gets one, tried on oneself, sent a part at a time, stopped and gone on with; nobody twice."""

import datetime
import re

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from desk.actions import messages as actions
from desk.audience import audience_of
from desk.models import Message, Recipient
from oiep import email as mail
from oiep import news
from oiep.models import AuditEvent, NewsWish, OutgoingEmail, User
from oiep.privacy.erasing import erase
from pledges.actions import signing as signing_actions
from tests.factories import (
    DistrictFactory,
    GroupFactory,
    GroupMemberFactory,
    MembershipFactory,
    MessageToManyFactory,
    NewsWishFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    ReviewFactory,
    SigningFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def emails(message):
    return sorted(audience_of(message).values_list("email", flat=True))


def begin(message, actor):
    """Begins to send, with the first part; a transaction's end does that on the site."""
    message = actions.start(message=message, actor=actor, seen=actions.fingerprint(message))
    actions.feed(message.pk)
    return Message.objects.get(pk=message.pk)


# Who ------------------------------------------------------------------------------------------


@pytest.fixture
def county():
    """Partners here and there, each named by where it is and how it stands."""
    oxford, cherwell = DistrictFactory(name="Oxford"), DistrictFactory(name="Cherwell")
    spend = PriorityAreaFactory()

    def partner(name, **values):
        return PartnerFactory(name=name, approved=True, lead=UserFactory(email=f"{name}@a.example"), **values)

    bakery = partner("bakery", districts=[oxford])
    MembershipFactory(partner=bakery, user__email="second@a.example", role="second")
    MembershipFactory(partner=bakery, user__email="gone@a.example", role="member", ended_at=timezone.now())
    partner("mill", districts=[cherwell], kind="public_body")
    late = partner("late", county_wide=True)
    ReviewFactory(partner=late, round_on=timezone.localdate() - datetime.timedelta(days=60))
    PledgeFactory(approved=True, partner=partner("farm", districts=[cherwell]), area=spend)
    PartnerFactory(name="waits", submitted=True, lead=UserFactory(email="waits@a.example"))
    PartnerFactory(name="left", withdrawn=True, lead=UserFactory(email="left@a.example"))
    ResidentFactory(approved=True, lead=UserFactory(email="rose@a.example"), districts=[oxford])
    return {"oxford": oxford.pk, "cherwell": cherwell.pk, "spend": spend.pk}


@pytest.mark.parametrize(
    ("chosen", "who"),
    [
        ({}, "bakery farm late mill"),
        ({"districts": ["oxford"]}, "bakery late"),
        ({"districts": ["oxford"], "roles": ["lead", "second"]}, "bakery late second"),
        ({"districts": ["oxford", "cherwell"], "kinds": ["public_body"]}, "mill"),
        ({"areas": ["spend"]}, "farm"),
        ({"statuses": ["overdue"]}, "late"),
        ({"statuses": ["in_order"]}, "bakery farm mill"),
        ({"statuses": ["in_order", "overdue"], "districts": ["oxford"]}, "bakery late"),
        ({"statuses": ["paused"]}, ""),
    ],
)
def test_a_choice_means_these_people(county, chosen, who):
    chosen = {name: [county.get(value, value) for value in values] for name, values in chosen.items()}
    message = MessageToManyFactory(chosen=chosen)
    assert emails(message) == [f"{name}@a.example" for name in who.split()]


def test_one_person_of_many_partners_and_groups_gets_it_once():
    one = UserFactory(email="one@a.example")
    PartnerFactory.create_batch(3, approved=True, lead=one)
    assert emails(MessageToManyFactory()) == ["one@a.example"]
    groups = GroupFactory.create_batch(2)
    for group in groups:
        GroupMemberFactory(group=group, user=one)
    GroupMemberFactory(group=groups[0], named=True)
    assert emails(MessageToManyFactory(whom="groups", chosen={"groups": [g.pk for g in groups]})) == ["one@a.example"]


def test_news_goes_only_to_those_who_asked(county):
    for name in ("bakery", "rose", "waits"):
        NewsWishFactory(user=User.objects.get(email=f"{name}@a.example"))
    NewsWishFactory(user=User.objects.get(email="mill@a.example"), stopped_at=timezone.now())
    assert emails(MessageToManyFactory(is_news=True)) == ["bakery@a.example", "rose@a.example"]
    everybody = MessageToManyFactory(is_news=True, whom="news")
    assert emails(everybody) == ["bakery@a.example", "rose@a.example", "waits@a.example"]


# Sending --------------------------------------------------------------------------------------


@pytest.fixture
def message(county):
    return MessageToManyFactory(subject="A word to all")


def test_a_test_goes_to_its_writer_alone(message, manager, mailbox):
    actions.try_on_oneself(message=message, actor=manager)
    (sent,) = mailbox()
    assert (sent.to, sent.subject) == ([manager.email], "Test: A word to all")
    assert "We meet on 4 May." in sent.body
    assert not Recipient.objects.exists()


def test_each_gets_it_once_however_often_it_is_begun_and_fed(message, manager, mailbox):
    seen = actions.fingerprint(message)
    begin(message, manager)
    with pytest.raises(ValidationError, match="already"):
        actions.start(message=message, actor=manager, seen=seen)
    for _time in range(3):
        actions.feed_all()
    assert sorted(sent.to[0] for sent in mailbox()) == [f"{n}@a.example" for n in ("bakery", "farm", "late", "mill")]
    message.refresh_from_db()
    assert (message.state, message.started_by) == ("sent", manager)
    assert actions.progress_of(message)["sent"] == 4
    assert "List-Unsubscribe" not in mailbox()[0].extra_headers


def test_who_changed_after_the_look_is_shown_again(message, manager):
    seen = actions.fingerprint(message)
    PartnerFactory(approved=True, lead=True)
    with pytest.raises(ValidationError, match="changed after you looked"):
        actions.start(message=message, actor=manager, seen=seen)
    assert not Recipient.objects.exists()


def test_nobody_is_no_audience(manager):
    message = MessageToManyFactory()
    with pytest.raises(ValidationError, match="Nobody"):
        actions.start(message=message, actor=manager, seen=actions.fingerprint(message))


def test_a_part_at_a_time_so_that_other_mail_is_not_kept_waiting(message, manager, settings):
    settings.MESSAGES_AT_A_TIME = 2
    message = begin(message, manager)
    assert (OutgoingEmail.objects.count(), message.state) == (2, "sending")
    assert actions.feed(message.pk) == 0
    assert actions.progress_of(message) | {"failed": 0} == {
        "total": 4, "sent": 0, "failed": 0, "withheld": 0, "waiting": 2, "to_come": 2, "left_out": 0,
    }  # fmt: skip
    mail.send_due()
    assert actions.feed(message.pk) == 2
    assert Message.objects.get().state == "sent"


def test_stopped_half_way_and_gone_on_with_nobody_gets_it_twice(message, manager, mailbox, settings):
    settings.MESSAGES_AT_A_TIME = 2
    begin(message, manager)
    mail.send_due(limit=1)
    actions.stop(message=message, actor=manager)
    actions.feed_all()
    assert len(mailbox()) == 1
    assert actions.progress_of(message) == {
        "total": 4, "sent": 1, "failed": 0, "withheld": 1, "waiting": 0, "to_come": 2, "left_out": 0,
    }  # fmt: skip
    with pytest.raises(ValidationError):
        actions.stop(message=message, actor=manager)
    actions.resume(message=message, actor=manager)
    with pytest.raises(ValidationError):
        actions.resume(message=message, actor=manager)
    for _minute in range(3):
        actions.feed_all()
        mail.send_due()
    assert sorted(sent.to[0] for sent in mailbox()) == [f"{n}@a.example" for n in ("bakery", "farm", "late", "mill")]
    assert Message.objects.get().state == "sent"
    assert set(AuditEvent.objects.filter(actor=manager).values_list("verb", flat=True)) >= {
        "message.started", "message.stopped", "message.resumed",
    }  # fmt: skip


def test_what_all_was_handed_over_can_still_be_stopped_until_it_is_sent(message, manager, mailbox):
    message = begin(message, manager)
    assert message.state == "sent"
    actions.stop(message=message, actor=manager)
    assert mailbox() == []
    actions.resume(message=message, actor=manager)
    actions.feed_all()
    assert len(mailbox()) == 4
    with pytest.raises(ValidationError, match="sent already"):
        actions.stop(message=Message.objects.get(), actor=manager)


def test_what_may_have_arrived_when_it_was_stopped_does_not_go_again(message, manager):
    begin(message, manager)
    held = mail.claim()
    actions.stop(message=message, actor=manager)
    OutgoingEmail.objects.filter(pk=held.pk).update(lease_until=timezone.now() - datetime.timedelta(hours=1))
    mail.send_due()  # closes what a worker that died had held
    actions.resume(message=message, actor=manager)
    held.refresh_from_db()
    assert held.state == "not_sent"
    assert OutgoingEmail.objects.filter(state="waiting").count() == 3


def test_who_is_erased_meanwhile_gets_nothing(manager, settings, mailbox):
    settings.MESSAGES_AT_A_TIME = 1
    first, zoe = (GroupMemberFactory(group=group).user for group in 2 * [GroupFactory()])
    message = begin(
        MessageToManyFactory(whom="groups", chosen={"groups": [first.group_memberships.get().group_id]}), manager
    )
    erase(user=zoe, actor=zoe)
    mail.send_due()
    actions.feed_all()
    assert [sent.to[0] for sent in mailbox() if sent.subject == message.subject] == [first.email]
    assert actions.progress_of(message)["to_come"] == 0


# News: asked for, and stopped with one press ----------------------------------------------------


@pytest.fixture
def reader():
    return NewsWishFactory(user__email="reader@a.example").user


@pytest.fixture
def newsletter(reader, manager):
    return begin(MessageToManyFactory(whom="news", is_news=True), manager)


def test_news_carries_the_headers_by_which_one_press_stops_it(newsletter, mailbox, reader):
    (sent,) = mailbox()
    link = re.fullmatch("<(.+)>", sent.extra_headers["List-Unsubscribe"])[1]
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in sent.body
    press = Client(enforce_csrf_checks=True)
    assert press.get(link).status_code == press.head(link).status_code == 200
    assert news.wants_it(reader)
    answer = press.post(link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert not news.wants_it(reader)
    assert "You get no more news" in press.get(link).content.decode()
    press.post(link, {"again": "yes"})
    assert news.wants_it(reader)


def test_a_guessed_link_stops_nobodys_news(client, reader):
    stop_url = reader.news_wish.stop_url
    for link in (stop_url[:-2] + "x/", reverse("news-stop", args=[str(reader.pk)])):
        assert client.post(link).status_code == 404
    assert news.wants_it(reader)


def test_who_stops_the_news_gets_none_of_what_waits(newsletter, reader, mailbox, manager):
    assert news.stop(user=reader)
    assert not news.stop(user=reader)
    assert mailbox() == []
    assert OutgoingEmail.objects.get().reason == "They stopped the news."
    with pytest.raises(ValidationError):
        actions.stop(message=newsletter, actor=manager)


def test_who_stops_the_news_while_it_is_being_sent_is_left_out(manager, settings, reader):
    settings.MESSAGES_AT_A_TIME = 1
    other = NewsWishFactory().user
    message = begin(MessageToManyFactory(whom="news", is_news=True), manager)
    news.stop(user=other)
    mail.send_due()
    actions.feed_all()
    assert actions.progress_of(message)["left_out"] == 1
    assert Message.objects.get().state == "sent"


def test_stopping_a_message_and_going_on_does_not_undo_who_stopped_the_news(newsletter, reader, manager, mailbox):
    actions.stop(message=newsletter, actor=manager)
    news.stop(user=reader)
    actions.resume(message=newsletter, actor=manager)
    assert mailbox() == []


def test_in_ones_account_one_asks_and_stops(client_of):
    user = UserFactory()
    client = client_of(user)
    page = reverse("account-news")
    assert "You do not get our news." in client.get(page).content.decode()
    client.post(page, {"ask": "yes"})
    assert NewsWish.objects.get(user=user).how == "account"
    assert "You get our news by e-mail." in client.get(page).content.decode()
    client.post(page, {"stop": "yes"})
    assert not news.wants_it(user)


@pytest.mark.parametrize("wants", [True, False])
def test_news_asked_for_when_signing_waits_for_the_address_to_be_confirmed(wants):
    signing = SigningFactory(declared=True, kind="resident")
    signing.answers = {
        "who": {"name": "Rose", "email": signing.email},
        "where": {"district": str(DistrictFactory().pk)},
        "publicity": {"show_name": False},
        "news": wants,
    }
    signing.save()
    assert not NewsWish.objects.exists()
    signing_actions.confirm(signing=signing)
    assert [wish.how for wish in NewsWish.objects.all()] == (["signing"] if wants else [])


# The pages ------------------------------------------------------------------------------------


def test_the_manager_writes_to_one_district(county, manager, client_of, mailbox, django_capture_on_commit_callbacks):
    client = client_of(manager)
    add = reverse("admin:desk_message_add")
    assert "Write a subject." in client.post(add, {"whom": "partners", "save": "yes"}).content.decode()
    form = {
        "subject": "Oxford",
        "words": "We meet.",
        "whom": "partners",
        "districts": [county["oxford"]],
        "save": "yes",
    }
    answer = client.post(add, form, follow=True)
    place, page = answer.request["PATH_INFO"], answer.content.decode()
    assert "2 people would get this, each once." in page
    client.post(place, {"try": "yes"})
    assert [sent.to for sent in mailbox()] == [[manager.email]]
    seen = re.search('name="seen" value="([0-9a-f]+)"', page)[1]
    with django_capture_on_commit_callbacks(execute=True):
        client.post(place, {"send": "yes", "seen": seen})
        client.post(place, {"send": "yes", "seen": seen})
    assert sorted(sent.to[0] for sent in mailbox()[1:]) == ["bakery@a.example", "late@a.example"]
    assert "2 of 2 sent" in client.get(place).content.decode()
    twice = OutgoingEmail.objects.values("key").annotate(n=Count("pk")).filter(n__gt=1, key__isnull=False)
    assert not twice.exists()


def test_a_message_to_groups_needs_a_group(manager, client_of):
    form = {"subject": "Hi", "words": "We meet.", "whom": "groups", "save": "yes"}
    page = client_of(manager).post(reverse("admin:desk_message_add"), form).content.decode()
    assert "Choose at least one group." in page
    assert not Message.objects.exists()


def test_a_stopped_message_says_what_is_held_back(message, manager, client_of):
    begin(message, manager)
    place = reverse("admin:desk_message_change", args=[message.pk])
    page = client_of(manager).post(place, {"stop": "yes"}, follow=True).content.decode()
    assert "4 held back" in page
    assert "Go on where it stopped" in page
    OutgoingEmailFactory(to="elsewhere@a.example")
    client_of(manager).post(place, {"resume": "yes"})
    assert OutgoingEmail.objects.filter(state="waiting").count() == 5
