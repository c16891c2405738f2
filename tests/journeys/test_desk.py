"""The desk as a place to work in all morning: what is on the screen, and what hands do there."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from core.postgres import ensure_database
from core.settings import settings
from demo.generate import make_providers
from main import DEMO_SEED
from tests.journeys.admins import Admin, HurriedAdmin
from tests.journeys.checks import check_page
from tests.journeys.conftest import demo_site
from tests.journeys.keyboard import ByKeyboard
from tests.journeys.test_weight import check
from tests.whole.loads import load
from tests.whole.servers import database_beside

ADMIN = "admin@example.com"
MANY = 600
"""Providers; one in 24 of them waits for a decision."""
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
ROWS = "table.queue tbody tr"
DECISIONS = ".decide button[name=outcome]"


@pytest.fixture(scope="module")
def site_database() -> Iterator[str]:
    server = os.environ.get("TEST_DATABASE_URL") or ensure_database(settings().data_dir)
    with database_beside(server, f"desk_{os.getpid()}") as address:
        yield address


@pytest.fixture(scope="module")
def site(site_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of these stories' own: a directory with so much to decide that it fills a screen."""
    with demo_site(site_database, tmp_path_factory.mktemp("desk"), MANY) as address:
        yield address


class AtKeyboard(ByKeyboard, HurriedAdmin):
    """Works without a pointer."""


@pytest.fixture
def admin(page: Page) -> Admin:
    somebody = Admin(page)
    somebody.signs_in_as(ADMIN)
    return somebody


def bottom(target: Locator) -> float:
    return float(target.evaluate("one => one.getBoundingClientRect().bottom"))


def names(page: Page) -> list[str]:
    return page.locator(f"{ROWS} th a").all_inner_texts()


def facts(page: Page) -> dict[str, str]:
    """Of the credential that is looked at."""
    return {
        row.locator("dt").inner_text(): row.locator("dd").first.inner_text()
        for row in page.locator(".review .facts > div").all()
    }


def keys_are_on(page: Page) -> None:
    """The script that hears them has come."""
    expect(page.locator("[data-desk-help]")).to_be_visible()


# What is on the screen


def test_twenty_cases_are_wholly_visible_at_a_desk(admin: Admin) -> None:
    admin.goes_to("/admin")
    rows = admin.page.locator(ROWS)
    assert rows.count() > 20
    assert sum(bottom(one) <= DESK["height"] for one in rows.all()) >= 20
    heights = rows.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert max(heights) <= 30
    check(load(admin.page.context, admin.page.url))


def test_the_numbers_on_the_tabs_are_those_of_the_cases(admin: Admin) -> None:
    for view in ("ours", "theirs", "expiring", "expiring&days=60", "expiring&days=90"):
        admin.goes_to(f"/admin?view={view}")
        page = admin.page
        last = page.locator("nav.tabs a[aria-current] .count").nth(view.count("days"))
        seen = len(names(page))
        assert seen > 0, view
        assert int(last.inner_text()) == seen, view
    admin.goes_to("/admin?view=everyone")
    expect(admin.page.locator("nav.tabs a[aria-current] .count").first).to_have_text(str(MANY))
    admin.follows(admin.page.locator("a[rel=next]"))
    admin.sees("51 to 100 of 600")


def test_a_case_is_seen_and_decided_without_scrolling(admin: Admin) -> None:
    admin.goes_to("/admin?profession=child_psychiatrist")  # who has the most to prove
    admin.follows(admin.page.locator(f"{ROWS} th a"))
    admin.follows(admin.page.get_by_role("link", name=re.compile("^State licence")))
    page = admin.page
    assert all(bottom(one) <= DESK["height"] for one in page.locator(DECISIONS).all())
    for panel in page.locator(".review > section").all():
        assert bottom(panel) <= DESK["height"]
    register = page.locator(".registers a").first
    assert register.get_attribute("target") == "_blank"
    assert register.get_attribute("rel") == "noreferrer"
    check(load(page.context, page.url))


