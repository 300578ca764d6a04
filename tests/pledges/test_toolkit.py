"""The toolkit: what is shown, to whom it fits, and the first steps after signing."""

import datetime
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from oiep.models import OutgoingEmail
from pledges.actions.daily import run_day
from pledges.actions.helpers import helpers_ending
from pledges.models import Resource
from pledges.toolkit import Shelf, beside_ideas, first_steps
from tests.factories import (
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    ResourceFactory,
    ReviewFactory,
    SigningFactory,
)
from tests.pledges.signing import Visitor, organisation_of, scheme

__all__ = ["scheme"]
pytestmark = pytest.mark.django_db


def test_helper_is_shown_only_while_they_agree(client):
    helper = ResourceFactory(helper=True, title="Aspire")
    ResourceFactory(kind="helper", title="Not asked")
    page = client.get("/resources/").content.decode()
    assert "Aspire" in page
    assert "Not asked" not in page
    assert not Resource.objects.published(on=helper.agreed_until + datetime.timedelta(days=1)).exists()
    assert not Resource.objects.published(on=helper.agreed_on - datetime.timedelta(days=1)).exists()


@pytest.mark.parametrize(
    ("days", "letters", "step"),
    [(61, 0, None), (60, 1, "soon"), (59, 1, "soon"), (14, 1, "fortnight"), (0, 1, "fortnight"), (-1, 1, "over")],
)
def test_manager_is_warned_once_before_a_helper_s_consent_ends(days, letters, step):
    helper = ResourceFactory(helper=True, title="Aspire")
    ResourceFactory(helper=True, retired=True)
    ResourceFactory(kind="helper", title="Not asked")
    today = helper.agreed_until - datetime.timedelta(days=days)
    for _n in range(2):
        run_day(today)
    sent = OutgoingEmail.objects.filter(template="helper_consent_ending", state="waiting")
    assert sent.count() == letters
    if step:
        assert sent.get().key == f"helper/{helper.pk}/{helper.agreed_until}/{step}"
        assert "Aspire" in sent.get().text


def test_helper_who_agreed_anew_is_warned_of_anew_and_stands_on_the_desk_meanwhile(client_of, manager):
    helper = ResourceFactory(helper=True)
    assert not helpers_ending().exists()
    run_day(helper.agreed_until)
    helper.agreed_until += datetime.timedelta(days=365)
    helper.save()
    run_day(helper.agreed_until)
    assert OutgoingEmail.objects.filter(template="helper_consent_ending", state="waiting").count() == 2
    helper.agreed_until = timezone.localdate() + datetime.timedelta(days=20)
    helper.save()
    desk = client_of(manager)
    assert "1 local helper whose consent ends soon" in re.sub(
        r"<[^>]+>|\s+", " ", desk.get("/admin/").content.decode()
    ).replace("  ", " ")
    assert desk.get("/admin/pledges/resource/?figure=helper-ends").context["cl"].result_count == 1


def test_helper_whose_consent_has_ended_is_off_every_output_by_itself(client):
    area = PriorityAreaFactory(slug="spend")
    helper = ResourceFactory(helper=True, title="Canary Helpers", areas=[area], capacities=["buyer"], needs=["mentors"])
    PledgeIdeaFactory(area=area, capacity="buyer")
    review = ReviewFactory()
    pledge = PledgeFactory(approved=True, partner=review.partner, area=area, capacity="buyer")
    pages = ["/resources/", helper.get_absolute_url(), "/areas/spend/", "/help/", "/sitemap-resources.xml"]
    pages += [f"/reviews/{review.token}/pledges/{pledge.pk}/"]

    def shown():
        answers = [client.get(page) for page in pages]
        texts = ["" if answer.status_code == 404 else answer.content.decode() for answer in answers]
        return [page for page, text in zip(pages, texts, strict=True) if helper.slug in text or helper.title in text]

    assert shown() == pages
    Resource.objects.update(
        agreed_on=helper.agreed_on - datetime.timedelta(days=400),
        agreed_until=timezone.localdate() - datetime.timedelta(days=1),
    )
    assert shown() == []


