"""What stands in the first screen of patients' pages, measured."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.people import Hurried, Somebody

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
SEARCH = "/find?state=WA&condition=anxiety"

_BOXES = """(all) => all.map(one => {
    const box = one.getBoundingClientRect();
    return {top: box.top, bottom: box.bottom, height: box.height};
})"""


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    """Where they stand in the window, in CSS pixels."""
    found: list[dict[str, float]] = page.locator(selector).evaluate_all(_BOXES)
    return found


def whole(found: list[dict[str, float]], height: int) -> int:
    """How many are wholly in the first screen."""
    return sum(one["bottom"] <= height for one in found)


def tab_stops_to(page: Page, selector: str) -> int:
    """How often Tab is pressed, from the page's beginning, until one of these has the focus."""
    for number in range(1, 60):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return number
    raise AssertionError(f"60 times Tab do not reach {selector}")


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context(viewport=PHONE).new_page()


# Results


def test_two_whole_people_are_on_a_phones_first_screen(phone: Page) -> None:
    Hurried(phone).goes_to(SEARCH)
    cards = boxes(phone, ".provider-card")
    assert cards[0]["top"] < 230
    assert whole(cards, PHONE["height"]) >= 2
    assert max(one["height"] for one in cards) <= 250
    times = phone.locator(".provider-card").first.locator(".slot:visible")
    assert times.count() == 3
    assert len({one["top"] for one in times.evaluate_all(_BOXES)}) == 1, "the times are one row"


def test_the_search_stays_in_sight_on_a_phone(phone: Page) -> None:
    Hurried(phone).goes_to(SEARCH)
    phone.mouse.wheel(0, 2000)
    phone.wait_for_function("scrollY > 500")
    (line,) = boxes(phone, ".search-line")
    assert 0 <= line["top"] < 60
    expect(phone.locator(".search-line")).to_contain_text(re.compile(r"Washington · Anxiety.*2"))


def test_four_people_are_on_a_desks_first_screen(page: Page) -> None:
    Hurried(page).goes_to(SEARCH)
    cards = boxes(page, ".provider-card")
    parts = [(min(one["bottom"], 800) - one["top"]) / one["height"] for one in cards]
    assert sum(part for part in parts if part > 0) >= 3.5
    heading = page.locator("h1").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert heading == pytest.approx(24, abs=0.5)
    days = page.locator(".provider-card").first.locator(".card-date:visible")
    assert 1 < days.count() <= 4


def test_the_first_person_is_a_few_tab_stops_away(page: Page) -> None:
    Hurried(page).goes_to(SEARCH)
    assert tab_stops_to(page, ".provider-card h2 a") <= 12


def test_a_card_says_what_of_the_search_it_answers(page: Page) -> None:
    someone = Hurried(page)
    someone.goes_to("/find?state=WA&condition=anxiety&time=evening&modality=cbt")
    first = page.locator(".provider-card .fits").first
    expect(first).to_have_text("Fits: Anxiety, CBT, Evenings")
    someone.goes_to("/find?state=WA")
    expect(page.locator(".provider-card .fits").first).to_contain_text("Helps with:")


def test_times_on_cards_are_those_asked_for(page: Page) -> None:
    Hurried(page).goes_to("/find?state=WA&weekday=mon&time=morning")
    labels = page.locator(".provider-card .slot").all_inner_texts()
    assert labels
    assert all(label.endswith("am") for label in labels)
    headings = page.locator(".provider-card .card-date").all_inner_texts()
    assert all(re.match("Mon |Today|[A-Z][a-z]{2} [0-9]+$", one) for one in headings)


def test_a_filter_applies_at_once_and_no_button_is_needed(page: Page) -> None:
    someone = Hurried(page)
    someone.goes_to("/find?state=WA")
    expect(page.locator(".filter-actions")).to_be_hidden()
    someone.chooses("condition", "anxiety")
    expect(page.locator(".chips")).to_contain_text("Anxiety")


def test_without_a_script_the_button_stays_and_covers_nothing(plain_page: Page) -> None:
    Somebody(plain_page, scripts=False).goes_to("/find?state=WA")
    expect(plain_page.locator(".filter-actions button")).to_be_visible()
    position = plain_page.locator(".filter-actions").evaluate(
        "one => getComputedStyle(one).position"
    )
    assert position == "static"


