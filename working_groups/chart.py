"""The org chart of the groups: where each box stands, and the lines between them, in the units of an SVG.

Those at the top stand over columns, one for each group right below them, with all that is below that hanging from it.
"""

import textwrap
import unicodedata
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from working_groups.models import Group

COLUMNS = 5
_WIDTH, _GAP, _INDENT = 196, 20, 18
_TOP_WIDTH = 280
_MARGIN = 24
_BETWEEN = 40  # from a group down to the columns below it
_HANGING = 14  # from one box of a column down to the next
_PADDING, _KIND_LINE, _NAME_LINE = 11, 17, 20
_LETTERS = 10  # the width of an average letter of a name, in bold
_LINES_AT_MOST = 4


@dataclass(frozen=True)
class Box:
    """A group on the chart. level: 0 at the top, 1 for the head of a column, 2 for all below."""

    group: Group
    level: int
    x: int
    y: int
    width: int
    lines: list[str]

    @property
    def height(self):
        return 2 * _PADDING + _KIND_LINE + _NAME_LINE * len(self.lines)

    @property
    def bottom(self):
        return self.y + self.height

    @property
    def middle(self):
        return self.x + self.width // 2

    @property
    def kind_y(self):
        """Where the line of the kind stands."""
        return self.y + _PADDING + _KIND_LINE - 5

    @property
    def name_y(self):
        """Where the first line of the name stands; each other one is `name_line` lower."""
        return self.kind_y + _NAME_LINE

    name_line = _NAME_LINE


@dataclass
class Chart:
    width: int = 0
    height: int = 0
    boxes: list[Box] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def path(self):
        """All lines, as the `d` of one path."""
        return " ".join(self.lines)

    def add(self, group, level, x, y, width):
        box = Box(group, level, x, y, width, _name_lines(_name_of(group), width - 2 * _PADDING))
        self.boxes.append(box)
        self.width, self.height = max(self.width, x + width), max(self.height, box.bottom)
        return box


def chart_of(branches):
    """The chart of a tree (see tree.py), or None where there is nothing to draw."""
    chart = Chart()
    for branch in branches:
        _draw(chart, branch, chart.height + 2 * _BETWEEN if chart.boxes else 0)
    return chart if chart.boxes else None


def _draw(chart, branch, y):
    """Draws one group of the top, with all below it, from `y` down."""
    rows = [branch.below[n : n + COLUMNS] for n in range(0, len(branch.below), COLUMNS)]
    # Of several rows, the line that leads down to them runs beside the boxes.
    margin = _MARGIN if len(rows) > 1 else 0
    width = max(_TOP_WIDTH, max(map(len, rows), default=0) * (_WIDTH + _GAP) - _GAP)
    head = chart.add(branch.group, 0, margin + (width - _TOP_WIDTH) // 2, y, _TOP_WIDTH)
    rails = []
    for row in rows:
        top = chart.height + _BETWEEN
        rail = top - _BETWEEN // 2
        left = margin + (width - len(row) * (_WIDTH + _GAP) + _GAP) // 2
        middles = [_hang(chart, column, left + n * (_WIDTH + _GAP), top).middle for n, column in enumerate(row)]
        chart.lines += [f"M{middle} {rail}V{top}" for middle in middles]
        ends = [*middles, *([] if rails else [head.middle]), *([_MARGIN // 4] if margin else [])]
        chart.lines.append(f"M{min(ends)} {rail}H{max(ends)}")
        rails.append(rail)
    if rails:
        chart.lines.append(f"M{head.middle} {head.bottom}V{rails[0]}")
    if margin:
        chart.lines.append(f"M{_MARGIN // 4} {rails[0]}V{rails[-1]}")


def _hang(chart, branch, x, y):
    """Draws a column. Returns the box at its head."""
    above = []  # the boxes from the head down to the one that was drawn last
    for group, depth in branch:
        indent = depth * _INDENT
        box = chart.add(group, min(depth + 1, 2), x + indent, y, _WIDTH - indent)
        del above[depth:]
        if above:
            stem = above[-1].x + _INDENT // 2
            chart.lines.append(f"M{stem} {above[-1].bottom}V{y + box.height // 2}H{box.x}")
        above.append(box)
        y = box.bottom + _HANGING
    return above[0]


def _name_of(group):
    return _("%(name)s (example)") % {"name": group.name} if group.is_example else group.name


def _name_lines(name, width):
    """A name in lines that fit in this width, the last with an ellipsis where there are more than fit in a box."""
    letters = width // _LETTERS
    if any(unicodedata.east_asian_width(letter) in "FW" for letter in name):
        letters //= 2
    return textwrap.wrap(name, letters, max_lines=_LINES_AT_MOST, placeholder="…", break_on_hyphens=False)
