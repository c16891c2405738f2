"""What is agreed when a time is held, and stays so: nothing looks it up later."""

from datetime import datetime
from typing import Any

from booking.models import AppointmentRow
from booking.rules import notice
from booking.rules.availability import Availability
from core.times import tzdata_release, write_wall_time


def agreed(
    title: str, kind: str, fee_cents: int, availability: Availability, starts_at: datetime
) -> dict[str, Any]:
    """By column of the appointment. The fee is in US cents."""
    return {
        "title": title,
        "kind": kind,
        "fee_cents": fee_cents,
        "cancel_notice_minutes": availability.cancel_notice_minutes,
        "late_fee_cents": availability.late_fee_cents,
        "moves_late": availability.moves_late,
        **agreed_start(availability.time_zone, starts_at),
    }


def agreed_start(zone: str, starts_at: datetime) -> dict[str, str]:
    """What a provider's clock shows then, and by which release of the time zones."""
    return {
        "zone": zone,
        "local_start": write_wall_time(starts_at, zone),
        "tzdata_release": tzdata_release(),
    }


def cancel_until(one: AppointmentRow) -> datetime:
    """Up to when the patient may call it off without its counting as late."""
    return notice.cancel_until(
        one.starts_at, one.cancel_notice_minutes, one.booked_at, one.is_excused
    )
