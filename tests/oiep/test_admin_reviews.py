"""The manager's pages about progress reviews: who may open them, what they do, and how they are in a real browser."""

import datetime
import io
import re
import uuid

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from oiep import audit
from oiep.day import run_day
from oiep.models import OutgoingEmail
from oiep.moderation import State
from pledges.actions.answers import save_answer, send_in
from pledges.actions.reminders import remind
from pledges.models import Answer, Review
from tests.axe import faults
from tests.factories import (
    AnswerFactory,
    EvidenceFactory,
    ManagerFactory,
    PartnerFactory,
    PledgeFactory,
    ReviewFactory,
    UserFactory,
)
from tests.html import Page
from tests.pledges.answering import ON_TRACK

pytestmark = pytest.mark.django_db
LIST = "/admin/pledges/review/"


def day(number):
    return timezone.localdate() + datetime.timedelta(days=number)


def make_review(days_ago=40, *, name=None, **options):
    noon = datetime.time(12, tzinfo=timezone.get_default_timezone())
    signed = datetime.datetime.combine(day(-days_ago - 365), noon)
    if name:
        options["partner__name"] = name
    return ReviewFactory(round_on=day(-days_ago), partner__approved_at=signed, **options)


@pytest.fixture
def review(db):
    return make_review(name="Isis Bakery")


@pytest.fixture
def pledge(review):
    return PledgeFactory(approved=True, partner=review.partner, measure="Hires", unit="people", target=4)


@pytest.fixture
def client(client_of, manager):
    return client_of(manager)


def text_of(response):
    assert response.status_code == 200
    return Page(response).text


def pages_about(review):
    return [
        LIST,
        f"{LIST}{review.pk}/change/",
        f"{LIST}{review.pk}/history/",
        f"{LIST}{review.pk}/explanation/",
        f"{LIST}extend/?reviews={review.pk}",
        f"{LIST}write/?reviews={review.pk}",
        f"{LIST}move/",
        f"{LIST}import/",
        f"{LIST}export/",
        f"/admin/pledges/case/{review.partner_id}/pause/",
    ]


# Who may ----------------------------------------------------------------------------------------


def test_manager_opens_every_page(client, review):
    assert [client.get(page).status_code for page in pages_about(review)] == [200] * 10


@pytest.mark.parametrize("make", [UserFactory, lambda: UserFactory(is_staff=True)])
def test_others_open_none(client_of, review, make):
    client = client_of(make())
    for page in pages_about(review):
        for answer in (client.get(page), client.post(page)):
            assert answer.status_code in (302, 403), page
            assert "/login/" in answer.get("Location", "/login/")


def test_strangers_sign_in_first(review):
    for page in pages_about(review):
        assert Client().get(page).status_code == 302


