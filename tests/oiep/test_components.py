"""The pieces that pages are made of, and what they need from their objects."""

import datetime
from decimal import Decimal

import pytest
from django.core.paginator import Paginator
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory

from oiep.templatetags import charter
from partners.models import Partner
from tests.factories import DistrictFactory, PartnerFactory, PledgeFactory, PriorityAreaFactory, ResidentFactory
from tests.fragment import Fragment


def draw(component, **context):
    return Fragment(render_to_string(f"components/{component}.html", context))


def text(page, tag="p"):
    return [page.words(element) for element in page.all(tag)]


@pytest.mark.parametrize(
    ("value", "shown"), [(Decimal("1200.00"), "£1,200"), (Decimal("12.50"), "£12.50"), (100, "£100")]
)
def test_money_has_pence_only_where_there_are_some(value, shown):
    assert charter.money(value) == shown


@pytest.mark.parametrize(
    ("value", "maximum", "percent"), [(0, 6, 0), (2, 6, 33), (6, 6, 100), (9, 6, 100), (-1, 6, 0), (3, 0, 0)]
)
def test_a_bar_stays_within_its_track(value, maximum, percent):
    assert charter.percent_of(value, maximum) == percent
    page = draw("_bar", value=value, maximum=maximum)
    assert [rect[1]["width"] for rect in page.all("rect")] == ["100%", f"{percent}%"]


def test_an_icon_that_does_not_exist_breaks_no_page():
    area = PriorityAreaFactory.build(icon="no-such-icon", pk=1)
    tag = charter.area_icon(PriorityAreaFactory.build(icon="tag"))
    assert charter.area_icon(area) == tag
    assert charter.area_icon(PriorityAreaFactory.build(icon="home")) != tag


def test_a_steps_line_says_where_one_is():
    assert text(draw("steps", number=2, total=6, title="Where")) == ["Step 2 of 6 – Where"]


def test_a_partner_card_shows_kind_places_areas_and_that_it_is_an_example(db, django_assert_num_queries):
    area = PriorityAreaFactory(short_name="Local spend", colour="plum", slug="local-spend")
    places = [DistrictFactory(name="Oxford"), DistrictFactory(name="Cherwell")]
    PartnerFactory(approved=True, name="<b>Bakers</b>", districts=places, areas=[area], is_example=True)
    partner = Partner.objects.prefetch_related("areas", "districts").get()
    with django_assert_num_queries(0):
        page = draw("partner_card", partner=partner)
    assert text(page, "h3") == ["<b>Bakers</b>"]
    assert text(page)[0].split() == ["Business", "Oxford,", "Cherwell"]
    chip = page.of(href="/areas/local-spend/")
    assert (page.words(chip), chip[1]["class"]) == ("Local spend", "area-chip area-plum")
    assert page.words(page.of(class_="example-mark")) == "Example"


def test_a_partner_card_of_a_resident_does_not_tell_the_name(db):
    resident = ResidentFactory(approved=True, name="Amina Okafor", districts=[DistrictFactory(name="Cherwell")])
    page = draw("partner_card", partner=resident, heading_level="h2")
    assert text(page, "h2") == ["A resident of Cherwell"]
    assert "Amina" not in "".join("".join(element[2]) for element in page.elements)


def test_a_pledge_card_shows_measure_target_and_commitment(db):
    pledge = PledgeFactory(
        approved=True,
        measure="Meals from local farms",
        unit="meals",
        baseline=Decimal("100"),
        target=Decimal("1200"),
        target_date=datetime.date(2027, 3, 31),
        commitment="money",
        commitment_amount=Decimal("12000"),
        commitment_note="a year",
    )
    page = draw("pledge_card", pledge=pledge, show_partner=True)
    facts = dict(zip(text(page, "dt"), text(page, "dd"), strict=True))
    assert facts["Who"] == str(pledge.partner.public_name)
    assert facts["Measure"] == "Meals from local farms"
    assert facts["Target"] == "from 100 meals to 1,200 meals by 31 March 2027"
    assert facts["Gives"] == "£12,000 – a year"


def test_a_district_without_a_shape_is_in_the_list_beside_the_map(db):
    drawn = DistrictFactory(name="Vale of White Horse", map_shape="M0 0L9 9Z", map_label_x=5, map_label_y=6)
    listed = DistrictFactory(name="Elsewhere")
    places = [
        {"district": drawn, "partners": 1, "url": "/places/vale/"},
        {"district": listed, "partners": 0, "url": "/places/elsewhere/"},
    ]
    page = draw("district_map", places=places)
    assert [path[1]["d"] for path in page.all("path")] == ["M0 0L9 9Z"]
    assert page.of(aria_label="Vale of White Horse 1 partner")[1]["href"] == "/places/vale/"
    assert text(page, "tspan") == ["Vale of", "White Horse", "1"]
    assert text(page, "li") == ["Vale of White Horse 1 partner", "Elsewhere 0 partners"]


def test_pages_keep_the_filters():
    request = RequestFactory().get("/partners/?area=housing&page=2&q=oak+tree")
    page = draw("pagination", page_obj=Paginator(range(30), 10).page(2), request=request)
    assert [link[1]["href"] for link in page.all("a")] == [
        "?area=housing&q=oak+tree",
        "?area=housing&page=3&q=oak+tree",
    ]
    assert text(page, "li") == ["Previous page", "Page 2 of 3", "Next page"]


def test_one_page_needs_no_pages():
    page = draw("pagination", page_obj=Paginator(range(3), 10).page(1), request=RequestFactory().get("/"))
    assert page.elements == []


def test_a_summary_list_shows_one_value_several_or_none():
    rows = [
        {"label": "Name", "value": "<i>Amina", "change_url": "/sign/who/", "change_label": "your name"},
        {"label": "Districts", "values": ["Oxford", "Cherwell"]},
        {"label": "Website", "value": ""},
        {"label": "Areas", "values": []},
    ]
    page = draw("summary_list", rows=rows)
    assert text(page, "dt") == ["Name", "Districts", "Website", "Areas"]
    assert text(page, "dd") == ["<i>Amina", "Change your name", "OxfordCherwell", "Not given", "Not given"]


def test_a_timeline_tells_dates_to_people_and_machines():
    events = [{"date": datetime.date(2022, 5, 4), "title": "Signed", "text": "", "url": "/charter/1/"}]
    page = draw("timeline", events=events)
    assert page.words(page.of(datetime="2022-05-04")) == "4 May 2022"
    assert page.words(page.of(href="/charter/1/")) == "Signed"


@pytest.mark.parametrize("name", ["500.html", "503.html"])
def test_pages_for_bad_days_need_neither_a_request_nor_a_database(name):
    page = Fragment(render_to_string(name))
    assert len(page.all("h1")) == 1
    assert [link[1]["href"] for link in page.all("link") if link[1]["rel"] == "stylesheet"]
    assert page.all("script") == []


def test_the_title_of_a_page_is_also_that_of_its_share_card(rf):
    template = engines["django"].from_string(
        '{% extends "base.html" %}{% block title %}The oak {{ name }}{% endblock %}'
        "{% block description %}What {{ name }} does{% endblock %}"
    )
    html = template.render({"name": '"Oak"'}, rf.get("/partners/oak/?page=2"))
    assert "<title>The oak &quot;Oak&quot; – Oxfordshire Inclusive Economy Charter</title>" in html
    assert '<meta property="og:title" content="The oak &quot;Oak&quot;">' in html
    assert '<meta name="description" content="What &quot;Oak&quot; does">' in html
    assert '<link rel="canonical" href="http://testserver/partners/oak/">' in html
