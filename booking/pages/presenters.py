"""What patients' pages show of times, sessions and providers: ready words, no rules, no reads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.appointments.queries import AppointmentEntry
from booking.rules.notice import Door, JoinState
from core.times import write_instant
from core.web import formats
from directory.models import Credential, CredentialStatus, Provider, Service
from directory.presenters import credential_title
from directory.taxonomy import (
    AGE_GROUPS,
    CONDITIONS,
    INSURANCE,
    LANGUAGES,
    MODALITIES,
    SERVICE_KINDS,
    STATES,
)

_SHOWN, _FEW_MORE = 8, 2


# ---------------------------------------------------------------------- time


def day_heading(day: date, today: date) -> str:
    """Today, Tuesday, November 24"""
    near = {today: "Today, ", today + timedelta(days=1): "Tomorrow, "}
    return near.get(day, "") + formats.day(day)


def short_start(at: datetime, zone: str) -> str:
    """Tuesday 3:00 pm, as a button says it"""
    return f"{formats.local_date(at, zone):%A} {formats.clock_time(at, zone)}"


def left_words(left: timedelta) -> str:
    """9 minutes: as the countdown of the page goes on to say it."""
    if left < timedelta(minutes=1):
        return "less than a minute"
    return formats.count(int(left.total_seconds() / 60 + 0.5), "minute")


@dataclass(frozen=True)
class DayOfTimes:
    """One local day; `more` are those that are folded away."""

    day: date
    heading: str
    slots: list[dict[str, Any]] = field(default_factory=list)
    more: list[dict[str, Any]] = field(default_factory=list)


def days(
    starts: Iterable[datetime],
    zone: str,
    today: date,
    slot_of: Callable[[datetime], dict[str, Any]],
    most: int,
) -> tuple[list[DayOfTimes], date | None]:
    """The first `most` of the reader's days that have times, and the next that has, if any.

    `starts` in order; of what is not shown only one is looked at. `slot_of` adds what makes a
    time a link or a choice.
    """
    found: list[DayOfTimes] = []
    for day, group in groupby(starts, lambda start: formats.local_date(start, zone)):
        if len(found) == most:
            return found, day
        slots = [{"label": formats.clock_time(one, zone), **slot_of(one)} for one in group]
        shown = len(slots) if len(slots) <= _SHOWN + _FEW_MORE else _SHOWN
        found.append(DayOfTimes(day, day_heading(day, today), slots[:shown], slots[shown:]))
    return found, None


def midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_noon(day: date, zone: str) -> datetime:
    """By noon the clock has changed on days when it does."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def book_url(service_id: UUID | str, start: datetime, carried: dict[str, str]) -> str:
    return "/book?" + urlencode({"service": service_id, "start": write_instant(start), **carried})


# ---------------------------------------------------------------------- sessions


def session_facts(
    provider_name: str, title: str, at: datetime, minutes: int, fee_cents: int, zone: str
) -> list[dict[str, str]]:
    """Who, what, when and how much, for the summary of every page."""
    return [
        {"label": "When", "value": formats.when(at, zone)},
        {"label": "With", "value": provider_name},
        {"label": "Session", "value": f"{title}, {formats.duration(minutes)}, online"},
        {"label": "Fee", "value": formats.money(fee_cents)},
    ]


def appointment_facts(entry: AppointmentEntry, zone: str) -> list[dict[str, str]]:
    """As `session_facts`, with where the patient will be."""
    one = entry.appointment
    facts = session_facts(
        entry.provider_name,
        one.title,
        one.starts_at,
        one.minutes,
        one.fee_cents,
        zone,
    )
    if one.patient_state in STATES:
        place = f"Online; you will be in {STATES[one.patient_state].name}"
        facts.insert(3, {"label": "Where", "value": place})
    return facts


