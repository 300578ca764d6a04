from decimal import Decimal

import pytest

from oiep.templatetags.charter import figure, markdown


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
