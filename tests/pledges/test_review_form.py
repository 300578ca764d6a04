"""The pages of a review, from the link in the e-mail."""

import datetime
import re

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oiep.models import AuditEvent, OutgoingEmail
from partners.models import Pause
from pledges.actions import answers as actions
from pledges.models import Answer, Evidence, Pledge, Review
from tests.factories import (
    AnswerFactory,
    EvidenceFactory,
    ManagerFactory,
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    ResidentFactory,
    ReviewFactory,
    UserFactory,
)
from tests.html import Page
from tests.pledges.answering import ON_TRACK

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 %%EOF"


@pytest.fixture
def review():
    return ReviewFactory(partner__name="Oak Farm")


@pytest.fixture
def pledge(review):
    return PledgeFactory(approved=True, measured=True, partner=review.partner, statement="We will hire four people.")


def at(review, name="review", *args):
    return reverse(name, args=[review.token, *args])


def page(client, url):
    response = client.get(url)
    assert response.status_code == 200
    read = Page(response)
    assert read.faults == []
    return read


def posted(pledge_page="new", **values):
    return {"seen": pledge_page, "progress": "on_track", "words": "We hired two.", "next": "renew", **values}


def seen_on(client, url):
    return re.search(r'name="seen" value="([^"]*)"', client.get(url).content.decode())[1]


# The link -------------------------------------------------------------------------------------


def test_link_opens_without_signing_in_and_changes_nothing(client, review, pledge):
    before = (list(Review.objects.values()), AuditEvent.objects.count(), OutgoingEmail.objects.count())
    names = ["review-ideas", "review-adopt", "review-outcomes", "review-help", "review-explanation"]
    for url in [at(review), at(review, "review-pledge", pledge.pk), *(at(review, name) for name in names)]:
        for response in (client.get(url), client.head(url)):
            assert response.status_code == 200
            assert response["X-Robots-Tag"] == "noindex"
            assert "no-store" in response["Cache-Control"]
            # `no-referrer` would make browsers send `Origin: null` with forms; this tells other sites as little.
            assert response["Referrer-Policy"] == "same-origin"
    assert (list(Review.objects.values()), AuditEvent.objects.count(), OutgoingEmail.objects.count()) == before
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "x", lambda t: "nonsense", lambda t: "1", lambda t: t[1:]]
)
def test_link_that_is_not_ours_is_unknown(client, review, change):
    for name in ("review", "review-check", "review-explanation"):
        response = client.get(reverse(name, args=[change(review.token)]))
        assert response.status_code == 404
        assert "We do not know this link" in response.content.decode()
        assert "Oak Farm" not in response.content.decode()


def test_link_of_a_review_that_is_gone_is_unknown(client, review):
    url = at(review)
    Review.objects.all().delete()
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    ("closed", "words"),
    [
        ({"closed_at": timezone.now(), "closing": "missed"}, "the next review opened"),
        ({"closed_at": timezone.now(), "closing": "withdrawn"}, "nothing more is asked"),
    ],
)
def test_link_of_a_closed_review_says_so_and_takes_nothing(client, review, pledge, closed, words):
    Review.objects.update(**closed)
    for url in (at(review), at(review, "review-pledge", pledge.pk), at(review, "review-check")):
        for response in (client.get(url), client.post(url, posted())):
            assert response.status_code == 410
            assert words in response.content.decode()
    assert not Answer.objects.exists()


def test_link_of_a_partner_that_withdrew_says_so(client):
    review = ReviewFactory(partner=PartnerFactory(withdrawn=True))
    response = client.get(at(review))
    assert response.status_code == 410
    assert "withdrew from the Charter" in response.content.decode()


def test_paused_partner_reads_that_it_need_not_answer(client, review):
    until = timezone.localdate() + datetime.timedelta(days=20)
    Pause.objects.create(partner=review.partner, starts_on=timezone.localdate(), until=until, set_by=UserFactory())
    assert f"You are paused until {until:%-d %B %Y}" in page(client, at(review)).text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("submitted", "We have your review. Thank you"),
        ("approved", "Your review is public"),
        ("declined", "This review was not approved"),
    ],
)
def test_review_that_was_sent_in_says_where_it_stands(client, state, words):
    review = ReviewFactory(**{state: True}, help_wanted="SECRETHELP", decision_message="MANAGERWORDS")
    read = page(client, at(review))
    assert words in read.text
    assert "MANAGERWORDS" not in read.text
    assert client.get(at(review, "review-check")).headers["Location"] == at(review)


