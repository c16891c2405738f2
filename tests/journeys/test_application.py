"""A psychiatrist applies, is told what cannot be, proves the rest, is verified and found."""

from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import BrowserContext, Locator, expect

from core import clock
from directory.rules.numbers import make_dea, make_npi
from tests.journeys.admins import Admin
from tests.journeys.people import Somebody

NAME = "Drew Newcomer"
NPI = make_npi("155500123")
DEA = make_dea("BN", "555012")


def one_digit_wrong(number: str) -> str:
    """The same number but for its check digit."""
    return f"{number[:-1]}{(int(number[-1]) + 1) % 10}"


class Story:
    """`drew` applies, an `admin` checks, a `visitor` looks for help."""

    def __init__(self, drew: Somebody, admin: Admin, visitor: Somebody) -> None:
        self.drew, self.admin, self.visitor = drew, admin, visitor
        self.in_two_years: date = clock.now().date() + timedelta(days=730)

    def given_someone_who_signs_in_to_apply(self) -> None:
        self.drew.signs_in_as("drew.newcomer@example.com", "/provider/apply")
        self.drew.is_at("/provider/apply")

    def when_the_npi_has_a_wrong_digit_it_is_refused_and_all_else_kept(self) -> None:
        self.drew.chooses("profession", "psychiatrist")
        self.drew.fills_in(legal_first_name="Drew", legal_last_name="Newcomer", letters="MD")
        self.drew.fills_in(npi=one_digit_wrong(NPI))
        self.drew.sends("npi")
        self.drew.sees_an_error_about("npi")
        expect(self.drew.field("legal_last_name")).to_have_value("Newcomer")

    def then_the_right_one_opens_a_practice_that_says_what_is_left(self) -> None:
        self.drew.fills_in(npi=NPI)
        self.drew.sends("npi")
        self.drew.is_at("/provider")
        self.drew.sees("What is left before patients can find you")

    def when_they_claim_a_method_of_another_profession_it_is_refused_with_the_reason(self) -> None:
        self.drew.goes_to("/provider/profile")
        self.drew.sees("Psychological testing needs a psychologist.")
        claim = self.drew.page.locator("[name=modalities][value=psychological_testing]")
        expect(claim).to_be_disabled()
        # Someone may send it all the same.
        claim.evaluate("box => { box.disabled = false; }")
        claim.check()
        self.drew.sends("headline")
        self.drew.sees_an_error_about("modalities")
        expect(claim).to_be_checked()
        claim.uncheck()

    def then_the_profile_is_saved(self) -> None:
        self.drew.chooses("conditions", "bipolar", "anxiety")
        self.drew.chooses("modalities", "medication_management")
        self.drew.fills_in(
            headline="Calm and thorough.",
            approach="We look at the whole of it, and decide together.",
            meeting_url="https://meet.example.com/drew",
        )
        if not self.drew.field("accepts_new").is_checked():
            self.drew.chooses("accepts_new", "yes")
        self.drew.sends("headline")
        self.drew.sees("Saved.")

    def when_they_add_their_credentials_a_wrong_dea_number_is_refused(self) -> None:
        self._adds("state_license", state="WA", license_type="MD", number="MD60123456")
        self._adds("board_certification", license_type="Psychiatry", number="5550123")
        self.drew.goes_to("/provider/credentials/add?kind=dea")
        self._says(state="WA", number=one_digit_wrong(DEA))
        self.drew.sees_an_error_about("number")
        self._says(number=DEA)
        self.drew.sees("Sent for review.")

    def _adds(self, kind: str, **facts: str) -> None:
        self.drew.goes_to("/provider/credentials")
        self.drew.follows(self.drew.page.locator(f"main a[href$='kind={kind}']"))
        self._says(**facts)
        self.drew.sees("Sent for review.")

    def _says(self, **facts: str) -> None:
        self.drew.fills_in(**facts, expires_on=self.in_two_years.isoformat())
        self.drew.sends("number")

    def and_services_and_hours(self) -> None:
        self.drew.goes_to("/provider/services")
        self.drew.fills_in(title="Medication visit", minutes="30", fee="140000")
        self.drew.presses("Add this service")
        self.drew.sees_an_error_about("kind")
        self.drew.sees_an_error_about("fee")
        self.drew.fills_in(kind="medication_management", fee="140")
        self.drew.presses("Add this service")
        self.drew.sees("Medication visit")
        self.drew.goes_to("/provider/hours")
        self.drew.fills_in(time_zone="America/Los_Angeles", start_0="09:00")
        self.drew.presses("Save the hours")
        expect(self.drew.page.locator("#error-summary a[href='#start_0']")).to_be_visible()
        for day in range(5):
            self.drew.fills_in(**{f"start_{day}": "09:00", f"end_{day}": "17:00"})
        self.drew.presses("Save the hours")
        self.drew.sees("Saved.")

    def and_attest_that_all_is_current(self) -> None:
        self.drew.goes_to("/provider/attest")
        self.drew.presses("Yes, all of this is true today")
        self.drew.sees("Your listing is confirmed for 90 days.")

    def then_nobody_finds_them_yet(self) -> None:
        self.visitor.goes_to(f"/find?q={NAME.replace(' ', '+')}")
        expect(self._cards()).to_have_count(0)

    def when_an_admin_verifies_each_credential(self) -> None:
        self.admin.signs_in_as("admin@example.com")
        self.admin.opens_the_case_of(NAME)
        assert self.admin.verifies_all_that_waits() == 4

    def then_the_search_finds_them_with_times(self) -> None:
        self.visitor.goes_to("/find?state=WA&condition=bipolar&sort=soonest")
        expect(self._cards()).to_have_count(1)
        expect(self._cards().locator("a.slot").first).to_be_visible()
        self.visitor.follows(self._cards().get_by_role("link", name=NAME))
        self.visitor.sees("What we verified")
        assert DEA not in self.visitor.page.content()
        self.visitor.follows(self.visitor.page.locator("#times .day a.slot:visible").first)
        self.visitor.sees("Medication visit")

    def and_their_own_page_says_so(self) -> None:
        self.drew.goes_to("/provider")
        expect(self.drew.page.get_by_role("link", name="Public page")).to_be_visible()
        self.drew.follows("Credentials")
        self.drew.sees("All that your profession needs is verified.")

    def _cards(self) -> Locator:
        return self.visitor.page.locator(".provider-card").filter(has_text=NAME)


def test_from_the_application_to_the_first_time_that_can_be_booked(
    open_context: Callable[..., BrowserContext],
) -> None:
    story = Story(
        Somebody(open_context().new_page()),
        Admin(open_context().new_page()),
        Somebody(open_context().new_page()),
    )
    story.given_someone_who_signs_in_to_apply()
    story.when_the_npi_has_a_wrong_digit_it_is_refused_and_all_else_kept()
    story.then_the_right_one_opens_a_practice_that_says_what_is_left()
    story.when_they_claim_a_method_of_another_profession_it_is_refused_with_the_reason()
    story.then_the_profile_is_saved()
    story.when_they_add_their_credentials_a_wrong_dea_number_is_refused()
    story.and_services_and_hours()
    story.and_attest_that_all_is_current()
    story.then_nobody_finds_them_yet()
    story.when_an_admin_verifies_each_credential()
    story.then_the_search_finds_them_with_times()
    story.and_their_own_page_says_so()
