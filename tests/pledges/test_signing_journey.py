"""Filling in: each step, back and forth, and later."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pledges.models import CharterVersion, Signing
from tests.factories import PledgeIdeaFactory, PriorityAreaFactory
from tests.pledges.signing import CONTACT, Visitor, organisation_of, pledge_of, scheme

__all__ = ["scheme"]


def test_start_and_questions_make_no_row(client, scheme):
    for name in ("sign", "sign-questions"):
        assert client.get(reverse(name)).status_code == 200
        assert client.head(reverse(name)).status_code == 200
    assert client.post(reverse("sign"), {}).context["form"].errors["kind"]
    assert Signing.objects.count() == 0


def test_start_without_a_published_charter_says_so(client, scheme):
    CharterVersion.objects.update(published_on=None)
    response = client.post(reverse("sign"), {"kind": "resident"})
    assert "cannot be signed yet" in response.content.decode()
    assert Signing.objects.count() == 0


def test_questions_show_every_question_and_every_current_idea(client, scheme):
    retired = PledgeIdeaFactory(area=scheme.spend, statement="We will do what is no longer offered.", retired=True)
    page = client.get(reverse("sign-questions")).content.decode()
    for words in (
        "Which district do you live in?",
        "How many people work there?",
        "May we show your name?",
        "What will you measure?",
        "The whole county",
        scheme.idea.statement,
        scheme.short_idea.statement,
        scheme.resident_idea.statement,
        scheme.charter.commitment,
    ):
        assert words in page
    assert retired.statement not in page


def test_resident_answers_seven_inputs_in_four_steps_and_may_wish_for_news(scheme):
    visitor = Visitor()
    visitor.start("resident")
    inputs, step, numbers = [], "who", []
    answers = {
        "who": {"name": "Ana", "email": "ana@example.org"},
        "where": {"district": scheme.cherwell.pk},
        "pledges": {"ideas": [f"idea-{scheme.resident_idea.pk}"]},
    }
    while True:
        url = visitor.url("sign-check") if step == "check" else visitor.url("sign-step", step)
        page = visitor.client.get(url)
        inputs += page.context["form"].fields
        numbers.append((page.context["number"], page.context["total"]))
        if step == "check":
            break
        step = visitor.answer(step, answers[step])["Location"].rstrip("/").split("/")[-1]
    assert inputs == ["name", "email", "district", "ideas", "own_words", "own_area", "news", "show_name"]
    assert not page.context["form"].fields["news"].required
    assert numbers == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_organisation_has_six_steps_and_a_small_one_five(scheme):
    visitor = Visitor().fill_organisation(scheme)
    assert visitor.signing.steps == ("who", "organisation", "areas", "pledges", "contact", "check")
    small = Visitor()
    small.start("organisation")
    small.answer("who", {"name": "Zoë", "job_title": "Baker", "email": "zoe@example.org"})
    small.answer("organisation", organisation_of(scheme, size="micro"))
    assert small.signing.steps == ("who", "organisation", "pledges", "contact", "check")


@pytest.mark.parametrize(
    ("step", "first"),
    [("who", "who"), ("organisation", "organisation"), ("areas", "organisation"), ("contact", "organisation")],
)
def test_step_out_of_order_leads_to_the_first_that_is_not_answered(scheme, step, first):
    visitor = Visitor()
    visitor.start("organisation")
    visitor.answer("who", {"name": "Zoë", "job_title": "Baker", "email": "zoe@example.org"})
    response = visitor.client.get(visitor.url("sign-step", step), follow=True)
    assert response.request["PATH_INFO"] == visitor.url("sign-step", first)
    check = visitor.client.get(visitor.url("sign-check"))
    assert check["Location"] == visitor.url("sign-step", "organisation")
    add = visitor.client.get(visitor.url("sign-pledge-add"))
    assert add["Location"] == visitor.url("sign-step", "organisation")


def test_unknown_step_is_not_found(scheme):
    visitor = Visitor()
    visitor.start("resident")
    assert visitor.client.get(visitor.url("sign-step", "nonsense")).status_code == 404


def test_errors_keep_what_was_typed_and_stand_in_the_title(scheme):
    visitor = Visitor()
    visitor.start("organisation")
    page = visitor.answer("who", {"name": "Zoë", "job_title": "", "email": "zoe@@example"}).content.decode()
    assert "<title>Error: Who you are" in page
    assert "There is a problem" in page
    assert 'value="Zoë"' in page
    assert 'value="zoe@@example"' in page
    assert 'href="#id_job_title"' in page


def test_back_and_change_links_come_back_to_the_check(scheme):
    visitor = Visitor().fill_organisation(scheme)
    check = visitor.client.get(visitor.url("sign-check")).content.decode()
    change = visitor.url("sign-step", "organisation") + "?from=check"
    assert f'href="{change}"' in check
    assert visitor.client.get(change).context["back_url"] == visitor.url("sign-check")
    response = visitor.answer("organisation", organisation_of(scheme, name="The Mill"), "?from=check")
    assert response["Location"] == visitor.url("sign-check")
    assert "The Mill" in visitor.client.get(visitor.url("sign-check")).content.decode()
    backs = [
        visitor.client.get(visitor.url("sign-step", step)).context["back_url"]
        for step in ("who", "organisation", "areas", "pledges", "contact")
    ]
    assert backs == [
        reverse("sign"),
        *(visitor.url("sign-step", step) for step in ("who", "organisation", "areas", "pledges")),
    ]


def test_two_drafts_in_one_browser_do_not_mix(scheme):
    first = Visitor()
    first.start("resident")
    second = Visitor(client=first.client)
    second.start("organisation")
    first.answer("who", {"name": "Ana", "email": "ana@example.org"})
    second.answer("who", {"name": "Zoë", "job_title": "Baker", "email": "zoe@example.org"})
    first.signing.refresh_from_db()
    assert first.signing.answers == {"who": {"name": "Ana", "email": "ana@example.org"}}
    assert second.signing.answers["who"]["name"] == "Zoë"


@pytest.mark.parametrize("name", ["sign-check", "sign-save", "sign-done", "sign-pledge-add"])
def test_draft_of_another_browser_is_not_found_kindly(scheme, name):
    visitor = Visitor().fill_organisation(scheme)
    for method in ("get", "post"):
        response = getattr(Client(), method)(visitor.url(name))
        assert response.status_code == 404
        assert "from the link that we e-mail you" in response.content.decode()
    visitor.signing.refresh_from_db()
    assert visitor.signing.declared_at is None


def test_pages_of_a_draft_are_kept_by_nobody(scheme):
    visitor = Visitor().fill_resident(scheme)
    response = visitor.client.get(visitor.url("sign-check"))
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Robots-Tag"] == "noindex"


# Pledges --------------------------------------------------------------------------------------


def test_pledge_is_written_changed_and_removed(scheme):
    visitor = Visitor().fill_organisation(scheme)
    visitor.add_pledge(f"?idea={scheme.idea.pk}", area=scheme.spend.pk, capacity="buyer", statement="We will buy more.")
    assert [pledge["idea_id"] for pledge in visitor.signing.pledges] == [None, scheme.idea.pk]
    first, second = (pledge["number"] for pledge in visitor.signing.pledges)
    page = visitor.client.get(visitor.url("sign-pledge", first)).content.decode()
    assert "We will buy flour grown here." in page
    assert 'value="1200.50"' in page
    assert 'value="2030-05-04"' in page
    response = visitor.client.post(
        visitor.url("sign-pledge", first), pledge_of(scheme, area=scheme.homes.pk, statement="We will house bakers.")
    )
    assert response["Location"] == visitor.url("sign-step", "pledges")
    visitor.signing.refresh_from_db()
    assert [pledge["statement"] for pledge in visitor.signing.pledges] == ["We will house bakers.", "We will buy more."]
    assert visitor.signing.answers["areas"]["areas"] == [str(scheme.spend.pk), str(scheme.homes.pk)]
    visitor.client.post(visitor.url("sign-pledge", first), {"remove": "yes"})
    visitor.signing.refresh_from_db()
    assert [pledge["number"] for pledge in visitor.signing.pledges] == [second]
    assert visitor.client.get(visitor.url("sign-pledge", first)).status_code == 404


def test_idea_fills_the_form_in(scheme):
    visitor = Visitor().fill_organisation(scheme)
    form = visitor.client.get(visitor.url("sign-pledge-add") + f"?idea={scheme.idea.pk}").context["form"]
    assert form["statement"].value() == "We will buy nearby."
    assert form["measure"].value() == scheme.idea.measure
    for nonsense in ("?idea=x", "?idea=99999999999999999999", "?area=%00", "?idea=²"):
        assert visitor.client.get(visitor.url("sign-pledge-add") + nonsense).status_code == 200


def test_only_ideas_that_fit_the_kind_are_offered(scheme):
    visitor = Visitor().fill_organisation(scheme)
    school_only = PledgeIdeaFactory(area=scheme.spend, kinds=["education"])
    page = visitor.client.get(visitor.url("sign-step", "pledges")).content.decode()
    assert scheme.idea.title in page
    assert school_only.title not in page
    assert scheme.resident_idea.title not in page


def test_organisation_needs_a_pledge_and_has_a_most(scheme, settings):
    settings.PLEDGES_AT_MOST = 2
    visitor = Visitor().fill_organisation(scheme)
    visitor.client.post(visitor.url("sign-pledge", 1), {"remove": "yes"})
    page = visitor.answer("pledges", {})
    assert page.context["form"].non_field_errors() == ["Add at least one pledge."]
    for _n in range(2):
        visitor.add_pledge(**pledge_of(scheme))
    page = visitor.add_pledge(**pledge_of(scheme))
    assert page.context["form"].non_field_errors() == [
        "Choose at most 2 pledges. You can add more once these are approved."
    ]
    assert len(visitor.signing.pledges) == 2


def test_area_with_a_pledge_is_not_unticked_by_accident(scheme):
    visitor = Visitor().fill_organisation(scheme)
    page = visitor.answer("areas", {"areas": [scheme.homes.pk]})
    assert page.context["form"].errors["areas"] == [
        "You have a pledge in Local spend. Keep it ticked, or remove that pledge first."
    ]


def test_resident_writes_own_words_and_changes_them(scheme):
    visitor = Visitor().fill_resident(scheme, own_words="I will plant trees.", own_area=scheme.homes.pk)
    [pledge] = visitor.signing.pledges
    assert (pledge["statement"], pledge["area_id"], pledge["capacity"], pledge["idea_id"]) == (
        "I will plant trees.",
        scheme.homes.pk,
        "resident",
        None,
    )
    form = visitor.client.get(visitor.url("sign-step", "pledges")).context["form"]
    assert form["own_words"].value() == "I will plant trees."
    assert form["own_area"].value() == str(scheme.homes.pk)
    page = visitor.answer("pledges", {"own_words": "I will dig."})
    assert page.context["form"].errors["own_area"] == ["Choose the priority area that your own pledge is for."]
    page = visitor.answer("pledges", {})
    assert page.context["form"].errors["ideas"] == ["Tick at least one pledge, or write your own."]


# The short route ------------------------------------------------------------------------------


def _small(scheme):
    visitor = Visitor()
    visitor.start("organisation")
    visitor.answer("who", {"name": "Zoë", "job_title": "Baker", "email": "zoe@example.org"})
    visitor.answer("organisation", organisation_of(scheme, size="micro"))
    return visitor


def test_short_route_asks_yes_or_no_and_no_figure(scheme):
    visitor = _small(scheme)
    page = visitor.client.get(visitor.url("sign-step", "pledges"))
    assert [*page.context["form"].fields] == ["ideas"]
    assert scheme.short_idea.statement in page.content.decode()
    assert scheme.idea.statement not in page.content.decode()
    response = visitor.answer("pledges", {"ideas": [f"idea-{scheme.short_idea.pk}"]})
    assert response["Location"] == visitor.url("sign-step", "contact")
    [pledge] = visitor.signing.pledges
    assert (pledge["statement"], pledge["measure"], pledge["target"]) == ("We will lend a desk.", "", None)
    assert visitor.answer("contact", CONTACT)["Location"] == visitor.url("sign-check")


def test_short_route_can_be_left_with_what_was_ticked(scheme):
    visitor = _small(scheme)
    response = visitor.answer("pledges", {"ideas": [f"idea-{scheme.short_idea.pk}"], "leave_short_route": "yes"})
    assert response["Location"] == visitor.url("sign-step", "areas")
    assert [pledge["statement"] for pledge in visitor.signing.pledges] == ["We will lend a desk."]
    assert visitor.signing.steps[2] == "areas"
    form = visitor.client.get(visitor.url("sign-step", "areas")).context["form"]
    assert form["areas"].value() == [str(scheme.homes.pk)]


def test_pledges_with_figures_are_kept_when_the_organisation_turns_out_small(scheme):
    visitor = Visitor().fill_organisation(scheme)
    visitor.answer("organisation", organisation_of(scheme, size="micro"))
    assert not visitor.signing.is_short
    assert [pledge["statement"] for pledge in visitor.signing.pledges] == ["We will buy flour grown here."]


# What the manager retires meanwhile -----------------------------------------------------------


def test_retired_idea_stays_as_own_words(scheme):
    visitor = Visitor().fill_resident(scheme)
    scheme.resident_idea.retired_at = timezone.now()
    scheme.resident_idea.save()
    page = visitor.client.get(visitor.url("sign-step", "pledges"))
    assert "I will buy nearby." in page.content.decode()
    values = [value for value, _label in page.context["form"].fields["ideas"].choices]
    visitor.answer("pledges", {"ideas": values})
    assert [pledge["statement"] for pledge in visitor.signing.pledges] == ["I will buy nearby."]
    visitor.declare(show_name="no")
    assert [pledge["idea_id"] for pledge in visitor.signing.pledges] == [None]


def test_retired_area_must_be_left_before_declaring_and_loses_nothing(scheme):
    visitor = Visitor().fill_organisation(scheme)
    scheme.spend.retired_at = timezone.now()
    scheme.spend.save()
    for page in (visitor.client.get(visitor.url("sign-check")), visitor.declare()):
        assert "An area is not part of the Charter any more" in page.content.decode()
        assert "<title>Error: " in page.content.decode()
        assert visitor.url("sign-pledge", 1) in page.content.decode()
    assert visitor.signing.declared_at is None
    page = visitor.client.post(visitor.url("sign-pledge", 1), pledge_of(scheme))
    assert page.context["form"].errors["area"] == ["This priority area is not on offer any more. Choose another."]
    response = visitor.client.post(visitor.url("sign-pledge", 1), pledge_of(scheme, area=scheme.homes.pk))
    assert response.status_code == 302
    visitor.declare()
    assert visitor.signing.declared_at is not None


def test_resident_keeps_own_words_of_a_retired_area_and_moves_them(scheme):
    area = PriorityAreaFactory(retired=False)
    visitor = Visitor().fill_resident(scheme, own_words="I will plant trees.", own_area=area.pk)
    area.retired_at = timezone.now()
    area.save()
    page = visitor.declare(show_name="no")
    assert "I will plant trees." in page.content.decode()
    form = visitor.client.get(visitor.url("sign-step", "pledges")).context["form"]
    assert form["own_words"].value() == "I will plant trees."
    page = visitor.answer("pledges", {"own_words": "I will plant trees.", "own_area": area.pk})
    assert page.context["form"].errors["own_area"] == ["This area is not on offer any more. Choose another."]
    visitor.answer("pledges", {"own_words": "I will plant trees.", "own_area": scheme.homes.pk})
    visitor.declare(show_name="no")
    assert visitor.signing.declared_at is not None


def test_start_lists_what_this_browser_has_under_way(scheme):
    visitor = Visitor().fill_organisation(scheme)
    assert "The Bakery Ltd" in visitor.client.get(reverse("sign")).content.decode()
    assert "The Bakery Ltd" not in Client().get(reverse("sign")).content.decode()
    visitor.declare()
    assert "Go on signing" not in visitor.client.get(reverse("sign")).content.decode()