def test_the_sheet_of_filters_shows_how_many_there_are(phone: Page) -> None:
    someone = Hurried(phone)
    someone.goes_to(SEARCH)
    phone.locator(".search-line").click()
    phone.locator("#filters [name=weekday][value=mon]").check()
    expect(phone.locator(".search-line")).to_contain_text("Monday")
    button = phone.locator(".filter-actions button")
    number = phone.locator("#results h1").inner_text().split()[0]
    expect(button).to_have_text(re.compile(rf"Show\s+{number} p"))
    someone.looks("the sheet of filters")
    button.click()
    expect(phone.locator("#filters")).to_be_hidden()


# Profile


def opens_the_first(page: Page) -> Somebody:
    """The first person found, by their name."""
    someone = Hurried(page)
    someone.goes_to(SEARCH)
    someone.follows(page.locator(".provider-card h2 a").first)
    return someone


def test_who_what_it_costs_and_when_are_in_a_profiles_first_screen(phone: Page) -> None:
    opens_the_first(phone)
    for part in ("h1", ".profile-head .portrait", ".profile-head .price", ".next-time"):
        (box,) = boxes(phone, part)
        assert box["bottom"] <= PHONE["height"], part
    expect(phone.locator(".next-time")).to_contain_text(":")
    expect(phone.locator(".fits-search")).to_contain_text("Anxiety")
    bar = phone.locator(".foot-bar")
    expect(bar).to_be_in_viewport(ratio=1)
    bar.get_by_role("link").click()
    expect(phone.locator("#times-heading")).to_be_in_viewport()


def test_any_day_of_the_calendar_is_three_presses_away_and_its_times_are_below(page: Page) -> None:
    someone = opens_the_first(page)
    for _ in range(2):
        later = page.get_by_role("link", name="Later months")
        if later.count():
            someone.follows(later)
    last = page.locator(".month td a").last
    words = last.get_attribute("aria-label") or ""
    someone.follows(last)
    expect(page.locator(".month [aria-current=date]")).to_have_attribute("aria-label", words)
    expect(page.locator("#day-heading")).to_contain_text(words)
    assert page.locator(".day .slot").count() > 0
    expect(page.locator(".fits-search")).to_contain_text("Anxiety")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_scrolls_within_a_profile(
    open_context: Callable[..., BrowserContext], width: int
) -> None:
    page = open_context(viewport={"width": width, "height": 800}).new_page()
    opens_the_first(page)
    inner = page.locator("main *").evaluate_all(
        """all => all.filter(one => one.clientHeight > 0 && one.scrollHeight > one.clientHeight + 1
            && ['auto', 'scroll'].includes(getComputedStyle(one).overflowY)).length"""
    )
    assert inner == 0


# Booking


def test_each_steps_button_is_in_sight_on_a_small_phone(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context(viewport={"width": 360, "height": 640}).new_page()
    someone = Hurried(page)
    someone.goes_to(SEARCH)
    someone.follows(page.locator(".provider-card").last.locator("a.slot:visible").last)
    email = "first-screens@example.com"

    def presses(words: str) -> None:
        button = page.locator("main").get_by_role("button", name=re.compile(words))
        expect(button).to_be_in_viewport(ratio=1)
        someone.presses(button)

    presses("^Hold ")
    (line,) = boxes(page, ".held-line")
    assert line["height"] <= 50, "the hold is one line"
    expect(page.locator(".held-line")).to_contain_text("minutes left")
    expect(page.get_by_role("button", name="Release this time")).to_be_visible()
    someone.fills_in(name="Robin Example", email=email, date_of_birth="1990-04-12", state="WA")
    presses("^Send me a code")
    someone.fills_in(code=someone.code_sent_to(email))
    presses("^This is me")
    presses("^Book ")
    someone.sees_heading("It is booked")


def test_two_people_stand_side_by_side_on_a_phone(phone: Page) -> None:
    someone = Hurried(phone)
    someone.goes_to("/find?state=WA")
    for place in range(2):
        phone.locator("#results input[name=provider][type=checkbox]").nth(place).check()
    someone.presses("Compare")
    left, right = phone.locator(".compare-people td").all()
    first, second = left.bounding_box(), right.bounding_box()
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"]
    assert second["x"] > first["x"] + 100
    assert second["x"] + second["width"] <= 360
    expect(phone.locator("details.fold > summary", has_text="The same for both")).to_be_visible()