def test_words_of_the_manager_who_asks_for_changes_stand_on_the_first_page(client):
    review = ReviewFactory(changes_asked=True, decision_message="Say how many people.")
    assert "Say how many people." in page(client, at(review)).text


def test_link_shows_and_changes_nothing_but_its_review(client, pledge, review):
    lead = review.partner.lead.user
    other = ReviewFactory()
    foreign = EvidenceFactory(answer__review=other)
    waiting = PledgeFactory(submitted=True, partner=review.partner, statement="NOTPUBLICYET")
    text = client.get(at(review)).content.decode() + client.get(at(review, "review-pledge", pledge.pk)).content.decode()
    for secret in (lead.email, lead.name, waiting.statement):
        assert secret not in text
    assert client.get(at(review, "review-evidence", foreign.pk)).status_code == 404
    for pk in (foreign.answer.pledge.pk, waiting.pk, 10**9):
        for name in ("review-pledge", "review-pledge-stop", "review-pledge-change"):
            assert client.post(at(review, name, pk), posted()).status_code == 302
    client.post(at(review, "review-pledge", pledge.pk), {"remove": foreign.pk})
    assert client.get(at(review, "review-adopted", foreign.answer.pk)).status_code == 404
    assert Answer.objects.get() == foreign.answer
    assert Evidence.objects.get() == foreign
    assert client.get(reverse("account-review", args=[review.pk])).headers["Location"].startswith("/accounts/login/")


def test_partners_people_reach_it_from_their_account(client_of, review):
    url = reverse("account-review", args=[review.pk])
    assert client_of(review.partner.lead.user).get(url).headers["Location"] == at(review)
    assert client_of(UserFactory()).get(url).status_code == 404


# A pledge -------------------------------------------------------------------------------------


def test_answer_is_saved_and_the_next_pledge_comes(client, review, pledge):
    other = PledgeFactory(approved=True, partner=review.partner)
    response = client.post(at(review, "review-pledge", pledge.pk), posted(figure="1,200", evidence_url="oak.example/a"))
    assert response.headers["Location"] == at(review, "review-pledge", other.pk)
    answer = Answer.objects.get()
    assert (answer.pledge, answer.progress, answer.next) == (pledge, "on_track", "renew")
    assert (answer.figure, answer.words, answer.evidence_url) == (1200, "We hired two.", "https://oak.example/a")
    assert client.post(at(review, "review-pledge", other.pk), posted()).headers["Location"] == at(
        review, "review-ideas"
    )
    read = page(client, at(review))
    assert "2 of 2 done" in read.text
    assert at(review, "review-check") in read.links


