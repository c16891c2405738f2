"""An admin works through the queue; what is decided shows at once, to everyone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.admins import Admin
from tests.journeys.people import Somebody

ADMIN = "admin@example.com"


def test_a_case_from_the_queue_to_the_search_and_out_of_it(
    open_context: Callable[..., BrowserContext], refusals: None
) -> None:
    admin, visitor = Admin(open_context().new_page()), Somebody(open_context().new_page())
    admin.signs_in_as(ADMIN)
    admin.is_at("/admin")
    name = admin.opens_the_oldest_case()

    # A decision says what was seen.
    admin.presses(admin.page.get_by_role("button", name=re.compile("^Verify")))
    admin.sees_an_error_about("seen")

    assert admin.verifies_all_that_waits() > 0
    public = admin.page.get_by_role("link", name="Public page").get_attribute("href")
    assert public is not None
    visitor.goes_to(public)
    visitor.sees_heading(name)
    visitor.goes_to(f"/find?q={name.replace(' ', '+')}")
    expect(visitor.page.locator(".provider-card")).to_contain_text([name])

    licence = admin.page.get_by_role("link", name=re.compile("licen[cs]e", re.IGNORECASE))
    admin.follows(licence)
    admin.decides("Revoke", "Suspended on Monday.", "The board suspended this licence.")
    visitor.is_refused_at(public, 404)
    visitor.page.goto(f"/find?q={name.replace(' ', '+')}")
    expect(visitor.page.locator(".provider-card").filter(has_text=name)).to_have_count(0)
    admin.goes_to(admin.case)
    admin.sees("Suspended on Monday.")
    admin.sees_in_the_audit_log("revoked")


def test_evidence_is_kept_and_a_wrong_kind_of_file_refused(page: Page) -> None:
    admin = Admin(page)
    admin.signs_in_as(ADMIN)
    admin.opens_the_oldest_case()
    admin.fills_in(seen="Not on record.", reason="We did not find this number at the source.")
    page.locator("[name=evidence]").set_input_files(
        {"name": "seen.exe", "mimeType": "application/pdf", "buffer": b"MZ not a pdf"}
    )
    admin.presses("Reject")
    admin.sees_an_error_about("evidence")
    expect(admin.field("seen")).to_have_value("Not on record.")
    pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
    page.locator("[name=evidence]").set_input_files(
        {"name": "seen.pdf", "mimeType": "application/pdf", "buffer": pdf}
    )
    admin.presses("Reject")
    admin.goes_to(admin.case)
    link = page.get_by_role("link", name=re.compile(r"seen\.pdf")).get_attribute("href")
    assert link is not None
    answer = page.request.get(link)
    assert answer.body() == pdf
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("view", ["ours", "mine", "theirs", "expiring", "overdue", "everyone"])
def test_every_queue_is_sound(page: Page, view: str) -> None:
    admin = Admin(page)
    admin.signs_in_as(ADMIN)
    admin.goes_to(f"/admin?view={view}")
    expect(page.locator("table.queue, main .empty")).to_have_count(1)