def titles(response):
    return {row.title for row in response.context["listing"].page}


def test_filters_show_what_is_for_one_of_the_choices_or_for_all(client):
    area = PriorityAreaFactory(slug="spend")
    ResourceFactory(title="For all")
    ResourceFactory(title="Buyers", areas=[area], capacities=["buyer"], sizes=["large"])
    ResourceFactory(title="Owners", areas=[PriorityAreaFactory()], capacities=["owner"], partner_kinds=["business"])
    assert titles(client.get("/resources/?capacity=buyer")) == {"For all", "Buyers"}
    assert titles(client.get("/resources/?area=spend&size=large")) == {"For all", "Buyers"}
    assert titles(client.get("/resources/?size=micro&kind=business")) == {"For all", "Owners"}
    assert titles(client.get("/resources/?what=report")) == set()
    response = client.get("/resources/")
    counts = {
        choice.value: choice.count
        for facet, choices, _chosen in response.context["listing"].facets
        if facet.name == "capacity"
        for choice in choices
    }
    assert (counts["buyer"], counts["owner"], counts["investor"]) == (2, 2, 1)


def test_most_particular_comes_first_and_what_is_for_others_never():
    area, other = PriorityAreaFactory(), PriorityAreaFactory()
    ResourceFactory(title="For all")
    ResourceFactory(title="Elsewhere", areas=[other])
    ResourceFactory(title="Area", areas=[area])
    ResourceFactory(title="Area and capacity", areas=[area], capacities=["buyer"])
    ResourceFactory(title="Other capacity", areas=[area], capacities=["owner"])
    ResourceFactory(title="Residents", areas=[area], partner_kinds=["resident"])
    found = Shelf().fitting(area=area.pk, capacity="buyer", kinds=["business"], size="small", at_most=9)
    assert [row.title for row in found] == ["Area and capacity", "Area"]


def test_each_idea_has_what_helps_beside_it(client, django_assert_num_queries):
    area = PriorityAreaFactory(slug="spend")
    ideas = [PledgeIdeaFactory(area=area, capacity=capacity) for capacity in ("buyer", "employer", "owner")]
    guide = ResourceFactory(areas=[area], capacities=["buyer"])
    with django_assert_num_queries(2):
        beside_ideas(ideas)
    assert [idea.resources for idea in ideas] == [[guide], [], []]
    assert guide.get_absolute_url() in client.get("/areas/spend/").content.decode()


def test_each_idea_has_what_helps_beside_it_while_somebody_signs(scheme):
    buying = ResourceFactory(title="How to buy nearby", areas=[scheme.spend], capacities=["buyer"]).get_absolute_url()
    desk = ResourceFactory(title="How to lend a desk", areas=[scheme.homes]).get_absolute_url()

    def at_pledges(size):
        visitor = Visitor()
        visitor.start("organisation")
        visitor.answer("who", {"name": "Zoë Müller", "job_title": "Baker", "email": f"{size}@example.org"})
        visitor.answer("organisation", organisation_of(scheme, name=f"A {size} bakery", size=size))
        visitor.answer("areas", {"areas": [scheme.spend.pk, scheme.homes.pk]})
        return visitor, visitor.client.get(visitor.url("sign-step", "pledges")).content.decode()

    visitor, listed = at_pledges("small")
    assert buying in listed
    one = visitor.client.get(visitor.url("sign-pledge-add") + f"?idea={scheme.idea.pk}").content.decode()
    assert buying in one
    assert desk not in one
    _visitor, ticked = at_pledges("micro")
    assert desk in ticked
    assert buying not in ticked, "No such idea is on the short route"


