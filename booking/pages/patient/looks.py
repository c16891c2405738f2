"""Who looked at one's data, as whoever it is about reads it."""

from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Response

from booking.appointments.patient_details import find_details
from booking.looks import Look, find_looks
from booking.pages.search_context import zone_of
from core.numbers import read_whole
from core.web import formats
from core.web.caller import signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting
from core.web.zones import zone_line

router = Router(include_in_schema=False)

URL: Final = "/account/looks"
PER_PAGE: Final = 50
LAST_ENTRY: Final = 2**31 - 1  # of the column


@router.get(URL)
@signed_in
def show(visit: Visiting, before: str = "") -> Response:
    """By day, newest first. `before`: an entry's id, from a link."""
    details = find_details(visit.session, visit.person_id)
    zone = zone_of(visit, details.time_zone if details else None)
    before_id = read_whole(before, LAST_ENTRY)
    found = find_looks(visit.session, visit.person_id, before_id, PER_PAGE + 1)
    shown = found[:PER_PAGE]
    more = urlencode({"before": shown[-1].id}) if len(found) > PER_PAGE else ""
    return render(
        visit,
        "booking/public/looks.html",
        days=_days(shown, zone),
        zone_line=zone_line(zone, visit.now),
        next_url=f"{URL}?{more}" if more else "",
        first_url=URL if before_id else "",
    )


def _days(looks: list[Look], zone: str) -> list[dict[str, Any]]:
    days: dict[str, list[dict[str, str]]] = {}
    for one in looks:
        day = formats.full_date(formats.local_date(one.at, zone))
        line = {"at": formats.clock_time(one.at, zone), "what": f"{one.by} {one.what}"}
        days.setdefault(day, []).append(line)
    return [{"day": day, "looks": lines} for day, lines in days.items()]
