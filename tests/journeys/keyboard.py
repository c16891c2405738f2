"""Hands that never touch a pointer: Tab, Enter, Space, arrows and typing, with focus in sight."""

from playwright.sync_api import Locator

from tests.journeys.people import Somebody

MOST_TABS = 400

_HAS_FOCUS = "one => one === document.activeElement"
# The ring may be drawn by the element or by the label around it.
_FOCUS_IS_SEEN = """one => {
    const drawn = style => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)
        || style.boxShadow !== 'none';
    const place = (one.closest('label') ?? one).getBoundingClientRect();
    return one.matches(':focus-visible')
        && [one, one.closest('label')].some(each => each && drawn(getComputedStyle(each)))
        && place.bottom > 0 && place.top < innerHeight && place.width > 0;
}"""


class ByKeyboard(Somebody):
    """The same person without a pointer."""

    def hits(self, target: Locator) -> None:
        self.unfolds(target)
        self.tabs_to(target)
        self.page.keyboard.press("Enter")

    def types(self, target: Locator, text: str) -> None:
        self.unfolds(target)
        self.tabs_to(target)
        if target.get_attribute("type") == "date":
            year, month, day = text.split("-")
            self.page.keyboard.type(month + day + year)
            return
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def selects(self, target: Locator, value: str) -> None:
        self.unfolds(target)
        self.tabs_to(target)
        self.page.keyboard.press("Home")
        count = target.locator("option").count()
        for _ in range(count):
            if target.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} cannot be selected with the arrow keys")

    def ticks(self, target: Locator) -> None:
        """A box by Space; of a group of radio buttons Tab reaches one, arrows the others."""
        self.unfolds(target)
        if target.get_attribute("type") != "radio":
            self.tabs_to(target)
            if not target.is_checked():
                self.page.keyboard.press("Space")
            return
        name = target.get_attribute("name")
        group = self.page.locator(f"main [type=radio][name='{name}']")
        self.tabs_to(group, any_of=True)
        for _ in range(group.count()):
            if target.evaluate(_HAS_FOCUS):
                self.page.keyboard.press("Space")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError("the arrow keys do not reach that choice")

    def tabs_to(self, target: Locator, *, any_of: bool = False) -> None:
        """Tab until it has focus (or any of several), and see that it has."""
        for _ in range(MOST_TABS):
            has_it = (
                target.evaluate_all("all => all.includes(document.activeElement)")
                if any_of
                else target.evaluate(_HAS_FOCUS)
            )
            if has_it:
                seen = self.page.locator(":focus").first
                assert seen.evaluate(_FOCUS_IS_SEEN), f"focus cannot be seen on {seen}"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{MOST_TABS} times Tab do not reach {target}")
