"""What any person does in a browser: look, fill in, press, sign in with the code from the mail."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from demo.generate import make_providers
from main import DEMO_SEED
from tests.journeys.checks import check_page
from tests.journeys.conftest import PROVIDERS

Words = str | re.Pattern[str]
LETTER_WITHIN = 20  # seconds; they are written and sent by jobs


_CLOSED = (
    "xpath=self::*[not(self::summary)]/ancestor::details[not(@open)]"
    " | self::summary/../ancestor::details[not(@open)]"
)


class Somebody:
    """A person with a pointer. Stories build on the steps here; every page met is checked."""

    def __init__(self, page: Page, *, scripts: bool = True) -> None:
        self.page = page
        self.scripts = scripts

    # How hands do it: what the keyboard does otherwise

    def hits(self, target: Locator) -> None:
        self.unfolds(target)
        target.click()

    def types(self, target: Locator, text: str) -> None:
        self.unfolds(target)
        target.fill(text)

    def selects(self, target: Locator, value: str) -> None:
        self.unfolds(target)
        target.select_option(value)

    def ticks(self, target: Locator) -> None:
        self.unfolds(target)
        target.check()

    def unfolds(self, target: Locator) -> None:
        """Open what the target lies in, from the outside in. (A summary lies in what it opens.)"""
        for fold in target.locator(_CLOSED).all():
            self.hits(fold.locator(":scope > summary"))

    # What they do

    def goes_to(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path} answered {answer.status}"
        self.sees_a_sound_page()

    def is_refused_at(self, path: str, status: int) -> None:
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == status
        self.sees_a_sound_page()

    def follows(self, link: Words | Locator, within: str = "main") -> None:
        """A link, by its words or itself, to the page behind it."""
        if not isinstance(link, Locator):
            link = self.page.locator(within).get_by_role("link", name=link)
        with self.arriving():
            self.hits(link.first)

    def presses(self, button: Words | Locator, within: str = "main") -> None:
        """A button that leads to another page; a question it asks first is answered with yes."""
        if not isinstance(button, Locator):
            button = self.page.locator(within).get_by_role("button", name=button)
        button = button.first
        asks = self.scripts and button.get_attribute("data-confirm")
        if not asks:
            with self.arriving():
                self.hits(button)
            return
        self.hits(button)
        yes = self.page.locator("dialog[open] button.is-danger")
        check_page(self.page, scripts=self.scripts, state="asked first")
        with self.arriving():
            self.hits(yes)

    def sends(self, field: str) -> None:
        """The form that has this field."""
        form = self.page.locator(f"main form:has([name={field}]:not([type=hidden]))").first
        self.presses(form.locator("button[type=submit]"))

    def fills_in(self, **values: str) -> None:
        """Fields by their names."""
        for name, value in values.items():
            field = self.field(name)
            if field.evaluate("one => one.tagName") == "SELECT":
                self.selects(field, value)
            else:
                self.types(field, value)

    def chooses(self, name: str, *values: str) -> None:
        for value in values:
            self.ticks(self.page.locator(f"main [name={name}][value='{value}']"))

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """Wait for the page that the step in between leads to, and look at it."""
        with self.page.expect_event("domcontentloaded"):
            yield
        self.page.wait_for_load_state("load")
        self.sees_a_sound_page()

    # What they see

    def field(self, name: str) -> Locator:
        return self.page.locator(f"main [name={name}]:not([type=hidden])").first

    def sees_a_sound_page(self) -> None:
        check_page(self.page, scripts=self.scripts)

    def sees(self, words: Words) -> None:
        expect(self.page.locator("main")).to_contain_text(words)

    def sees_heading(self, words: Words) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(words)

    def is_at(self, path: str) -> None:
        """`path` is a regular expression of the address' path."""
        expect(self.page).to_have_url(re.compile(rf"^http://[^/]+{path}([?#].*)?$"))

    def sees_an_error_about(self, field: str) -> None:
        """The summary links to the field, and the field says so too."""
        expect(self.page.locator(f"#error-summary a[href='#{field}']").first).to_be_visible()
        expect(self.page.locator(f"#{field}-error")).to_be_visible()

    # Signing in

    def code_sent_to(self, email: str) -> str:
        """The newest code in the demo's mailbox, read in another tab."""
        with self.mailbox_of(email) as tab:
            return tab.locator("p.numbers b").first.inner_text()

    @contextmanager
    def mailbox_of(self, email: str) -> Iterator[Page]:
        tab = self.page.context.new_page()
        tab.goto(f"/demo/mailbox?to={quote(email)}")
        yield tab
        tab.close()

    @contextmanager
    def letter_to(self, email: str, words: str) -> Iterator[Locator]:
        """The letter with these words in its subject, once it has arrived."""
        with self.mailbox_of(email) as tab:
            letter = tab.locator("main li").filter(has=tab.get_by_role("heading", name=words))
            for _ in range(LETTER_WITHIN):
                if letter.count():
                    break
                tab.wait_for_timeout(1000)
                tab.reload()
            yield letter

    def is_told(self, email: str, words: str) -> None:
        """A letter with these words in its subject arrives, with an entry for the calendar."""
        with self.letter_to(email, words) as letter:
            expect(letter.locator("a[href$='calendar.ics']")).to_be_visible()

    def signs_in_as(self, email: str, path: str = "/sign-in") -> None:
        self.page.goto(path)
        self.fills_in(email=email)
        self.presses("Send me a code")
        self.fills_in(code=self.code_sent_to(email))
        self.presses("Sign in")

    def signs_out(self) -> None:
        self.presses("Sign out", within="header")
        self.sees("You are signed out")


class Hurried(Somebody):
    """Looks only where told to: the other pages are looked at by their own stories."""

    def sees_a_sound_page(self) -> None:
        pass

    def looks(self, state: str = "") -> None:
        """With axe, and at 320, 360 and 1280 px. `state`: what makes this page a new one."""
        check_page(self.page, state=state)


def email_of(name: str) -> str:
    """A demo provider's address."""
    people = make_providers(PROVIDERS, DEMO_SEED, date(2026, 11, 26))
    return next(one.email for one in people if f"{one.first} {one.last}" == name)
