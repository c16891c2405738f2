"""Two tabs of one provider: what the newer one saved stands beside what the older one typed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.journeys.people import Somebody


def saves(tab: Somebody, button: str) -> None:
    """Past the page that shows what a change does, where it does anything."""
    tab.presses(button)
    if tab.page.get_by_role("button", name="Save it").count():
        tab.presses("Save it")


@pytest.mark.usefixtures("refusals")
def test_an_old_tab_chooses_between_both(open_context: Callable[..., BrowserContext]) -> None:
    context = open_context()
    new, old = (Somebody(context.new_page()) for _ in range(2))
    new.signs_in_as("provider@example.com")
    for tab in (old, new):
        tab.page.set_viewport_size({"width": 320, "height": 640})
        tab.goes_to("/provider/hours")
    new.fills_in(daily_limit="7")
    saves(new, "Save the hours")
    old.fills_in(daily_limit="9", buffer_after_minutes="15")
    old.presses("Save the hours")
    old.sees("This was changed after you opened it")
    expect(old.page.locator("[name=daily_limit]")).to_have_value("9")
    saves(old, "Save mine anyway")
    old.sees("Saved.")
    new.fills_in(daily_limit="")
    new.presses("Save the hours")
    new.sees("This was changed after you opened it")
    new.follows("Take what is saved")
    expect(new.page.locator("[name=daily_limit]")).to_have_value("9")
