"""Following by e-mail: nobody is written to who has not confirmed it, each period once, and one press ends it."""

import datetime
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail as outbox
from django.db import connection
from django.test import Client

from oiep import email as mail
from oiep.day import run_day as run_all
from oiep.models import OutgoingEmail
from oiep.privacy.erasing import erase, erase_unused
from oiep.reach import digests
from oiep.reach.models import Follow, Follower
from tests.factories import (
    DistrictFactory,
    EventFactory,
    FollowFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    StoryFactory,
    UserFactory,
)
from tests.html import Page
from tests.pledges.days import date, on

pytestmark = pytest.mark.django_db
ASKED = {"email": "Reader@Example.org", "rhythm": "weekly"}


@pytest.fixture
def jobs():
    return PriorityAreaFactory(short_name="Jobs", slug="jobs")


def path_in(text, words):
    """The path of the link that stands after some words in a message."""
    return re.search(rf"{words}: http://testserver(\S+)", text)[1]


# Asking and confirming ------------------------------------------------------------------------


def test_somebody_follows_an_area_once_they_have_confirmed_it(client, jobs, mailbox):
    answer = client.post("/follow/areas/jobs/", ASKED)
    assert answer["Location"] == "/follow/areas/jobs/sent/"
    assert Page(client.get(answer["Location"])).faults == []
    [letter] = mailbox()
    assert letter.to == ["reader@example.org"]
    link = path_in(letter.body, "Confirm")
    for _time in range(3):
        page = client.get(link)  # as mail scanners do
    assert Page(page).faults == []
    assert not Follow.objects.confirmed().exists()
    there = client.post(link)["Location"]
    client.post(link)
    assert Follow.objects.confirmed().count() == 1
    managed = client.get(there)
    assert Page(managed).faults == []
    assert "Jobs" in Page(managed).text
    assert managed["X-Robots-Tag"] == "noindex"


def test_first_message_holds_nothing_that_a_stranger_typed(client, jobs, mailbox):
    client.post("/follow/areas/jobs/", {**ASKED, "name": "BUY NOW", "fax": "", "subject": "http://evil.example"})
    [letter] = mailbox()
    assert "BUY" not in letter.body + letter.subject
    assert set(re.findall(r"https?://[^/\s]+", letter.body)) == {"http://testserver"}


