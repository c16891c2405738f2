"""What any person does in a browser: look, fill in, press, sign in with the code from the mail."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.journeys.checks import check_page


class Somebody:
    """A person at a browser. Stories build on the steps here."""

    def __init__(self, page: Page, *, scripts: bool = True) -> None:
        self.page = page
        self.scripts = scripts

    # What they do

    def goes_to(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path} answered {answer.status}"
        self.sees_a_sound_page()

    def follows(self, name: str | re.Pattern[str], within: str = "main") -> None:
        self.page.locator(within).get_by_role("link", name=name).first.click()
        self.sees_a_sound_page()

    def presses(self, name: str | re.Pattern[str], within: str = "main") -> None:
        self.page.locator(within).get_by_role("button", name=name).first.click()
        self.page.wait_for_load_state()
        self.sees_a_sound_page()

    def fills_in(self, **values: str) -> None:
        """Fields by their names."""
        for name, value in values.items():
            field = self.field(name)
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def chooses(self, name: str, value: str) -> None:
        self.page.locator(f"main [name={name}][value={value}]").check()

    # What they see

    def field(self, name: str) -> Locator:
        return self.page.locator(f"main [name={name}]").first

    def sees_a_sound_page(self) -> None:
        check_page(self.page, scripts=self.scripts)

    def sees(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.locator("main")).to_contain_text(words)

    def sees_heading(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(words)

    def sees_an_error_about(self, field: str) -> None:
        """The summary links to the field, and the field says so too; what was typed is kept."""
        expect(self.page.locator(f"#error-summary a[href='#{field}']")).to_be_visible()
        expect(self.page.locator(f"#{field}-error")).to_be_visible()

    # Signing in

    def code_sent_to(self, email: str) -> str:
        """The newest code in the demo's mailbox, read in another tab."""
        tab = self.page.context.new_page()
        tab.goto(f"/demo/mailbox?to={email}")
        code = tab.locator("p.numbers b").first.inner_text()
        tab.close()
        return code

    def signs_in_as(self, email: str, path: str = "/sign-in") -> None:
        self.page.goto(path)
        self.fills_in(email=email)
        self.presses("Send me a code")
        self.fills_in(code=self.code_sent_to(email))
        self.presses("Sign in")

    def signs_out(self) -> None:
        self.presses("Sign out", within="header")
        self.sees("You are signed out")
