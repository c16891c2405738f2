"""What an admin does at the desk."""

import re

from playwright.sync_api import Locator, expect

from tests.journeys.people import Hurried, Somebody


class Admin(Somebody):
    """Checks each claim at its source, and says what was seen there. `case`: its address."""

    case = ""

    def opens_the_case_of(self, name: str) -> None:
        self.goes_to("/admin")
        self._opens(self.page.get_by_role("link", name=name))
        self.sees_heading(name)

    def looks_up(self, name: str) -> None:
        """The case of anybody, whether or not it waits."""
        self.goes_to("/admin")
        self.fills_in(q=name)
        self.presses("Find")
        self._opens(self.page.get_by_role("link", name=name))

    def opens_the_oldest_case(self) -> str:
        """Whose it is."""
        self.goes_to("/admin")
        self._opens(self.page.locator("table.queue tbody th a"))
        return self.page.get_by_role("heading", level=1).inner_text()

    def _opens(self, link: Locator) -> None:
        self.case = link.first.get_attribute("href") or ""
        self.follows(link)

    def verifies_all_that_waits(self) -> int:
        """How many credentials; leaves the case open."""
        done = 0
        self.goes_to(self.case)
        while self.page.get_by_role("button", name="Verify", exact=True).count():
            self.verifies("Active, no discipline on record.")
            done += 1
            self.goes_to(self.case)
        return done

    def verifies(self, seen: str) -> None:
        self.fills_in(seen=seen)
        self.presses(self.page.get_by_role("button", name=re.compile("^Verify")))
        self.sees("The decision is recorded.")

    def decides(self, action: str, seen: str, reason: str) -> None:
        """Reject or Revoke, with the reason that the provider reads."""
        self.fills_in(seen=seen, reason=reason)
        self.presses(action)
        self.sees("The decision is recorded.")

    def sees_in_the_audit_log(self, words: str) -> None:
        self.goes_to("/admin/audit")
        expect(self.page.locator("main")).to_contain_text(words)


class HurriedAdmin(Hurried, Admin):
    pass