def test_review_s_list_of_ideas_shows_what_helps_beside_each(client):
    review = ReviewFactory()
    idea = PledgeIdeaFactory(kinds=[review.partner.kind])
    guide = ResourceFactory(areas=[idea.area])
    assert guide.get_absolute_url() in client.get(f"/reviews/{review.token}/ideas/").content.decode()


def test_three_first_steps_come_from_all_pledges_in_turn():
    area, other = PriorityAreaFactory(), PriorityAreaFactory()
    partner = PartnerFactory(submitted=True)
    idea = PledgeIdeaFactory(area=area, first_steps="Ask your team.\nWrite it down.\nTell us.")
    PledgeFactory(submitted=True, partner=partner, area=area, idea=idea)
    PledgeFactory(submitted=True, partner=partner, area=other)
    guide, second = ResourceFactory(areas=[area]), ResourceFactory(areas=[other])
    steps = [(step.text, step.resource) for step in first_steps(partner)]
    assert steps == [("Ask your team.", guide), ("", second), ("Write it down.", None)]


def test_who_has_confirmed_sees_the_first_steps(client):
    signing = SigningFactory(confirmed=True)
    area = PriorityAreaFactory()
    idea = PledgeIdeaFactory(area=area, first_steps="Ask your team.")
    PledgeFactory(submitted=True, partner=signing.signature.partner, area=area, idea=idea)
    path = "/sign/confirm/" + signing.confirmation_url.rstrip("/").rpartition("/")[2] + "/"
    page = client.get(path).content.decode()
    assert "Your first three steps" in page
    assert "Ask your team." in page


def test_review_shows_what_helps_with_each_pledge(client):
    review = ReviewFactory()
    pledge = PledgeFactory(approved=True, partner=review.partner)
    guide = ResourceFactory(areas=[pledge.area])
    page = client.get(f"/reviews/{review.token}/pledges/{pledge.pk}/").content.decode()
    assert guide.get_absolute_url() in page


def test_internship_reports_and_helpers_of_the_reports_are_loaded(reference_toolkit):
    reports = Resource.objects.filter(kind="report")
    assert reports.count() == 3
    assert all("internship" in row.title for row in reports)
    waiting = Resource.objects.filter(kind="helper").exclude(pk__in=Resource.objects.published())
    assert {"owned-by-oxford", "aspire-oxfordshire"} <= set(waiting.values_list("slug", flat=True))
    areas = Resource.objects.published().exclude(areas=None).values_list("areas__slug", flat=True)
    assert len(set(areas)) == 8, "Each priority area has something"


@pytest.fixture
def reference_toolkit(db):
    from django.core.management import call_command

    call_command("load_reference", verbosity=0)


def test_manager_adds_a_file_and_a_helper_with_consent(client_of, manager, client):
    browser = client_of(manager)
    today = timezone.localdate()
    values = {"kind": "template", "title": "A form", "slug": "a-form", "summary": "Nine questions.", "order": "5"}
    values |= {"upload": SimpleUploadedFile("form.pdf", b"%PDF-1.7\n%%EOF"), "capacities": ["buyer"]}
    response = browser.post("/admin/pledges/resource/add/", values)
    assert response.status_code == 302, response.context["adminform"].form.errors
    answer = client.get("/resources/a-form/file/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert "attachment" in answer["Content-Disposition"]
    evil = {**values, "title": "B", "slug": "b", "upload": SimpleUploadedFile("form.html", b"<script>")}
    assert browser.post("/admin/pledges/resource/add/", evil).status_code == 200
    helper = {**values, "kind": "helper", "title": "Help", "slug": "help-er", "agreed_by": "By e-mail"}
    del helper["upload"]
    assert browser.post("/admin/pledges/resource/add/", helper).status_code == 200, "Since when, and until when?"
    helper |= {"agreed_on": today.isoformat(), "agreed_until": today.isoformat()}
    assert browser.post("/admin/pledges/resource/add/", helper).status_code == 302
    assert Resource.objects.published().filter(slug="help-er").exists()
