"""What a provider has to do: before patients find them, and what soon needs a minute."""

from datetime import datetime, timedelta
from typing import Any

from booking.appointments.queries import AppointmentEntry
from booking.follow_through.calendar_changes import find_outside
from booking.models import AppointmentRow
from booking.pages.practice.review import outside_lines
from booking.rules.availability import Availability
from booking.rules.transitions import Status
from core.web import formats
from core.web.caller import Caller
from core.web.visit import Visit
from directory.credentials.applications import lacks
from directory.models import Credential, CredentialStatus, Provider
from directory.presenters import short_credential_title
from directory.rules.requirements import attestation_due
from directory.taxonomy import CREDENTIAL_KINDS

CONFIRM_WITHIN = timedelta(days=14)
EXPIRES_WITHIN = timedelta(days=60)
MOST_UNTOLD = 3
MOST_OUTSIDE = 5

_MENDS = {
    "no_services": "/provider/services",
    "no_hours": "/provider/hours",
    "no_meeting_link": "/provider/profile#meeting_url",
    "not_attested": "/provider/attest",
    "closed": "/provider/practice",
}


def things_to_do(
    visit: Visit,
    provider: Provider,
    near: list[AppointmentEntry],
    credentials: list[Credential],
    availability: Availability,
) -> list[dict[str, str]]:
    """What needs a minute, each with its page: [{text, url}]. `near`: sessions around now;
    `credentials`: those that may soon end, none for someone who is not listed."""
    return [
        *_untold(near, availability.time_zone, visit.now),
        *_outside(visit, provider, availability),
        *(_due(provider, credentials, visit.now) if credentials else []),
        *_factor_due(visit.caller),
    ]


def checklist(visit: Visit, provider: Provider, credentials: list[Credential]) -> dict[str, Any]:
    """What the provider has to do, what we have to check, and where each credential stands."""
    found = lacks(visit.session, provider, visit.now)
    waiting = [lack for lack in found if lack.code.endswith("_pending")]
    return {
        "lacks": [
            {"text": lack.message, "url": _mend(lack.code)} for lack in found if lack not in waiting
        ],
        "waiting": [lack.message for lack in waiting],
        "credentials": [
            {"title": short_credential_title(one), "status": one.status, "reason": one.reason}
            for one in credentials
        ],
    }


def _mend(code: str) -> str:
    """The page that puts an end to a lack."""
    kind, _, what = code.rpartition("_")
    if what == "missing" and kind in CREDENTIAL_KINDS:
        return f"/provider/credentials/add?kind={kind}"
    return _MENDS.get(code, "/provider/credentials")


def appointment_url(one: AppointmentRow) -> str:
    return f"/provider/appointments/{one.id}"


def _untold(near: list[AppointmentEntry], zone: str, now: datetime) -> list[dict[str, str]]:
    """Sessions that are over, of which nobody said whether they took place; latest first."""
    over = [
        one.appointment
        for one in reversed(near)
        if one.appointment.status == Status.BOOKED and one.appointment.ends_at <= now
    ]
    return [
        {
            "text": f"Did it take place? {formats.short_when(one.starts_at, zone)}",
            "url": appointment_url(one),
        }
        for one in over[:MOST_UNTOLD]
    ]


def _outside(visit: Visit, provider: Provider, availability: Availability) -> list[dict[str, str]]:
    """Sessions that stay booked outside the hours, the next ones."""
    found = find_outside(visit.session, provider.id, availability, visit.now)[:MOST_OUTSIDE]
    lines = outside_lines(visit.session, found, availability.time_zone)
    return [{**one, "text": f"Outside your hours: {one['text']}"} for one in lines]


def _factor_due(caller: Caller) -> list[dict[str, str]]:
    if caller.has_factor or caller.goes_without:
        return []
    text = "Set up a second step at sign-in: patients' names are shown only with one"
    if caller.sees_names:
        text = "Set up a second step at sign-in: soon patients' names are shown only with one"
    return [{"text": text, "url": "/account/factors"}]


def _due(provider: Provider, credentials: list[Credential], now: datetime) -> list[dict[str, str]]:
    """What soon needs a minute, for someone who is listed."""
    found = []
    due = attestation_due(provider.attested_at) if provider.attested_at else now
    if due - now <= CONFIRM_WITHIN:
        text = f"Confirm your listing by {formats.short_day(due.date())}"
        found.append({"text": text, "url": "/provider/attest"})
    for one in _expiring(credentials, now):
        day = formats.full_date(one.expires_on) if one.expires_on else ""
        found.append(
            {
                "text": f"{short_credential_title(one)} expires {day}",
                "url": "/provider/credentials",
            }
        )
    return found


def _expiring(credentials: list[Credential], now: datetime) -> list[Credential]:
    """Verified ones that end soon, of which no renewal waits to be checked."""
    renewed = {
        (one.kind, one.state) for one in credentials if one.status == CredentialStatus.PENDING
    }
    return [
        one
        for one in credentials
        if one.status == CredentialStatus.VERIFIED
        and one.expires_on
        and one.expires_on - now.date() <= EXPIRES_WITHIN
        and (one.kind, one.state) not in renewed
    ]
