"""Every pair of colours that meets on a page, in both schemes.

WCAG 2.2 AA asks for 4.5:1 for words and 3:1 for edges and marks.
"""

import re
from pathlib import Path

import pytest
from django.conf import settings

from partners.models import PriorityArea

CSS = Path(settings.BASE_DIR) / "static" / "css" / "tokens.css"
GROUNDS = ("paper", "surface", "stone")
TONES = ("green", "amber", "red", "blue", "grey")

WORDS = [
    *((words, ground) for words in ("ink", "ink-soft", "heading", "link", "link-hover", "error") for ground in GROUNDS),
    ("on-green", "green"),
    ("on-green", "green-deep"),
    ("on-marigold", "marigold"),
    ("on-marigold", "marigold-deep"),
    *((words, "frame") for words in ("on-frame", "on-frame-soft", "marigold-deep")),
    ("error", "error-bg"),
    ("ink", "error-bg"),
    *((f"tone-{tone}-fg", f"tone-{tone}-bg") for tone in TONES),
    # The map's words while a district is pointed at.
    ("tone-green-fg", "tone-amber-bg"),
]
EDGES = [
    *((edge, ground) for edge in ("line-strong", "focus", "control", "green", "error") for ground in GROUNDS),
    ("focus", "error-bg"),
    ("focus-on-frame", "frame"),
    ("marigold", "frame"),
    ("tick", "control"),
    ("control", "stone-deep"),
    *((f"tone-{tone}-fg", ground) for tone in TONES for ground in GROUNDS),
]


def schemes(css):
    """The custom properties of tokens.css: {scheme: {selector: {name: colour}}}; the dark ones lie over the light."""
    light, _, dark = re.sub(r"/\*.*?\*/", "", css, flags=re.S).partition("@media")
    return {"light": _rules(light), "dark": _merge(_rules(light), _rules(dark))}


def _rules(css):
    return {
        selector: dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", body))
        for selector, body in re.findall(r"(:root|\.area-[a-z]+)\s*\{([^}]*)\}", css)
    }


def _merge(under, over):
    return {selector: {**under.get(selector, {}), **over.get(selector, {})} for selector in {**under, **over}}


def _luminance(colour):
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one, other):
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def faults(css):
    """What is too faint: (scheme, colour, on, ratio, needed)."""
    found = []
    for scheme, rules in schemes(css).items():
        root = rules[":root"]
        pairs = [(a, root[a], b, root[b], 4.5) for a, b in WORDS] + [(a, root[a], b, root[b], 3) for a, b in EDGES]
        for colour in PriorityArea.Colour.values:
            area = rules[f".area-{colour}"]
            fg, bg, border = (area[f"area-{part}"] for part in ("fg", "bg", "border"))
            pairs.append((f"{colour} fg", fg, f"{colour} bg", bg, 4.5))
            for ground in GROUNDS:
                pairs.append((f"{colour} fg", fg, ground, root[ground], 4.5))
                pairs.append((f"{colour} border", border, ground, root[ground], 3))
        for name, colour, on, ground, needed in pairs:
            if ratio(colour, ground) < needed:
                found.append((scheme, name, on, round(ratio(colour, ground), 2), needed))
    return found


def test_ratio_of_known_pairs():
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_pair_is_readable_in_both_schemes():
    assert faults(CSS.read_text()) == []


@pytest.mark.parametrize(
    ("sound", "faint", "fault"),
    [
        ("--ink-soft: #4c574f", "--ink-soft: #9a9a9a", ("light", "ink-soft", "paper")),
        ("--ink-soft: #c3c8bc", "--ink-soft: #5a5f57", ("dark", "ink-soft", "paper")),
        ("--area-fg: #6b2460", "--area-fg: #c58fbd", ("light", "plum fg", "plum bg")),
    ],
)
def test_a_faint_pair_is_found(sound, faint, fault):
    css = CSS.read_text()
    assert sound in css
    assert fault in [found[:3] for found in faults(css.replace(sound, faint))]


def test_every_colour_of_an_area_differs_in_both_schemes():
    for rules in schemes(CSS.read_text()).values():
        colours = [tuple(sorted(rules[f".area-{colour}"].items())) for colour in PriorityArea.Colour.values]
        assert len(set(colours)) == len(PriorityArea.Colour.values)
