"""The org chart: no two boxes overlap, no line runs through one, and every group is on it."""

import re
from itertools import combinations, pairwise

import pytest

from tests.factories import GroupFactory
from working_groups.chart import COLUMNS, chart_of
from working_groups.models import Group
from working_groups.tree import branches_of

pytestmark = pytest.mark.django_db


def overlaps(one, other):
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (beside or one.bottom <= other.y or other.bottom <= one.y)


def strokes(chart):
    """Each straight piece of the chart's lines, as its least x and y and its greatest."""
    for line in re.findall(r"M[^M]+", chart.path):
        x, y = map(int, re.match(r"M(\d+) (\d+)", line).groups())
        points = [(x, y)]
        for way, to in re.findall(r"([HV])(\d+)", line):
            x, y = (int(to), y) if way == "H" else (x, int(to))
            points.append((x, y))
        for start, end in pairwise(points):
            yield *map(min, start, end), *map(max, start, end)


def crosses(stroke, box):
    left, top, right, bottom = stroke
    return left < box.x + box.width and right > box.x and top < box.bottom and bottom > box.y


@pytest.mark.parametrize("columns", [0, 1, 2, COLUMNS, COLUMNS + 1, 3 * COLUMNS])
def test_boxes_and_lines_keep_clear_of_each_other(columns):
    top = GroupFactory(name="Steering Group")
    for n in range(columns):
        head = GroupFactory(name=f"Group {n} with a name of many words that goes on", parent=top)
        for _n in range(n % 4):
            child = GroupFactory(parent=head)
            GroupFactory(parent=child)
    GroupFactory(name="Elsewhere")
    chart = chart_of(branches_of(Group.objects.all()))
    assert {box.group for box in chart.boxes} == set(Group.objects.all())
    assert [pair for pair in combinations(chart.boxes, 2) if overlaps(*pair)] == []
    assert [(stroke, box) for stroke in strokes(chart) for box in chart.boxes if crosses(stroke, box)] == []
    for left, top_, right, bottom in strokes(chart):
        assert 0 <= left <= right <= chart.width
        assert 0 <= top_ <= bottom <= chart.height


def test_each_group_but_the_top_has_a_line_to_its_box():
    top = GroupFactory()
    child = GroupFactory(parent=GroupFactory(parent=top))
    chart = chart_of(branches_of(Group.objects.all()))
    touched = {box.group for *_start, x, y in strokes(chart) for box in chart.boxes if (x, y) in _edges(box)}
    assert touched == {child, child.parent}


def _edges(box):
    return {(box.middle, box.y), (box.x, box.y + box.height // 2)}


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Mentoring", ["Mentoring"]),
        ("Community Needs Analysis", ["Community Needs", "Analysis"]),
        ("Llanfairpwllgwyngyllgogerychwyrn", ["Llanfairpwllgwyng", "yllgogerychwyrn"]),
        ("包容性雇主和社会价值采购工作组", ["包容性雇主和社会", "价值采购工作组"]),
    ],
)
def test_a_name_is_wrapped_to_its_box(name, lines):
    GroupFactory(parent=GroupFactory(name="top"), name=name)
    *_others, box = chart_of(branches_of(Group.objects.order_by("pk"))).boxes
    assert box.lines == lines


def test_the_longest_name_is_cut_in_the_box_only():
    GroupFactory(name="Everything " * 10)
    [box] = chart_of(branches_of(Group.objects.all())).boxes
    assert len(box.lines) == 4
    assert box.lines[-1].endswith("…")


def test_there_is_no_chart_of_nothing():
    assert chart_of([]) is None
