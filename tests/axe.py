"""What axe-core finds on the page that is open, and whether the page fits its window."""

from pathlib import Path

import axe_playwright_python

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RUN = "options => axe.run(options)"

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page, rules=RULES):
    """(rule, places) for each rule that the page breaks, once it is all there."""
    page.wait_for_load_state()
    if not page.evaluate("Boolean(window.axe)"):  # it is a long script, and a page may be looked at twice
        page.evaluate(AXE)
    found = page.evaluate(RUN, {"runOnly": rules, "resultTypes": ["violations"]})["violations"]
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]


def faults(page):
    """The violations, and a word more where there is something to scroll sideways for."""
    is_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*violations(page), *(["wider than the window"] if is_wide else [])]