def test_number_and_name_are_copied_for_the_register(
    open_context: Callable[..., BrowserContext],
) -> None:
    context = open_context(permissions=["clipboard-read", "clipboard-write"])
    admin = HurriedAdmin(context.new_page())
    admin.signs_in_as(ADMIN)
    admin.opens_the_oldest_case()
    known = facts(admin.page)
    for label in ("Number", "Name on it"):
        admin.page.get_by_role("button", name=re.compile(f"^Copy.*: {label}$")).click()
        expect(admin.page.locator("#live")).to_have_text("Copied")
        assert admin.page.evaluate("navigator.clipboard.readText()") == known[label]


def test_a_phone_shows_it_all_under_one_another(
    open_context: Callable[..., BrowserContext],
) -> None:
    admin = Admin(open_context(viewport=PHONE, has_touch=True).new_page())
    admin.signs_in_as(ADMIN)
    admin.goes_to("/admin")
    for target in admin.page.locator(f"{ROWS}:first-child :is(a, button)").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    admin.opens_the_oldest_case()
    for target in admin.page.locator(f".findings label, {DECISIONS}").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44


# What hands do


def test_who_is_looked_for_is_found_by_name_npi_email_and_licence(admin: Admin) -> None:
    admin.goes_to("/admin")
    name = admin.opens_the_oldest_case()
    npi = facts(admin.page)["Number"]
    admin.follows(admin.page.get_by_role("link", name=re.compile("^State licence")))
    licence = facts(admin.page)["Number"]
    made = make_providers(MANY, DEMO_SEED, date(2026, 11, 26))
    email = next(one.email for one in made if any(c.number == npi for c in one.credentials))
    for typed in (name, name.split()[1].lower(), npi, email, licence):
        admin.goes_to("/admin")
        admin.fills_in(q=typed)
        admin.presses("Find")
        assert name in names(admin.page), typed
    assert len(names(admin.page)) == 1
    admin.goes_to("/admin?q=nobody+of+this+name")
    admin.sees("Nobody found")


def test_columns_sort_and_turn_round(admin: Admin) -> None:
    admin.goes_to("/admin")
    by_age = names(admin.page)
    for order, turned in (("ascending", False), ("descending", True)):
        admin.follows(admin.page.locator("table.queue thead a", has_text="Name"))
        heading = admin.page.locator("table.queue thead th").first
        expect(heading).to_have_attribute("aria-sort", order)
        families = [one.split()[-1] for one in names(admin.page)]
        assert families == sorted(families, reverse=turned)
    assert sorted(names(admin.page)) == sorted(by_age)


def test_a_view_is_narrowed_by_profession_state_and_who_has_it(admin: Admin) -> None:
    admin.goes_to("/admin")
    first = admin.page.locator(ROWS).first
    name, state = names(admin.page)[0], first.locator("[data-label=States]").inner_text()
    admin.fills_in(state=state)
    admin.presses("Filter")
    assert name in names(admin.page)
    shown = admin.page.locator(f"{ROWS} [data-label=States]").all_inner_texts()
    assert all(state in one for one in shown)
    admin.presses(first.get_by_role("button", name="Take"))
    admin.sees("The case is yours.")
    admin.fills_in(who="me")
    admin.presses("Filter")
    assert names(admin.page) == [name]
    admin.follows("Mine")
    assert names(admin.page) == [name]
    admin.presses("Give back")
    admin.sees("Nothing waits here")
    admin.sees_in_the_audit_log("gave back the case of")