def test_who_may_only_look_changes_nothing(client_of, review):
    looker = UserFactory(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_review"))
    client = client_of(looker)
    assert client.get(LIST).status_code == client.get(f"{LIST}export/").status_code == 200
    text = text_of(client.get(f"{LIST}{review.pk}/change/"))
    assert "Extend…" not in text
    assert "Take it by telephone" not in text
    for page in ("extend", "write", "move", "import", f"{review.pk}/telephone", f"{review.pk}/explanation"):
        assert client.post(f"{LIST}{page}/", {"reviews": review.pk}).status_code == 403, page
    chosen = {"action": "extend_several", "_selected_action": [review.pk]}
    client.post(LIST, chosen)
    review.refresh_from_db()
    assert review.due_on == review.round_on


def test_nobody_adds_deletes_or_rewrites_a_review(client, review):
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{review.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{review.pk}/change/", {"state": "approved"}).status_code == 403


def test_unknown_review_is_404(client):
    for page in ("999999/change", "999999/telephone", "999999/explanation", "x/change"):
        assert client.get(f"{LIST}{page}/").status_code == 404


# The list and the desk --------------------------------------------------------------------------


def test_list_says_who_and_why(client, review):
    remind(review=review)
    text = text_of(client.get(LIST))
    for words in ("Isis Bakery", "overdue since", "last e-mail : goes on", "the next message went instead"):
        assert words in text


def test_list_filters(client, review):
    make_review(-20, name="Cherwell Cycles")
    make_review(100, name="Thame Timber")
    names = ("Isis Bakery", "Cherwell Cycles", "Thame Timber")
    found = {}
    for where in ("", "due", "overdue", "silent", "paused", "nonsense"):
        text = text_of(client.get(f"{LIST}?where={where}"))
        found[where] = [name for name in names if name in text]
    assert found == {
        "": ["Isis Bakery", "Cherwell Cycles", "Thame Timber"],
        "due": ["Cherwell Cycles"],
        "overdue": ["Isis Bakery", "Thame Timber"],
        "silent": ["Thame Timber"],
        "paused": [],
        "nonsense": ["Isis Bakery", "Cherwell Cycles", "Thame Timber"],
    }


def test_list_takes_the_same_queries_with_one_review_and_many(client, review):
    def queries():
        with CaptureQueriesContext(connection) as found:
            client.get(LIST)
        return len(found)

    client.get(LIST)
    first = queries()
    assert first == 7
    for n in range(6):
        remind(review=make_review(n))
    assert queries() == first


def test_desk_counts_and_leads_to_the_lists(client, review):
    make_review(100)
    answer = client.get("/admin/")
    text = text_of(answer)
    for words in (
        "0 due",
        "2 overdue",
        "1 of these silent",
        "0 lapsed this month",
        "The day's work has not been done yet",
    ):
        assert words in text
    for link in re.findall(r'href="(/admin/pledges/review/\?[^"]*)"', answer.content.decode()):
        assert client.get(link).status_code == 200


def test_desk_says_what_the_days_work_did(client, review):
    run_day()
    run_day()
    text = text_of(client.get("/admin/"))
    assert "Reminders recorded, each with its e-mail or the reason why there is none: 1" in text
    assert "Reviews opened" not in text


# One review ---------------------------------------------------------------------------------------


def test_review_keeps_what_is_not_sent_in_to_its_partner(client, review, pledge):
    save_answer(review=review, pledge=pledge, values=ON_TRACK | {"words": "Half written."})
    text = text_of(client.get(f"{LIST}{review.pk}/change/"))
    assert "Not sent in yet: 1 of 1 pledge is answered." in text
    assert "Half written." not in text
    send_in(review=review)
    assert "Half written." in text_of(client.get(f"{LIST}{review.pk}/change/"))


def test_explanation_is_taken_out_with_a_word_to_the_partner(client, review, mailbox):
    Review.objects.update(explanation="Our shop burnt down.")
    assert "Our shop burnt down." in text_of(client.get(f"{LIST}{review.pk}/change/"))
    assert "Our shop burnt down." in text_of(client.get(f"/admin/pledges/case/{review.partner_id}/change/"))
    page = f"{LIST}{review.pk}/explanation/"
    assert "Write why." in text_of(client.post(page, {"reason": " "}))
    client.post(page, {"reason": "It names a person."})
    assert Review.objects.get().explanation == ""
    (letter,) = mailbox()
    assert letter.subject == "We took your explanation out"
    assert "> It names a person." in letter.body
    assert "There is no explanation any more." in text_of(client.post(page, {"reason": "Again."}, follow=True))


# Levers ---------------------------------------------------------------------------------------------


def extend(client, *reviews, due_on=None, **data):
    keys = ",".join(str(review.pk) for review in reviews)
    data = {"reviews": keys, "due_on": (due_on or day(60)).isoformat(), "reason": "Illness.", **data}
    return client.post(f"{LIST}extend/", data, follow=True)


def test_extending_shows_first_and_then_does(client, manager, review):
    answered = make_review(submitted=True, name="Cherwell Cycles")
    text = text_of(extend(client, review, answered))
    assert "Nothing has happened yet. This is what happens to 1 review when you confirm." in text
    assert "It was answered or has closed, so its date cannot be moved." in text
    review.refresh_from_db()
    assert review.due_on == day(-40)
    text = text_of(extend(client, review, answered, confirm="yes"))
    assert "1 review is extended." in text
    assert "Cherwell Cycles: This review was answered or has closed" in text
    review.refresh_from_db()
    assert review.due_on == day(60)
    last = review.due_dates.last()
    assert (last.set_by, last.reason) == (manager, "Illness.")


@pytest.mark.parametrize(
    ("days", "words"), [(-50, "Only a day from"), (400, "Only a day from"), (1, "Due on"), (280, "Due on")]
)
def test_day_out_of_reach_is_said_before(client, review, days, words):
    assert words in text_of(extend(client, review, due_on=day(days)))


@pytest.mark.parametrize("data", [{"due_on": "soon"}, {"due_on": "2027-02-30"}, {"reason": ""}, {"reason": "a\u202eb"}])
def test_wrong_input_extends_nothing(client, review, data):
    answer = client.post(
        f"{LIST}extend/",
        {"reviews": review.pk, "due_on": day(60).isoformat(), "reason": "Illness.", "confirm": "yes", **data},
    )
    assert "<title>Error:" in " ".join(answer.content.decode().split())
    review.refresh_from_db()
    assert review.due_on == review.round_on


@pytest.mark.parametrize("reviews", ["", "x", "0", "-1", "999999", "9" * 30, "1;2"])
def test_choice_of_nothing_says_so(client, reviews):
    for page in ("extend", "write"):
        assert "Choose reviews in the list first." in text_of(client.get(f"{LIST}{page}/?reviews={reviews}"))


def test_writing_shows_the_letter_and_sends_it_once(client, review, mailbox):
    nobody = make_review(name="Nobody here", partner__lead=None)
    data = {
        "reviews": f"{review.pk},{nobody.pk}", "subject": "Can we help?", "words": "<b>Call</b> us.",
        "number": str(uuid.uuid4()),
    }  # fmt: skip
    text = text_of(client.post(f"{LIST}write/", data))
    assert "> <b>Call</b> us." in text
    assert "It has no lead to write to." in text
    assert not OutgoingEmail.objects.exists()
    for _press in range(2):
        answer = client.post(f"{LIST}write/", {**data, "confirm": "yes"}, follow=True)
    (letter,) = mailbox()
    assert letter.subject == "Can we help?"
    assert "Nobody here: It has no lead to write to." in text_of(answer)


@pytest.mark.parametrize("subject", ["", "a\x0bBcc: x@example.org", "x" * 151])
def test_subject_is_one_clean_line(client, review, subject):
    data = {"reviews": review.pk, "subject": subject, "words": "Hello.", "confirm": "yes"}
    assert client.post(f"{LIST}write/", data).status_code == 200
    assert not OutgoingEmail.objects.exists()


def test_actions_of_the_list_lead_to_the_levers(client, review):
    for action, page in (("extend_several", "extend"), ("write_to_several", "write")):
        answer = client.post(LIST, {"action": action, "_selected_action": [review.pk]})
        assert answer["Location"] == f"{LIST}{page}/?reviews={review.pk}"


def test_moving_everybody_shows_numbers_and_moves_once(client, review):
    make_review(100, name="Thame Timber")
    data = {"days": "12", "reason": "The server was down.", "number": str(uuid.uuid4())}
    text = text_of(client.post(f"{LIST}move/", data))
    assert "2 due dates move. It is about 2 partners." in text
    assert "Overdue now: 2. Overdue after the move: 1." in text
    review.refresh_from_db()
    assert review.due_on == day(-40)
    assert "2 due dates moved." in text_of(client.post(f"{LIST}move/", {**data, "confirm": "yes"}, follow=True))
    assert "Nothing moved" in text_of(client.post(f"{LIST}move/", {**data, "confirm": "yes"}, follow=True))
    review.refresh_from_db()
    assert review.due_on == day(-28)


@pytest.mark.parametrize("data", [{"days": "0"}, {"days": "184"}, {"days": "x"}, {"days": ""}, {"reason": ""}])
def test_move_that_makes_no_sense_is_refused(client, review, data):
    data = {"days": "12", "reason": "Down.", "number": str(uuid.uuid4()), "confirm": "yes", **data}
    assert client.post(f"{LIST}move/", data).status_code == 200
    review.refresh_from_db()
    assert review.due_on == day(-40)


def test_pausing_and_ending_the_pause(client, manager, review):
    case = f"/admin/pledges/case/{review.partner_id}/"
    data = {"until": day(90).isoformat(), "reason": "They move house."}
    text = text_of(client.post(f"{case}pause/", data, follow=True))
    assert f"Isis Bakery is paused until {day(90).strftime('%-d %B %Y')}." in text
    assert "They move house." in text
    assert review.partner.pauses.get().set_by == manager
    assert "This partner is paused already." in text_of(client.post(f"{case}pause/", data))
    assert client.get(f"{case}end-pause/").status_code == 302
    assert review.partner.pauses.current(day(0)).exists()
    assert "The pause of Isis Bakery has ended." in text_of(client.post(f"{case}end-pause/", follow=True))
    assert not review.partner.pauses.current(day(0)).exists()
    assert "This partner is not paused." in text_of(client.post(f"{case}end-pause/", follow=True))


@pytest.mark.parametrize("days", [0, -1, 190])
def test_pause_is_at_most_six_months(client, review, days):
    data = {"until": day(days).isoformat(), "reason": "x"}
    text = text_of(client.post(f"/admin/pledges/case/{review.partner_id}/pause/", data))
    assert "Choose a day from" in text
    assert not review.partner.pauses.exists()


# By telephone -------------------------------------------------------------------------------------


def test_review_by_telephone_is_recorded_with_who_wrote_it_down(client, manager, review, pledge, mailbox):
    answer = client.post(f"{LIST}{review.pk}/telephone/")
    assert answer["Location"] == f"/reviews/{review.token}/"
    assert "You write down what Isis Bakery tells you by telephone." in text_of(client.get(answer["Location"]))
    save_answer(review=review, pledge=pledge, values=ON_TRACK)
    answer = client.post(f"/reviews/{review.token}/check/")
    assert answer["Location"] == f"/admin/pledges/case/{review.partner_id}/change/"
    review.refresh_from_db()
    assert (review.state, review.recorded_by) == (State.SUBMITTED, manager)
    assert audit.trail(review).filter(verb="review.submit").get().actor == manager
    assert "Thank you for telling us by telephone" in mailbox()[0].body


def test_another_review_or_a_plain_link_is_not_by_telephone(client, review, pledge):
    other = make_review(name="Cherwell Cycles")
    client.post(f"{LIST}{other.pk}/telephone/")
    save_answer(review=review, pledge=pledge, values=ON_TRACK)
    assert "by telephone" not in text_of(client.get(f"/reviews/{review.token}/"))
    client.post(f"/reviews/{review.token}/check/")
    review.refresh_from_db()
    assert (review.state, review.recorded_by) == (State.SUBMITTED, None)


def test_what_was_sent_in_is_not_taken_by_telephone(client, review, pledge):
    save_answer(review=review, pledge=pledge, values=ON_TRACK)
    send_in(review=review)
    assert "cannot be filled in now" in text_of(client.post(f"{LIST}{review.pk}/telephone/", follow=True))
    assert client.get(f"{LIST}{review.pk}/telephone/")["Location"] == f"{LIST}{review.pk}/change/"


# Figures --------------------------------------------------------------------------------------------


def csv_of(client, *, figure="3"):
    content = b"".join(client.get(f"{LIST}export/")).decode()
    return content.replace(",,,\r\n", f",on track,{figure},We hired.\r\n").encode()


def upload(client, content, name="figures.csv"):
    return client.post(f"{LIST}import/", {"file": SimpleUploadedFile(name, content)}, follow=True)


def seen_on(answer):
    return re.search(r'name="seen" value="(\w+)"', answer.content.decode())[1]


def test_export_is_a_file_to_save(client, review, pledge):
    answer = client.get(f"{LIST}export/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="review-figures-{day(0).isoformat()}.csv"'
    other = make_review()
    PledgeFactory(approved=True, partner=other.partner)
    chosen = client.post(LIST, {"action": "export_figures", "_selected_action": [other.pk]})
    lines = b"".join(chosen).decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [str(other.pk)]


def test_import_shows_first_and_then_brings_in(client, manager, review, pledge):
    preview = upload(client, csv_of(client))
    text = text_of(preview)
    assert "Nothing has changed yet. 1 row changes something, in 1 review." in text
    assert "progress : on track" in text
    assert not Answer.objects.exists()
    place = preview.redirect_chain[-1][0]
    data = {"seen": seen_on(preview), "confirm": "yes", "sending": "yes"}
    text = text_of(client.post(place, data, follow=True))
    assert "1 row is brought in." in text
    assert "1 review is sent in." in text
    review.refresh_from_db()
    assert (Answer.objects.get().figure, review.state, review.recorded_by) == (3, State.SUBMITTED, manager)
    assert "not kept any more" in text_of(client.post(place, data, follow=True))


def test_import_says_what_is_wrong_by_row_and_column(client, review, pledge):
    preview = upload(client, csv_of(client, figure="<b>many</b>"))
    assert "1 row is wrong" in text_of(preview)
    assert "2 figure “<b>many</b>” is no number" in text_of(preview)
    assert "Bring in" not in text_of(preview)
    client.post(preview.redirect_chain[-1][0], {"seen": seen_on(preview), "confirm": "yes"})
    assert not Answer.objects.exists()


def test_import_of_what_changed_meanwhile_is_shown_again(client, review, pledge):
    preview = upload(client, csv_of(client))
    save_answer(review=review, pledge=pledge, values=ON_TRACK | {"words": "Ours."})
    answer = client.post(preview.redirect_chain[-1][0], {"seen": seen_on(preview), "confirm": "yes"})
    assert "Something changed after you looked." in text_of(answer)
    assert Answer.objects.get().words == "Ours."
    client.post(preview.redirect_chain[-1][0], {"seen": seen_on(answer), "confirm": "yes"})
    assert Answer.objects.get().words == "We hired."


def test_upload_is_kept_for_its_user_alone_and_can_be_dropped(client, client_of, review, pledge):
    preview = upload(client, csv_of(client))
    place = preview.redirect_chain[-1][0]
    other = client_of(ManagerFactory())
    assert other.get(place).status_code == 302
    assert other.post(place, {"seen": seen_on(preview), "confirm": "yes"}).status_code == 302
    assert not Answer.objects.exists()
    assert client.get(place).status_code == 200
    client.post(place, {"drop": "yes"})
    assert client.get(place).status_code == 302


def test_confirmation_without_a_look_is_none(client, review, pledge):
    preview = upload(client, csv_of(client))
    client.post(preview.redirect_chain[-1][0], {"confirm": "yes"})
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "This file is empty. Choose another one."),
        (b"PK\x03\x04x", "This is a workbook, not a CSV file."),
        (b"a,b\n1,2\n", "has no column “review”"),
        (b"x" * (10 * 1024 * 1024 + 1), "larger than 10\xa0MB"),
    ],
)
def test_file_that_cannot_be_read_is_refused_at_once(client, content, words):
    answer = upload(client, content)
    assert words.replace("\xa0", " ") in text_of(answer).replace("\xa0", " ")
    assert "<title>Error:" in " ".join(answer.content.decode().split())


