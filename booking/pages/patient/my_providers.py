"""Who looks after a patient, out of their appointments."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from booking.appointments.queries import AppointmentEntry
from booking.rules.transitions import Status
from core.web import formats
from directory.queries import Portrait

_TOOK_PLACE = (Status.BOOKED, Status.COMPLETED)


def my_providers(
    upcoming: Sequence[AppointmentEntry],
    past: Sequence[AppointmentEntry],
    portraits: Mapping[UUID, Portrait],
    zone: str,
) -> list[dict[str, Any]]:
    """Everyone with whom a session is booked or took place, whom they saw last or see next first.

    `upcoming`: soonest first; `past`: latest first. Who is booked again is asked about in terms of
    the session that is nearest: its kind and its state.
    """
    was = [one for one in past if one.appointment.status in _TOOK_PLACE]
    next_of, last_of = _first_of_each(upcoming), _first_of_each(was)
    return [
        _shown(last_of.get(key), next_of.get(key), portraits[key], zone)
        for key in dict.fromkeys((*next_of, *last_of))
    ]


def _first_of_each(entries: Iterable[AppointmentEntry]) -> dict[UUID, AppointmentEntry]:
    found: dict[UUID, AppointmentEntry] = {}
    for one in entries:
        found.setdefault(one.appointment.provider_id, one)
    return found


def _shown(
    last: AppointmentEntry | None, following: AppointmentEntry | None, portrait: Portrait, zone: str
) -> dict[str, Any]:
    entry = last or following
    assert entry is not None  # noqa: S101  # nosec B101  # each has one of them
    at = entry.appointment
    return {
        "name": entry.provider_name,
        "url": f"/providers/{entry.provider_slug}",
        "portrait": portrait,
        "again_url": f"/appointments/{at.id}/again",
        "last": (
            formats.full_date(formats.local_date(last.appointment.starts_at, zone)) if last else ""
        ),
        "next": _day_and_time(following.appointment.starts_at, zone) if following else None,
    }


def _day_and_time(at: datetime, zone: str) -> dict[str, str]:
    day = formats.short_day(formats.local_date(at, zone))
    return {"day": day, "time": formats.clock_time(at, zone)}