def test_what_was_found_fills_the_words_and_ctrl_enter_decides(admin: Admin) -> None:
    page = admin.page
    admin.goes_to("/admin?sort=name")
    first, second = names(page)[:2]
    admin.follows(page.locator(f"{ROWS} th a"))
    while page.locator("h1").inner_text() == first:
        page.get_by_label("Not found under this number").check()
        expect(admin.field("seen")).to_have_value("No record under this number.")
        expect(page.locator("[data-decide-key]")).to_contain_text("Reject")
        page.get_by_label("Active, name agrees, no actions").check()
        expect(admin.field("seen")).to_have_value(re.compile("^Active"))
        expect(page.locator("[data-decide-key]")).to_contain_text("Verify")
        with admin.arriving():
            page.keyboard.press("Control+Enter")
        admin.sees("The decision is recorded.")
    admin.sees_heading(second)  # of the same view
    admin.sees(f"That was {first}. This is the next case.")
    # What somebody wrote stays.
    admin.fills_in(seen="Active until 2031.")
    page.get_by_label("Active, name agrees, no actions").check()
    expect(admin.field("seen")).to_have_value("Active until 2031.")
    admin.follows(page.get_by_role("link", name=first))
    admin.sees_heading(first)


def test_single_keys_choose_and_never_decide(admin: Admin) -> None:
    page = admin.page
    admin.opens_the_oldest_case()
    before = page.url
    keys_are_on(page)
    admin.field("seen").click()
    page.keyboard.type("ark1j/")
    expect(admin.field("seen")).to_have_value("ark1j/")
    assert page.locator("[name=finding]:checked").count() == 0
    admin.field("source").press("Enter")
    admin.field("source").blur()
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Reject")).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Verify")).to_be_focused()
    page.keyboard.press("1")
    expect(page.locator("[name=finding]").first).to_be_checked()
    page.wait_for_timeout(300)
    assert page.url == before
    # Switched off, they do nothing.
    page.get_by_label("Single keys").uncheck()
    page.get_by_label("Single keys").blur()
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Reject")).not_to_be_focused()
    page.get_by_label("Single keys").check()


def test_it_all_goes_by_keyboard(page: Page) -> None:
    admin = AtKeyboard(page)
    admin.signs_in_as(ADMIN)
    admin.goes_to("/admin")
    keys_are_on(page)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("jk")
    expect(page.locator("#q")).to_have_value("jk")
    admin.goes_to("/admin")
    keys_are_on(page)
    links = page.locator(f"{ROWS} th a")
    for key, place in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        expect(links.nth(place)).to_be_focused()
    with admin.arriving():
        page.keyboard.press("Enter")
    keys_are_on(page)
    expect(page.locator("[data-decide-key]")).to_be_visible()
    page.keyboard.press("1")
    with admin.arriving():
        page.keyboard.press("Control+Enter")
    admin.sees("The decision is recorded.")
    admin.hits(page.get_by_role("button", name="Take"))
    admin.sees("The case is yours.")


def test_what_is_verified_is_revoked_only_after_a_question(admin: Admin) -> None:
    page = admin.page
    admin.goes_to("/admin?view=everyone")
    admin.follows(page.locator(f"{ROWS} th a"))
    admin.fills_in(seen="Suspended.", reason="The board suspended it.")
    keys_are_on(page)
    page.locator("h1").click()
    page.keyboard.press("r")
    expect(page.locator("[data-decide-key]")).to_contain_text("Revoke")
    page.keyboard.press("Control+Enter")
    question = page.locator("dialog[open]")
    expect(question).to_contain_text(re.compile("^Revoke .* of .*\\?"))
    check_page(page, state="asked whether to revoke")
    question.get_by_role("button", name="Keep it").click()
    expect(question).to_have_count(0)
    admin.sees("Public page")


def test_without_scripts_it_all_works(plain_page: Page) -> None:
    admin = Admin(plain_page, scripts=False)
    admin.signs_in_as(ADMIN)
    admin.goes_to("/admin")
    admin.presses(plain_page.get_by_role("button", name="Take").first)
    admin.sees("The case is yours.")
    admin.opens_the_oldest_case()
    expect(plain_page.get_by_role("button", name="Copy")).to_have_count(0)
    admin.chooses("finding", "active")
    admin.presses("Verify")
    admin.sees("The decision is recorded.")
    admin.goes_to(admin.case)
    admin.sees("Active. The name agrees. No action is on record.")
