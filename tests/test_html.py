"""The reader of pages finds each fault that it is there to find."""

import pytest
from django.http import HttpResponse

from tests.html import Page

GOOD = '<html><body><h1 id="a">One<br></h1><h2>Two</h2><a href="#a">up</a><img alt="" src="x"></body></html>'


def test_sound_page_has_no_faults():
    page = Page(HttpResponse(GOOD))
    assert page.faults == []
    assert (page.text, page.links, page.headings) == ("One Two up", ["#a"], [1, 2])


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("</h2>", "", "</body> closes something else, in line 1"),
        ("<h2>Two</h2>", "<h3>Two</h3>", "h1 is followed by h3"),
        ("<h2>Two</h2>", "<h1>Two</h1>", "2 h1"),
        ("<h2>", '<h2 id="a">', "id a is there twice"),
        ("<h2>", '<h2 aria-labelledby="b">', "nothing has the id b"),
        ("#a", "#b", "nothing has the id b"),
        ("<h2>", '<h2 style="color: red">', "<h2> holds style or script inline"),
        ("<h2>", '<h2 onclick="x()">', "<h2> has onclick"),
        (' alt=""', "", "an <img> has no alt"),
        ("<br>", "<script>x()</script>", "<script> holds style or script inline"),
        ("<br>", "<b>", "</h1> closes something else, in line 1"),
    ],
)
def test_planted_fault_is_found(good, bad, fault):
    assert fault in Page(HttpResponse(GOOD.replace(good, bad))).faults
