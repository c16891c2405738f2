"""What a patient answers about themselves: filled in where known, read kindly, checked at once."""

from dataclasses import replace
from datetime import date, datetime
from typing import Final

from accounts.rules import normal_email
from booking.appointments import eligibility, patient_details
from booking.appointments.eligibility import LicenceRefused
from booking.appointments.patient_details import PatientDetails, find_details
from booking.pages.booking.draft import Draft
from booking.pages.booking.held_time import HeldTime
from core.errors import Invalid
from core.web.visit import Visit
from directory.taxonomy import STATES

Errors = list[dict[str, str]]
_FIELDS: Final = ("name", "email", "date_of_birth", "state")


def prefilled(visit: Visit, draft: Draft) -> Draft:
    """Of someone we know, what they told us before; what was typed since comes first."""
    facts = find_details(visit.session, visit.person_id) if visit.caller.is_signed_in else None
    if facts is None:
        return draft
    return replace(
        draft,
        name=draft.name or facts.name,
        date_of_birth=draft.date_of_birth or facts.date_of_birth.isoformat(),
        state=draft.state or facts.state,
    )


def problems(visit: Visit, held: HeldTime, draft: Draft) -> Errors:
    """Everything that needs another look, in the order of the form."""
    errors: Errors = []
    try:
        patient_details.checked_details(details_of(draft, None), held.hold.starts_at)
    except Invalid as error:
        errors += told(error)
    if not visit.caller.is_signed_in:
        try:
            normal_email(draft.email)
        except Invalid as error:
            errors += told(error)
    if draft.state in STATES:
        try:
            eligibility.check_ground(
                held.wanted.calendar.ground, draft.state, held.hold.starts_at, visit.now
            )
        except LicenceRefused as error:
            errors += told(error)
    return sorted(errors, key=lambda error: _FIELDS.index(error["field"]))


def details_of(draft: Draft, zone: str | None) -> PatientDetails:
    # A date that cannot be read is one that nobody was born on: the check then asks for it.
    born = read_typed_day(draft.date_of_birth) or date.max
    return PatientDetails(draft.name, born, draft.state, zone)


def read_typed_day(text: str) -> date | None:
    """2000-04-12, and as people here write it where the browser has no date field: 4/12/2000."""
    for form in ("%Y-%m-%d", "%m/%d/%Y", "%m-%d-%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  # a date, no time
        except ValueError:
            continue
    return None


def told(error: Invalid) -> Errors:
    kind = "licence" if isinstance(error, LicenceRefused) else ""
    return [{"field": field, "message": text, "kind": kind} for field, text in error.fields]


def told_of(field: str, message: str) -> dict[str, str]:
    return {"field": field, "message": message}