def test_no_file_is_refused(client):
    assert "Choose a file." in text_of(client.post(f"{LIST}import/"))


def test_exported_words_cannot_run(client, review, pledge):
    AnswerFactory(review=review, pledge=pledge, words='=HYPERLINK("http://evil.example")')
    PledgeFactory(approved=True, partner=review.partner, statement="+SUM(1)\n@x;=y")
    import csv

    text = b"".join(client.get(f"{LIST}export/")).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


# In a real browser ----------------------------------------------------------------------------------


@pytest.fixture
def everything(transactional_db):
    manager = ManagerFactory(name="Mary Manager")
    overdue = make_review(name="Isis Bakery")
    PledgeFactory(approved=True, partner=overdue.partner, measure="Hires", unit="people", target=4)
    remind(review=overdue)
    Review.objects.update(explanation="Our shop burnt down.")
    waiting = make_review(35, submitted=True, name="Cherwell Cycles", help_wanted="A tutor.", recruitment="Two.")
    for progress in ("achieved", "on_track", "behind", "stopped"):
        pledge = PledgeFactory(
            approved=True, partner=waiting.partner, measure="Hires", unit="people", target=4, baseline=1
        )
        answer = AnswerFactory(
            review=waiting, pledge=pledge, progress=progress, figure=2, next="" if progress == "stopped" else "renew",
            reason="Moved." if progress == "stopped" else "", evidence_url="https://example.org/a",
        )  # fmt: skip
    EvidenceFactory(answer=answer)
    make_review(100, name="Thame Timber")
    run_day()
    return manager, overdue, waiting


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_axe_finds_nothing_and_pages_fit(open_page, sign_in, everything, width, scheme, tmp_path):
    manager, overdue, waiting = everything
    page = open_page(width=width, color_scheme=scheme, bypass_csp=True)  # axe itself needs inline styles
    sign_in(page, manager)
    found = []
    addresses = [page for page in pages_about(overdue) if "export" not in page]
    addresses += ["/admin/", f"{LIST}{waiting.pk}/change/", f"{LIST}?where=silent", f"{LIST}?q=nothing"]
    addresses += [f"/admin/pledges/case/{review.partner_id}/change/" for review in (overdue, waiting)]
    for address in addresses:
        assert page.goto(address).status == 200, address
        found += [(page.url, fault) for fault in faults(page)]

    page.goto(LIST)
    page.get_by_label("Select this object for an action - progress review").first.check()
    page.get_by_role("button", name="Write to their leads…").click()
    page.get_by_role("button", name="Show what will happen").click()
    found += [(page.url, fault) for fault in faults(page)]  # with an error
    page.get_by_label("Your message").fill("Can we help?")
    page.get_by_role("button", name="Show what will happen").click()
    page.locator("summary").first.click()
    found += [(page.url, fault) for fault in faults(page)]  # with the preview

    page.goto(f"{LIST}move/")
    page.get_by_label("By how many days").fill("12")
    page.get_by_label("Why").fill("The server was down.")
    page.get_by_role("button", name="Show what will happen").click()
    page.get_by_role("button", name="Move 2 dates").wait_for()
    found += [(page.url, fault) for fault in faults(page)]

    for progress in ("on track", "wonderful"):
        path = tmp_path / "figures.csv"
        pledge = overdue.partner.pledges.get()
        path.write_text(f"review,pledge,progress,figure,words\n{overdue.pk},{pledge.pk},{progress},3,Hired\n")
        page.goto(f"{LIST}import/")
        page.get_by_label("CSV file").set_input_files(path)
        page.get_by_role("button", name="Show what it would do").click()
        page.get_by_role("heading", name="What the file would do").wait_for()
        found += [(page.url, fault) for fault in faults(page)]
    assert found == []