def listed_appointment(entry: AppointmentEntry, zone: str) -> dict[str, Any]:
    """One line of a list."""
    one = entry.appointment
    return {
        "url": f"/appointments/{one.id}",
        "when": formats.when(one.starts_at, zone),
        "day": formats.day(formats.local_date(one.starts_at, zone)),
        "time": formats.zoned_time(one.starts_at, zone),
        "with": entry.provider_name,
        "title": f"{one.title}, {formats.duration(one.minutes)}",
        "status": one.status,
    }


def door_line(state: JoinState, zone: str) -> str:
    """What to expect of the button "Join"."""
    match state.door:
        case Door.EARLY:
            return f"You can join from {formats.when(state.opens_at, zone)}."
        case Door.OPEN:
            return "You can join now."
        case _:
            return "This session is over."


def shown_door(state: JoinState, zone: str, now: datetime) -> dict[str, Any]:
    """The button "Join": awake while one can join; before, when it opens, and in the last hour
    counted down."""
    left = state.opens_at - now
    return {
        "is_open": state.door == Door.OPEN,
        "opens": f"Opens {_near_words(state.opens_at, zone, now)}",
        "left": left_words(left) if left < timedelta(hours=1) else "",
        "opens_at": write_instant(state.opens_at),
        "now": write_instant(now),
    }


def _near_words(at: datetime, zone: str, now: datetime) -> str:
    """today 2:50 pm; Tuesday 2:50 pm within six days; Tue, Nov 24, 2:50 pm"""
    if formats.local_date(at, zone) == formats.local_date(now, zone):
        return f"today {formats.clock_time(at, zone)}"
    is_near = at - now < timedelta(days=6)
    return short_start(at, zone) if is_near else formats.short_when(at, zone)


# ---------------------------------------------------------------------- a provider


def paragraphs(text: str) -> list[str]:
    return [part.strip() for part in text.split("\n") if part.strip()]


def service_line(service: Service) -> str:
    """50 minutes · $150 · for people who have been here before"""
    parts = [formats.duration(service.minutes), formats.money(service.fee_cents)]
    if not service.for_new:
        parts.append("for people who have been here before")
    elif not service.for_returning:
        parts.append("for a first visit")
    return " · ".join(parts)


def titles(keys: Sequence[str], table: dict[str, Any]) -> list[str]:
    """In the taxonomy's order, which is the same on every profile."""
    return [entry.title for key, entry in table.items() if key in keys]


def provider_facts(provider: Provider, services: Sequence[Service]) -> dict[str, Any]:
    """Everything public about how someone works, as words."""
    methods = [entry for key, entry in MODALITIES.items() if key in provider.modalities]
    return {
        "headline": provider.headline,
        "approach": paragraphs(provider.approach),
        "conditions": titles(provider.conditions, CONDITIONS),
        "methods": [{"title": one.title, "text": one.description} for one in methods],
        "ages": formats.listed(titles(provider.ages, AGE_GROUPS)),
        "languages": formats.listed(titles(provider.languages, LANGUAGES)),
        "insurance": titles(provider.insurance, INSURANCE),
        "sliding_scale": provider.sliding_scale,
        "services": [
            {
                "title": one.title,
                "text": SERVICE_KINDS[one.kind].description,
                "minutes": formats.duration(one.minutes),
                "fee": formats.money(one.fee_cents),
            }
            for one in services
        ],
    }


def verified_rows(credentials: Iterable[Credential], now: datetime) -> list[dict[str, str]]:
    """What was verified, at which source, on which day. Numbers are never shown."""
    rows = []
    for one in credentials:
        if one.status != CredentialStatus.VERIFIED or one.verified_on is None:
            continue
        if one.expires_on is not None and one.expires_on < now.date() - timedelta(days=1):
            continue
        rows.append(
            {
                "what": _credential_words(one),
                "source": one.source,
                "day": f"{one.verified_on:%b} {one.verified_on.day}, {one.verified_on.year}",
            }
        )
    return rows


def _credential_words(one: Credential) -> str:
    what = credential_title(one)
    if one.license_type:
        what += f" ({one.license_type})"
    if one.expires_on is not None:
        what += f", good through {formats.full_date(one.expires_on)}"
    return what