def test_page_of_an_answer_shows_what_was_saved_and_changing_from_the_check_page_goes_back(client, review, pledge):
    url = at(review, "review-pledge", pledge.pk)
    client.post(url, posted())
    assert "We hired two." in client.get(url).content.decode()
    change = posted(seen_on(client, url), words="We hired three.")
    response = client.post(url + "?from=check", change)
    assert response.headers["Location"] == at(review, "review-check")
    assert "We hired three." in page(client, at(review, "review-check")).text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"progress": ""}, "Choose how it goes."),
        ({"words": " "}, "Write what happened, in a sentence or two."),
        ({"next": ""}, "Choose what comes next."),
        ({"next": "close"}, "Only an achieved pledge is done."),
        ({"figure": "lots"}, "Enter a number, for example 250 or 12.5."),
        ({"figure": "9" * 20}, "Enter a number, for example 250 or 12.5."),
        ({"words": "x" * 601}, "Use 600 characters or fewer."),
        ({"words": "a\u202eb"}, "Take out the hidden marks"),
        ({"evidence_url": "javascript:alert(1)"}, "Enter a web address"),
        ({"progress": "x'; DROP TABLE"}, "no longer in the list"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(client, review, pledge, values, words):
    response = client.post(
        at(review, "review-pledge", pledge.pk), posted(evidence_url="https://oak.example/kept") | values
    )
    read = Page(response)
    assert read.faults == []
    assert words in read.text
    assert "<title>Error:" in " ".join(response.content.decode().split())
    if "evidence_url" not in values:
        assert "https://oak.example/kept" in response.content.decode()
    assert not Answer.objects.exists()


def test_last_years_words_are_filled_in_and_marked(client, review, pledge):
    past = ReviewFactory(partner=review.partner, approved=True, round_on=review.round_on - datetime.timedelta(days=365))
    AnswerFactory(review=past, pledge=pledge, words="We hired one.", figure=1)
    read = page(client, at(review, "review-pledge", pledge.pk))
    assert "We hired one." in read.text
    assert "Below is what you said last time" in read.text
    assert "Your target: 4 people. Last time: 1 people." in read.text
    client.post(at(review, "review-pledge", pledge.pk), posted())
    assert "Below is what you said last time" not in page(client, at(review, "review-pledge", pledge.pk)).text


def test_other_windows_words_are_shown_and_nothing_is_lost(client, review, pledge):
    url = at(review, "review-pledge", pledge.pk)
    client.post(url, posted(words="Theirs."))
    response = client.post(url, posted(words="Mine."))
    text = Page(response).text
    assert "Somebody else saved this page while you were writing." in text
    assert "Theirs." in text
    assert "Mine." in text
    assert Answer.objects.get().words == "Theirs."
    seen = re.search(r'name="seen" value="([^"]*)"', response.content.decode())[1]
    assert client.post(url, posted(seen, words="Mine.")).status_code == 302
    assert Answer.objects.get().words == "Mine."


def test_words_that_come_after_the_sending_are_shown_again(client, review, pledge):
    url = at(review, "review-pledge", pledge.pk)
    client.post(url, posted())
    client.post(at(review, "review-check"))
    response = client.post(url, posted(words="A second thought."))
    text = Page(response).text
    assert "This review was sent in on" in text
    assert "A second thought." in text
    assert Answer.objects.get().words == "We hired two."


def test_stopped_pledge_asks_why(client, review, pledge):
    response = client.post(at(review, "review-pledge", pledge.pk), posted(progress="stopped", next="renew"))
    url = at(review, "review-pledge-stop", pledge.pk)
    assert response.headers["Location"] == url
    assert "Stopping a pledge is no shame." in page(client, url).text
    assert client.get(at(review, "review-check")).headers["Location"] == at(review)
    seen = seen_on(client, url)
    assert "Write why you stopped this pledge." in client.post(url, {"seen": seen, "reason": " "}).content.decode()
    response = client.post(url, {"seen": seen, "reason": "We moved\r\nout."})
    assert response.headers["Location"] == at(review, "review-ideas")
    answer = Answer.objects.get()
    assert (answer.progress, answer.next, answer.reason) == ("stopped", "", "We moved out.")


def pledge_form(pledge, **values):
    names = ("capacity", "statement", "measure", "unit", "baseline", "target", "target_date")
    return {"area": pledge.area_id, **{name: getattr(pledge, name) for name in names}, **values}


def test_changed_pledge_asks_for_the_new_one(client, review, pledge):
    response = client.post(at(review, "review-pledge", pledge.pk), posted(next="change"))
    url = at(review, "review-pledge-change", pledge.pk)
    assert response.headers["Location"] == url
    assert pledge.statement in page(client, url).text
    same = pledge_form(pledge, seen=seen_on(client, url))
    assert "Nothing is different yet." in client.post(url, same).content.decode()
    response = client.post(url, same | {"target": "6", "reason": "It went well."})
    assert response.headers["Location"] == at(review, "review-ideas")
    answer = Answer.objects.get()
    assert (answer.new_values["target"], answer.reason, answer.is_complete) == ("6", "It went well.", True)
    assert 'value="6"' in client.get(url).content.decode()
    assert Pledge.objects.get() == pledge  # nothing is made of it before it is approved


def test_pledge_that_has_changed_says_why(client, review, pledge):
    client.post(at(review, "review-pledge", pledge.pk), posted(progress="changed", next=""))
    url = at(review, "review-pledge-change", pledge.pk)
    values = pledge_form(pledge, seen=seen_on(client, url), statement="We will hire six people.")
    assert "Write why you changed this pledge." in client.post(url, values).content.decode()
    assert client.post(url, values | {"reason": "More work."}).status_code == 302


# Evidence -------------------------------------------------------------------------------------


def test_file_is_added_handed_out_as_a_download_and_removed(client, review, pledge):
    url = at(review, "review-pledge", pledge.pk)
    file = SimpleUploadedFile("Our \u202eyear.pdf", PDF, "text/html")
    response = client.post(url, posted(file=file, more="yes"))
    assert response.headers["Location"] == url + "#evidence"
    row = Evidence.objects.get()
    assert row.name in page(client, url).text
    answer = client.get(at(review, "review-evidence", row.pk))
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="Our year.pdf"'
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    response = client.post(url, posted("x", remove=row.pk, words="Typed meanwhile."))
    assert "Typed meanwhile." in response.content.decode()
    assert not Evidence.objects.exists()


def test_file_that_is_not_taken_says_why_and_a_good_one_must_be_chosen_again(client, review, pledge):
    url = at(review, "review-pledge", pledge.pk)
    bad = SimpleUploadedFile("a.pdf", b"<script>")
    assert "We cannot read this as a PDF file." in client.post(url, posted(file=bad)).content.decode()
    good = SimpleUploadedFile("a.pdf", PDF)
    assert "Choose the file again" in client.post(url, posted(file=good, words="")).content.decode()
    assert not Evidence.objects.exists()


def test_there_is_no_room_for_a_fourth_file(client, review, pledge):
    answer = AnswerFactory(review=review, pledge=pledge)
    for _n in range(site.REVIEW_FILES_AT_MOST):
        EvidenceFactory(answer=answer)
    assert 'type="file"' not in client.get(at(review, "review-pledge", pledge.pk)).content.decode()


def test_evidence_is_for_its_people_until_its_review_is_approved_and_then_for_everybody(client, client_of):
    private = EvidenceFactory(answer__review=ReviewFactory(submitted=True))
    public = EvidenceFactory(answer__review=ReviewFactory(approved=True))
    lead = private.answer.review.partner.lead.user
    seen = {
        who: [visitor.get(row.get_absolute_url()).status_code for row in (private, public)]
        for who, visitor in {
            "stranger": client,
            "another": client_of(UserFactory()),
            "lead": client_of(lead),
            "manager": client_of(ManagerFactory()),
        }.items()
    }
    assert seen == {"stranger": [404, 200], "another": [404, 200], "lead": [200, 200], "manager": [200, 200]}


def test_file_that_is_lost_is_not_found(client):
    row = EvidenceFactory(answer__review=ReviewFactory(approved=True))
    row.file.storage.delete(row.file.name)
    assert client.get(row.get_absolute_url()).status_code == 404


# Pledges not taken yet, people, help -----------------------------------------------------------


def test_ideas_are_those_that_fit_and_are_not_taken(client, review):
    fits, taken = PledgeIdeaFactory(title="Fits"), PledgeIdeaFactory(title="Is taken")
    PledgeIdeaFactory(title="For residents", kinds=["resident"])
    PledgeIdeaFactory(title="Retired", retired=True)
    PledgeFactory(approved=True, partner=review.partner, idea=taken)
    read = page(client, at(review, "review-ideas"))
    assert [link for link in read.links if "idea=" in link] == [at(review, "review-adopt") + f"?idea={fits.pk}"]


@pytest.mark.parametrize("number", ["x", "9" * 30, "0", "-1", "٣"])
def test_idea_that_is_none_is_not_found(client, review, number):
    assert client.get(at(review, "review-adopt"), {"idea": number}).status_code == 404


def test_pledge_is_taken_up_changed_and_removed(client, review):
    idea = PledgeIdeaFactory(statement="We will pay a fair wage.")
    url = at(review, "review-adopt") + f"?idea={idea.pk}"
    assert "We will pay a fair wage." in page(client, url).text
    values = {"statement": idea.statement, "how": "done", "words": ""}
    assert "Write what you have done so far" in client.post(url, values).content.decode()
    for _n in range(2):
        response = client.post(url, values | {"words": "We pay it since May."})
        assert response.headers["Location"] == at(review, "review-ideas")
    answer = Answer.objects.get()
    assert (answer.pledge, answer.progress, answer.next, answer.is_complete) == (None, "achieved", "close", True)
    assert (answer.new_values["idea"], answer.new_values["area"]) == (idea.pk, idea.area_id)
    assert f"idea={idea.pk}" not in client.get(at(review, "review-ideas")).content.decode()
    mine = at(review, "review-adopted", answer.pk)
    assert "We pay it since May." in page(client, mine).text
    values = {"statement": "We pay more.", "how": "new", "words": "", "seen": seen_on(client, mine)}
    client.post(mine, values)
    answer.refresh_from_db()
    assert (answer.new_values["statement"], answer.progress) == ("We pay more.", "not_started")
    client.post(mine, {"remove": "yes"})
    assert not Answer.objects.exists()


def test_pledge_in_own_words_says_area_and_capacity(client, review, pledge):
    url = at(review, "review-adopt")
    text = client.post(url, {"statement": "We plant trees.", "how": "new"}).content.decode()
    assert "Choose a priority area." in text
    assert "Choose in what capacity you promise it." in text
    values = {"statement": "We plant trees.", "how": "new", "area": pledge.area_id, "capacity": "owner"}
    assert client.post(url, values).status_code == 302
    assert Answer.objects.get().new_values["capacity"] == "owner"


def test_outcomes_and_help_are_optional_and_kept(client, review):
    url = at(review, "review-outcomes")
    response = client.post(url, {"seen": seen_on(client, url), "recruitment": "", "retention": "Nobody left."})
    assert response.headers["Location"] == at(review, "review-help")
    url = at(review, "review-help")
    response = client.post(url, {"seen": seen_on(client, url), "help_wanted": "A mentor."})
    assert response.headers["Location"] == at(review, "review-check")
    review.refresh_from_db()
    assert (review.recruitment, review.retention, review.help_wanted) == ("", "Nobody left.", "A mentor.")


def test_other_windows_outcomes_are_not_overwritten_unseen(client, review):
    url = at(review, "review-outcomes")
    seen = seen_on(client, url)
    actions.save_words(review=review, values={"retention": "Theirs."})
    text = Page(client.post(url, {"seen": seen, "retention": "Mine."})).text
    assert "Theirs." in text
    assert "Mine." in text
    review.refresh_from_db()
    assert review.retention == "Theirs."


# Sending in -----------------------------------------------------------------------------------


def test_review_is_checked_and_sent_in_once(client, review, pledge):
    client.post(at(review, "review-pledge", pledge.pk), posted(figure="2"))
    read = page(client, at(review, "review-check"))
    assert "2 people" in read.text
    assert at(review, "review-pledge", pledge.pk) + "?from=check" in read.links
    for _n in range(2):
        assert client.post(at(review, "review-check")).headers["Location"] == at(review)
    read = page(client, at(review))
    assert "We have your review. Thank you" in read.text
    assert f"R{review.pk}" in read.text
    assert OutgoingEmail.objects.filter(template="review_received").count() == 1
    assert AuditEvent.objects.get(verb="review.submit").actor is None


def test_sending_in_too_early_says_what_is_missing(client, review, pledge):
    assert client.get(at(review, "review-check")).headers["Location"] == at(review)
    response = client.post(at(review, "review-check"), follow=True)
    assert "Say how each of your pledges goes" in response.content.decode()
    review.refresh_from_db()
    assert review.state == "draft"


def test_person_who_is_signed_in_is_recorded_only_if_they_act_for_the_partner(client_of):
    for person, recorded in ((UserFactory(), False), (None, True)):
        review = ReviewFactory()
        person = person or review.partner.lead.user
        client_of(person).post(at(review, "review-check"))
        event = AuditEvent.objects.get(verb="review.submit", subject_id=str(review.pk))
        assert event.actor == (person if recorded else None)


def test_forms_are_refused_without_their_token(review, pledge):
    strict = Client(enforce_csrf_checks=True)
    for url in (at(review, "review-check"), at(review, "review-pledge", pledge.pk)):
        assert strict.post(url, posted()).status_code == 403


def test_what_is_typed_is_shown_as_text(client, review, pledge):
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    client.post(at(review, "review-pledge", pledge.pk), posted(words=attack))
    actions.save_words(review=review, values={"retention": attack, "help_wanted": attack})
    for url in (
        at(review),
        at(review, "review-pledge", pledge.pk),
        at(review, "review-check"),
        at(review, "review-help"),
    ):
        text = client.get(url).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text


# Right of reply -------------------------------------------------------------------------------


def test_explanation_page_shows_exactly_what_the_public_page_will_say(client, review):
    Review.objects.update(due_on=timezone.localdate() - datetime.timedelta(days=14), round_on=datetime.date(2020, 1, 1))
    url = at(review, "review-explanation")
    from_day = timezone.localdate() + datetime.timedelta(days=17)
    read = page(client, url)
    assert f"From {from_day:%-d %B %Y} your page will say exactly this" in read.text
    assert "Review overdue" in read.text
    response = client.post(url, {"explanation": "We moved house\nin May."}, follow=True)
    text = Page(response).text
    assert "That is saved." in text
    assert "Review overdue. The partner explains: “We moved house in May.”" in text
    assert "Change your explanation" in page(client, at(review)).text


@pytest.mark.parametrize("words", ["x" * 201, "See www.example.org", "a\u202eb"])
def test_explanation_that_cannot_be_shown_is_refused_with_words(client, review, words):
    response = client.post(at(review, "review-explanation"), {"explanation": words})
    assert response.status_code == 200
    assert "There is a problem" in response.content.decode()
    review.refresh_from_db()
    assert review.explanation == ""


# Residents ------------------------------------------------------------------------------------


@pytest.fixture
def resident():
    return ReviewFactory(partner=ResidentFactory(approved=True, lead=True, name="Ann Other"))


def test_resident_answers_on_one_page(client, resident):
    pledges = [PledgeFactory(approved=True, partner=resident.partner, capacity="resident") for _n in range(3)]
    read = page(client, at(resident))
    assert "How did your pledges go?" in read.text
    assert "Ann Other" not in read.text
    values = {}
    for pledge, progress, keep in zip(
        pledges, ("achieved", "on_track", "not_started"), ("no", "yes", "no"), strict=True
    ):
        name = f"pledge-{pledge.pk}"
        values |= {f"{name}-seen": "new", f"{name}-progress": progress, f"{name}-keep": keep}
    wrong = Page(client.post(at(resident), {**values, f"pledge-{pledges[0].pk}-keep": ""}))
    assert wrong.faults == []
    assert "Choose whether you keep it." in wrong.text
    for _n in range(2):
        response = client.post(at(resident), values, follow=True)
    assert "We have your review. Thank you" in response.content.decode()
    said = list(Answer.objects.order_by("pledge").values_list("progress", "next"))
    assert said == [("achieved", "close"), ("on_track", "renew"), ("stopped", "")]
    assert OutgoingEmail.objects.filter(template="review_received").count() == 1


@pytest.mark.parametrize(
    "name", ["review-ideas", "review-outcomes", "review-help", "review-check", "review-explanation"]
)
def test_resident_has_none_of_the_other_pages(client, resident, name):
    assert client.get(at(resident, name), follow=True).redirect_chain[-1][0] == at(resident)


# Speed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 8])
def test_first_page_and_check_page_ask_the_same_number_of_queries(client, review, number, django_assert_num_queries):
    for _n in range(number):
        pledge = PledgeFactory(approved=True, partner=review.partner)
        answer = actions.save_answer(review=review, pledge=pledge, values=ON_TRACK)
        EvidenceFactory(answer=answer)
    with django_assert_num_queries(6):
        client.get(at(review))
    with django_assert_num_queries(6):
        client.get(at(review, "review-check"))