@pytest.mark.django_db(transaction=True)
def test_manager_takes_a_review_by_telephone_and_approves_it(open_page, sign_in, everything):
    """`open_page` fails the test when the browser refuses anything for the Content-Security-Policy."""
    manager, overdue, _waiting = everything
    page = open_page(width=320)
    sign_in(page, manager)
    page.goto("/admin/")
    page.get_by_role("link", name="2 overdue").click()
    page.get_by_role("link", name="Isis Bakery").click()
    page.get_by_role("button", name="Take it by telephone").click()
    page.get_by_text("You write down what Isis Bakery tells you by telephone.").wait_for()
    save_answer(review=overdue, pledge=overdue.partner.pledges.get(), values=ON_TRACK)
    page.goto(f"/reviews/{overdue.token}/check/")
    page.locator("main form button.btn-primary").click()
    page.get_by_role("heading", name="A progress review, for").wait_for()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Nothing of it waits for your decision.").wait_for()
    overdue.refresh_from_db()
    assert (overdue.state, overdue.recorded_by) == (State.APPROVED, manager)


@pytest.mark.django_db(transaction=True)
def test_pages_keep_to_the_content_security_policy(page, sign_in, everything):
    manager, overdue, waiting = everything
    sign_in(page, manager)
    for address in [*pages_about(overdue), f"/admin/pledges/case/{waiting.partner_id}/change/"]:
        if "export" not in address:
            assert "unsafe" not in page.goto(address).headers["content-security-policy"]


def test_urls_have_their_names():
    assert reverse("admin:pledges_review_move") == f"{LIST}move/"


def test_partner_without_reviews_shows_none(client):
    partner = PartnerFactory(approved=True)
    assert "None has opened yet." in text_of(client.get(f"/admin/pledges/case/{partner.pk}/change/"))
