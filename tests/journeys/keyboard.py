"""A page as somebody uses it who has a keyboard and eyes, and no mouse."""

import re

# Where the focus is; what one cannot see of it, if anything.
_LOOK = """(target) => {
    const focused = document.activeElement;
    if (focused === document.body) return {arrived: false, trouble: ""};
    const inView = (box) => box.width * box.height > 0 && box.top < innerHeight && box.bottom > 0 && box.right > 0;
    const boxes = [...focused.getClientRects()].filter(inView);
    const isSeen = (box) => {
        const middle = {x: box.x + box.width / 2, y: (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2};
        const seen = document.elementFromPoint(middle.x, middle.y);
        return focused === seen || focused.contains(seen);
    };
    const ring = getComputedStyle(focused);
    let trouble = "";
    if (!boxes.length) trouble = "is out of sight";
    else if (!boxes.every(isSeen)) trouble = "is covered";
    else if (ring.outlineStyle === "none" || parseFloat(ring.outlineWidth) < 2) trouble = "has no ring";
    return {arrived: focused === target, trouble: trouble && `${focused.outerHTML.slice(0, 200)} ${trouble}`};
}"""
_STOPS_AT_MOST = 200


class Keyboard:
    """Only Tab, Shift+Tab, the arrows, Space and Enter, and letters where something is written.

    Each element that has the focus on the way must be seen, uncovered and with a ring around it.
    """

    def __init__(self, page):
        self.page = page

    def to(self, target, key="Tab"):
        """Goes on until the element has the focus."""
        element = target.element_handle()
        for _stop in range(_STOPS_AT_MOST):
            self.page.keyboard.press(key)
            if self._has_arrived(element):
                return
        raise AssertionError(f"{key} never comes to {target}")

    def back_to(self, target):
        self.to(target, "Shift+Tab")

    def skip_to_main(self):
        """By the link for that. Once taken, it holds for the forms that follow: the address keeps its fragment."""
        if self.page.url.endswith("#main"):
            return
        self.page.keyboard.press("Tab")
        focused = self.page.evaluate("document.activeElement.outerHTML")
        assert "Skip to the main part" in focused, f"{self.page.url}: {focused}"
        self.page.keyboard.press("Enter")

    def write(self, label, words):
        self.to(self._field(label))
        self.page.keyboard.type(words)

    def tick(self, *labels):
        for label in labels:
            self.to(self._field(label))
            self.page.keyboard.press("Space")
            assert self._field(label).is_checked()

    def choose(self, label):
        """Chooses among radio buttons: Tab comes to the group, arrows move in it."""
        wanted = self._field(label)
        group = self.page.locator(f"[name={wanted.get_attribute('name')}]")
        first = group.first if group.locator(":scope:checked").count() == 0 else group.locator(":scope:checked")
        self.to(first)
        self.page.keyboard.press("Space")
        for _choice in range(group.count()):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
            assert self._has_arrived(None) is False
        raise AssertionError(f"The arrows never come to {label}")

    def select(self, label, choice):
        """Chooses from a list that opens."""
        field = self._field(label)
        self.to(field)
        for _choice in range(field.locator("option").count()):
            if field.locator("option:checked").inner_text() == choice:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"The arrows never come to {choice}")

    def press(self, name, role="button", within="main"):
        """Presses a button or a link with Enter, and waits for the page that comes."""
        exactly = {} if isinstance(name, re.Pattern) else {"exact": True}
        self.to(self.page.locator(within).get_by_role(role, name=name, **exactly))
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def follow(self, name, within="main"):
        self.press(name, "link", within)

    def _field(self, label):
        exactly = {} if isinstance(label, re.Pattern) else {"exact": True}
        return self.page.locator("main").get_by_label(label, **exactly)

    def _has_arrived(self, element):
        look = self.page.evaluate(_LOOK, element)
        assert not look["trouble"], f"{self.page.url}: {look['trouble']}"
        return look["arrived"]
