"""The two letters of an alert. Of what was searched for they name the state and no more, and no
address in them says it: mail is read over shoulders, and passes through many hands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from core.mail import Letter
from core.settings import settings
from core.web import formats, templates
from directory.models import SearchAlert
from directory.taxonomy import STATES

CONFIRM_SUBJECT: Final = "Please confirm your alert – Openchair"
OPENING_SUBJECT: Final = "An opening for your saved search – Openchair"


class Time(NamedTuple):
    """An opening: its start, or the beginning of the hour in which it lies."""

    at: datetime
    is_start: bool


@dataclass(frozen=True)
class Opened:
    """A provider with the openings to tell of, soonest first."""

    name: str
    slug: str
    times: tuple[Time, ...]


def confirm_letter(alert: SearchAlert, lasts: timedelta) -> Letter:
    """Sent to whoever is said to have asked."""
    return _letter(alert, "confirm", CONFIRM_SUBJECT, days=lasts.days)


def opening_letter(alert: SearchAlert, opened: Sequence[Opened], more: int) -> Letter:
    """`more`: how many others have new openings that the letter does not name."""
    people = [
        {
            "name": one.name,
            "url": f"{settings().public_url}/providers/{one.slug}",
            "times": [_when(time, alert.zone) for time in one.times],
        }
        for one in opened
    ]
    return _letter(
        alert,
        "opening",
        OPENING_SUBJECT,
        people=people,
        more=formats.count(more, "other person", "other people") if more else "",
        heading="Someone has an opening" if len(people) == 1 else "There are new openings",
        unsubscribe_url=f"{alert_url(alert)}/end",
    )


def alert_url(alert: SearchAlert) -> str:
    return f"{settings().public_url}/alerts/{alert.token}"


def _when(time: Time, zone: str) -> str:
    """Tue, Nov 24, 3:00 pm PST"""
    when = (
        f"{formats.short_day(formats.local_date(time.at, zone))}, "
        f"{formats.zoned_time(time.at, zone)}"
    )
    return when if time.is_start else f"{when} or soon after"


def _letter(
    alert: SearchAlert, name: str, subject: str, unsubscribe_url: str | None = None, **parts: Any
) -> Letter:
    states = [value for name, value in parse_qsl(alert.search) if name == "state"]
    parts |= {
        "url": alert_url(alert),
        "where": formats.listed([STATES[code].name for code in states if code in STATES], "or"),
        "asked_on": formats.full_date(formats.local_date(alert.created_at, alert.zone)),
        "ends_on": formats.full_date(formats.local_date(alert.ends_at, alert.zone)),
    }
    return Letter(
        recipient=alert.email,
        subject=subject,
        text=templates.text(f"mail/alert_{name}.txt", **parts),
        html=templates.text(f"mail/alert_{name}.html", **parts),
        unsubscribe_url=unsubscribe_url,
    )
