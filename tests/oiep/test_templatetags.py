from decimal import Decimal

import pytest

from oiep.templatetags.charter import figure


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
