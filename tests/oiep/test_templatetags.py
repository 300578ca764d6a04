from decimal import Decimal

import pytest
from django.utils.translation import gettext, override, trans_real

from oiep import quick
from oiep.quick import Translation
from oiep.templatetags.charter import area_chip, figure, markdown
from tests.factories import PriorityAreaFactory


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1200, "", "1,200"),
        (Decimal("12.50"), "", "12.5"),
        (Decimal("100.00"), "%", "100%"),
        (Decimal("1200.00"), "£", "£1,200"),
        (Decimal("12.50"), "£", "£12.50"),
        (Decimal("3.00"), "people", "3 people"),
    ],
)
def test_a_figure_is_written_with_its_unit(value, unit, words):
    assert figure(value, unit) == words


def test_headings_in_a_text_stand_below_those_of_the_page():
    text = "# A\n\n## B\n\nC\n=\n\n###### F"
    assert markdown(text) == "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>\n<h3>F</h3>\n"
    assert markdown(text, 4) == "<h4>A</h4>\n<h5>B</h5>\n<h4>C</h4>\n<h5>F</h5>\n"
    assert markdown("## A\n\n#### B\n\n### C\n\n## D") == "<h2>A</h2>\n<h3>B</h3>\n<h3>C</h3>\n<h2>D</h2>\n"
    assert markdown("# A\n\n## B\n\n### C", 5) == "<h5>A</h5>\n<h6>B</h6>\n<h6>C</h6>\n"
    assert markdown("") == markdown(None) == ""


@pytest.mark.parametrize("language", ["en-gb", "pl", "ar"])
def test_translations_that_are_remembered_are_those_that_django_finds(language):
    words = ["Partners", "Sign the Charter", "No such words at all", "Search"]
    own = Translation.__base__(language, domain="django")
    remembering = Translation(language, domain="django")
    for _n in range(2):
        assert [remembering.gettext(word) for word in words] == [own.gettext(word) for word in words]
    assert isinstance(trans_real.translation(language), Translation)


def test_translations_of_people_s_words_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(quick, "_AT_MOST", 3)
    translation = Translation("pl", domain="django")
    for number in range(10):
        translation.gettext(f"words {number}")
    assert len(translation._said) <= 3


@pytest.mark.django_db
def test_chip_follows_the_area_and_the_language():
    area = PriorityAreaFactory(short_name="Partners", slug="spend", colour="green")
    assert "<span>Partners</span>" in area_chip(area)
    assert 'href="/areas/spend/"' in area_chip(area)
    with override("pl"):
        assert gettext("Partners") != "Partners"
        assert f"<span>{gettext('Partners')}</span>" in area_chip(area)
    area.short_name, area.colour = "<b>Spending</b>", "plum"
    assert "&lt;b&gt;Spending" in area_chip(area)
    assert "area-plum" in area_chip(area)
