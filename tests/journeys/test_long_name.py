"""A surname of fifty letters, and a patient's of sixty, stay in their places on every page."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.admins import HurriedAdmin
from tests.journeys.checks import check_page
from tests.journeys.patients import ONE, STEP, HurriedPatient, Patient
from tests.journeys.people import Hurried, email_of

SURNAME = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren"[:50]
PATIENT = "Hubert " + "Blaine" * 10
CARD, HEADING = ".provider-card", ":is(h2, h3) a"
WIDTHS = (320, 360, 1280)


# The boxes of each piece of text that holds the name, against the box that it lies in.
_OUTSIDE = """name => {
    const found = [];
    const boxes = 'a.button, button, td, th, .panel, .provider-card, .notice, .is-booked, main';
    if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode;
        if (!text.data.includes(name) || text.parentElement.closest('.visually-hidden, script'))
            continue;
        const place = text.parentElement.closest(boxes).getBoundingClientRect();
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const box of range.getClientRects())
            if (box.right > place.right + 1 || box.left < place.left - 1)
                found.push(text.parentElement.outerHTML.slice(0, 160));
    }
    return found;
}"""


def stays_in_its_place(page: Page, name: str) -> int:
    """How often the name is there; at each width it is looked at anew."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        outside: list[str] = page.evaluate(_OUTSIDE, name)
        assert not outside, f"{page.url} at {width} px: {outside}"
    return page.locator("main").inner_text().count(name)


def test_a_long_name_is_checked_shown_and_stays_in_its_place(
    open_context: Callable[..., BrowserContext],
) -> None:
    visitor = Hurried(open_context().new_page())
    visitor.goes_to("/find?state=CA&accepts_new=yes")
    name = visitor.page.locator(f"{CARD}:has(.slot) {HEADING}").last.inner_text()
    long = f"{name.split()[0]} {SURNAME}"

    # What is asked for is shown to nobody else until an admin has decided.
    provider = Hurried(open_context().new_page())
    provider.signs_in_as(email_of(name))
    provider.goes_to("/provider/profile")
    provider.fills_in(display_name=long)
    provider.presses("Save the profile")
    provider.sees("Waiting to be checked")
    assert stays_in_its_place(provider.page, SURNAME)
    check_page(provider.page, state="a name waits")
    visitor.goes_to(f"/find?q={SURNAME}")
    expect(visitor.page.locator(CARD).filter(has_text=SURNAME)).to_have_count(0)
    admin = HurriedAdmin(open_context().new_page())
    admin.signs_in_as("admin@example.com")
    admin.opens_the_case_of(name)
    assert stays_in_its_place(admin.page, SURNAME)
    check_page(admin.page, state="a name waits")
    admin.presses("Accept the change")

    patient = HurriedPatient(open_context().new_page())
    patient.signs_in_as("patient.of.long.names@example.com")
    address = books_and_looks(patient, long)
    for person, path, shown in (
        (provider, "/provider", SURNAME),
        (provider, f"/provider{address}", PATIENT),
        (admin, f"/admin?q={SURNAME}", SURNAME),
        (admin, admin.case, SURNAME),
        (admin, "/admin/audit", SURNAME),
    ):
        person.goes_to(path)
        assert stays_in_its_place(person.page, shown), path


def books_and_looks(patient: Patient, long: str) -> str:
    """Through the booking and what follows it; the path of the appointment."""
    page = patient.page
    patient.goes_to(f"/find?q={SURNAME}")
    assert stays_in_its_place(page, SURNAME)
    check_page(page, state="a long name")
    patient.follows(page.locator(f"{CARD} {HEADING}"))
    assert stays_in_its_place(page, SURNAME)
    patient.goes_to(f"/compare?provider={urlsplit(page.url).path.rsplit('/', 1)[1]}")
    assert stays_in_its_place(page, SURNAME)
    patient.holds_a_time_with(long)
    assert stays_in_its_place(page, SURNAME)
    patient.fills_in(name=PATIENT, date_of_birth="1990-04-12", state="CA")
    patient.sends("name")
    patient.is_at(f"{STEP}/check")
    assert stays_in_its_place(page, SURNAME)
    assert stays_in_its_place(page, PATIENT)
    patient.presses(re.compile("^Book "))
    patient.is_at(f"{ONE}/booked")
    assert stays_in_its_place(page, SURNAME)
    address = urlsplit(page.url.removesuffix("/booked")).path
    for path in (address, f"{address}/cancel", f"{address}/move", "/appointments"):
        patient.goes_to(path)
        assert stays_in_its_place(page, SURNAME), path
    return address