def test_page_says_the_same_of_an_address_that_is_known(client, jobs, mailbox):
    FollowFactory(confirmed=True, follower__email="reader@example.org", area=jobs)
    known = client.post("/follow/areas/jobs/", ASKED)
    unknown = Client().post("/follow/areas/jobs/", {**ASKED, "email": "new@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    told = {letter.to[0]: letter.subject for letter in mailbox()}
    assert told == {
        "reader@example.org": "You follow Jobs already",
        "new@example.org": "Confirm what you follow",
    }
    assert Follow.objects.filter(follower__email="reader@example.org").count() == 1


def test_address_gets_three_such_messages_a_day_over_all_features(client, jobs, mailbox):
    mail.queue(to="reader@example.org", template="erased", context={}, unproven=True)
    oxford, bakery = DistrictFactory(slug="oxford"), PartnerFactory(name="Bakery", approved=True)
    for path in ("areas/jobs", f"places/{oxford.slug}", f"partners/{bakery.slug}", "areas/jobs"):
        assert client.post(f"/follow/{path}/", ASKED).status_code == 302
    assert len(mailbox()) == 3


def test_too_many_from_one_source_are_refused(client, settings, jobs):
    settings.FOLLOW_LIMITS_BY_SOURCE = ((2, 3600),)
    answers = [
        client.post("/follow/areas/jobs/", {**ASKED, "email": f"reader{n}@example.org"}).status_code for n in range(4)
    ]
    assert answers == [302, 302, 429, 429]
    assert Follower.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"email": "nobody"}, "Enter an e-mail address"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "e-mail address"),
        ({"rhythm": "hourly"}, "Choose"),
        ({"fax": "yes"}, "robot"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_sent(client, jobs, values, words):
    answer = client.post("/follow/areas/jobs/", {**ASKED, **values})
    assert words in Page(answer).text
    assert not Follower.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_link_works_a_week_and_the_request_goes_after(client, jobs, mailbox):
    with on(date("2027-03-01")):
        client.post("/follow/areas/jobs/", ASKED)
        [letter] = mailbox()
    link = path_in(letter.body, "Confirm")
    with on(date("2027-03-09")):
        for answer in (client.get(link), client.post(link)):
            assert answer.status_code == 410
        assert digests.run_day()["follows"] == 1
        assert not Follower.objects.exists()
        assert client.get(link).status_code == 404
        assert digests.run_day() == {"digests": 0, "follows": 0, "failed": 0}
    assert OutgoingEmail.objects.get().to == ""


def test_unconfirmed_request_beside_others_goes_alone(jobs):
    with on(date("2027-03-01")):
        follow = FollowFactory(confirmed=True, area=jobs)
        FollowFactory(follower=follow.follower, place=DistrictFactory())
    with on(date("2027-03-09")):
        digests.run_day()
    assert [*Follow.objects.all()] == [follow]


# The digest -----------------------------------------------------------------------------------

MONDAY, NEXT_MONDAY = date("2027-03-08"), date("2027-03-15")


def moment(text):
    return datetime.datetime.combine(date(text), datetime.time(12), datetime.UTC)


def fill(jobs, day):
    """What happens on a day, in the area and outside it."""
    bakery = PartnerFactory(name="Bakery", approved=True, decided_at=moment(day), areas=[jobs])
    PledgeFactory(approved=True, partner=bakery, area=jobs, statement="Train ten people.", started_on=date(day))
    PledgeFactory(submitted=True, partner=bakery, area=jobs, statement="A secret.")
    PartnerFactory(name="Mill", approved=True, decided_at=moment(day))
    ResidentFactory(name="Rowan", approved=True, decided_at=moment(day), areas=[jobs])
    StoryFactory(title="Second chances", approved=True, decided_at=moment(day), areas=[jobs])
    StoryFactory(title="Hidden", approved=True, decided_at=moment(day), areas=[jobs], shows_people=True)
    fair = EventFactory(title="Jobs fair", published=True, published_at=moment(day), starts_at=moment("2027-05-01"))
    fair.areas.add(jobs)
    return bakery


def test_digest_says_what_is_new_once_and_stops_by_one_press(client, jobs, mailbox):
    with on(date("2027-03-03")):
        follow = FollowFactory(confirmed=True, follower__email="reader@example.org", area=jobs)
        FollowFactory(follower__email="unconfirmed@example.org", area=jobs)
    with on(date("2027-03-04")):
        fill(jobs, "2027-03-04")
    with on(date("2027-03-07")):
        assert digests.run_day()["digests"] == 0  # the week is not over
    with on(MONDAY):
        assert [digests.run_day()["digests"] for _time in range(3)] == [1, 0, 0]
        [letter] = mailbox()
    assert letter.to == ["reader@example.org"]
    assert letter.subject == "New this week in what you follow"
    assert "- Bakery has signed the Charter. http://testserver/partners/bakery/" in letter.body
    assert "- Bakery pledges: “Train ten people.” http://testserver/pledges/" in letter.body
    assert "- A story: Second chances http://testserver/stories/" in letter.body
    assert "Event on 1 May 2027: Jobs fair" in letter.body
    assert not re.search("secret|Hidden|Mill|Rowan", letter.body)
    headers = letter.message()
    assert headers["List-Unsubscribe"] == f"<{follow.follower.stop_url}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = path_in(letter.body, "Stop all of it")
    assert Page(client.get(stop)).faults == []
    assert Follower.objects.count() == 2
    press = Client(enforce_csrf_checks=True)  # a mail program, without cookies
    answer = press.post(stop, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, Page(answer).faults) == (200, [])
    assert not Follower.objects.filter(email="reader@example.org").exists()
    assert not OutgoingEmail.objects.filter(to="reader@example.org").exists()
    assert press.post(stop).status_code == 404
    with on(NEXT_MONDAY):
        fill_again = PartnerFactory(name="Forge", approved=True, decided_at=moment("2027-03-10"), areas=[jobs])
        assert fill_again.is_published
        assert digests.run_day()["digests"] == 0


def test_each_day_is_told_once_also_when_the_scheduler_slept(jobs, mailbox):
    with on(date("2027-03-03")):
        FollowFactory(confirmed=True, area=jobs)
    for day, name in (("2027-03-03", "Abel"), ("2027-03-08", "Baker"), ("2027-03-15", "Cole"), ("2027-03-22", "Dale")):
        with on(date(day)):
            PartnerFactory(name=name, approved=True, decided_at=moment(day), areas=[jobs])
    for day in ("2027-03-08", "2027-03-24", "2027-03-29"):  # asleep for the 15th and the 22nd
        with on(date(day)):
            digests.run_day()
            digests.run_day()
            letters = [*mailbox()]
    told = [re.findall(r"- (\w+) has signed", letter.body) for letter in letters]
    assert told == [["Abel"], ["Baker", "Cole"], ["Dale"]]


def test_nothing_new_is_no_message_and_the_ledger_says_so(jobs, mailbox):
    with on(date("2027-03-03")):
        follow = FollowFactory(confirmed=True, area=jobs)
    with on(MONDAY):
        digests.run_day()
        assert mailbox() == []
    row = OutgoingEmail.objects.get()
    assert (row.key, row.state) == (f"digest/{follow.follower.pk}/weekly/2027-03-08", "not_sent")
    assert row.reason == "There was nothing new."


def test_monthly_digest_comes_on_the_first_and_a_partner_is_told_of_by_its_record(mailbox):
    with on(date("2027-03-03")):
        bakery = PartnerFactory(name="Bakery", approved=True)
        FollowFactory(confirmed=True, rhythm="monthly", partner=bakery)
    with on(date("2027-03-20")):
        PledgeFactory(approved=True, partner=bakery, area__short_name="Jobs", started_on=date("2027-03-20"))
    with on(date("2027-03-22")):
        digests.run_day()
        assert mailbox() == []
    with on(date("2027-04-01")):
        digests.run_day()
        [letter] = mailbox()
    assert letter.subject == "New this month in what you follow"
    assert "- 20 March 2027: Pledged on Jobs http://testserver/pledges/" in letter.body


def test_one_message_tells_of_all_that_an_address_follows_in_its_language(jobs, mailbox):
    bicester = DistrictFactory(name="Bicester")
    with on(date("2027-03-03")):
        follow = FollowFactory(confirmed=True, area=jobs, follower__language="pl")
        FollowFactory(confirmed=True, follower=follow.follower, place=bicester)
        PartnerFactory(name="Bakery", approved=True, areas=[jobs])
        PartnerFactory(name="Forge", approved=True, districts=[bicester])
    with on(MONDAY):
        digests.run_day()
        [letter] = mailbox()
    assert [letter.body.index(words) for words in ("Jobs", "Bakery", "Bicester", "Forge")] == sorted(
        letter.body.index(words) for words in ("Jobs", "Bakery", "Bicester", "Forge")
    )
    assert OutgoingEmail.objects.get().language == "pl"


def test_day_s_work_records_digests(jobs, mailbox):
    with on(date("2027-03-03")):
        FollowFactory(confirmed=True, area=jobs)
    with on(MONDAY):
        assert run_all()["digests"] == 1
        assert run_all()["digests"] == 0


@pytest.mark.django_db(transaction=True)
def test_digest_is_recorded_once_by_two_schedulers_at_once():
    jobs = PriorityAreaFactory(slug="jobs")
    with on(date("2027-03-03")):
        follows = [FollowFactory(confirmed=True, area=jobs) for _n in range(5)]
        PartnerFactory(name="Bakery", approved=True, areas=[jobs])

    def run(_n):
        try:
            return digests.run_day(MONDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = [*pool.map(run, range(4))]
    assert sum(each["digests"] for each in done) == len(follows)
    assert sum(each["failed"] for each in done) == 0
    assert OutgoingEmail.objects.filter(template="digest").count() == len(follows)


# Changing, and going --------------------------------------------------------------------------


def test_own_page_changes_and_ends_what_is_followed_and_nobody_else_s(client, jobs):
    mine, other = FollowFactory(confirmed=True, area=jobs), FollowFactory(confirmed=True, area=jobs)
    second = FollowFactory(confirmed=True, follower=mine.follower, place=DistrictFactory())
    page = f"/following/{mine.follower.token}/"
    client.post(page, {"follow": second.pk, f"row{second.pk}-rhythm": "monthly", "save": "yes"})
    second.refresh_from_db()
    assert second.rhythm == "monthly"
    for key in (other.pk, "0", "x", "9" * 40, ""):
        assert client.post(page, {"follow": key, "leave": "yes"}).status_code == 404
    assert client.post(page, {"follow": mine.pk, "leave": "yes"}).status_code == 302
    assert client.post(page, {"follow": second.pk, "leave": "yes"}).status_code == 200
    assert [*Follower.objects.all()] == [other.follower]
    assert client.get(page).status_code == 404


def test_a_link_that_was_tampered_with_opens_nothing(client, jobs):
    follow = FollowFactory(confirmed=True, area=jobs)
    token, confirming = follow.follower.token, follow.confirm_url.rstrip("/").rpartition("/")[2]
    for path in (
        f"/following/{token}x/",
        f"/following/{confirming}/",
        f"/following/{confirming}/stop/",
        "/following/a/",
    ):
        assert (client.get(path).status_code, client.post(path).status_code) == (404, 404)
    assert client.post(f"/following/confirm/{token}/").status_code == 404
    assert Follow.objects.confirmed().count() == 1


def test_erasing_a_person_ends_what_their_address_follows(jobs, mailbox):
    user = UserFactory(email="reader@example.org")
    FollowFactory(confirmed=True, follower__email=user.email, area=jobs)
    assert erase_unused(user=user) is False  # it hangs on the address
    erase(user=user, actor=user)
    assert not Follower.objects.exists()
    assert len(outbox.outbox) == 0


def test_nobody_follows_a_resident_or_what_is_not_public(client):
    ResidentFactory(slug="rose", approved=True)
    PartnerFactory(name="shed", submitted=True)
    PartnerFactory(name="stall", withdrawn=True)
    for slug in ("rose", "shed", "stall"):
        assert client.get(f"/follow/partners/{slug}/").status_code == 404


def test_feed_of_a_partner_is_its_record(client):
    bakery = PartnerFactory(name="Bakery", approved=True)
    PledgeFactory(approved=True, partner=bakery, area__short_name="Jobs", statement="Train <b>ten</b>.")
    PledgeFactory(submitted=True, partner=bakery, statement="A secret.")
    answer = client.get("/feeds/partners/bakery/")
    words = answer.content.decode()
    assert "<title>Pledged on Jobs</title>" in words
    assert "&lt;p&gt;Train &amp;lt;b&amp;gt;ten" in words
    assert "secret" not in words
    assert client.get("/feeds/partners/bakery/", headers={"if-none-match": answer["ETag"]}).status_code == 304
