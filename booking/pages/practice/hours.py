"""A provider's opening hours, as a form that works without JavaScript."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from booking.calendar.availability import (
    availability_version,
    load_availability,
    save_availability,
)
from booking.follow_through.calendar_changes import preview_hours
from booking.pages.practice import hours_form, time_off_form
from booking.pages.practice.hours_in_words import in_words
from booking.pages.practice.review import Review, Typed, lock_calendar, save_reviewed
from booking.pages.practice.time_off_form import is_clock
from booking.rules.availability import WEEKDAYS, Availability
from core.errors import Invalid, VersionChanged
from core.web import flash, formats
from core.web.caller import PROVIDER, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.versions import differences, expected_by, form_status
from core.web.visit import Visit, Visiting
from core.web.zones import is_zone
from directory.pages.application import shown_errors
from directory.practice import own_practice
from directory.taxonomy import STATES

router = Router(include_in_schema=False)

ROWS = 2  # ranges of a day that the form offers at least
FIRST_HOUR, LAST_HOUR = 7, 21  # that the grid offers at least
_NO_HOURS = ("", "")
_NO_OVERRIDE = {"date": "", "start": "", "end": ""}


@router.get("/provider/hours")
@allow(PROVIDER)
def hours(visit: Visiting) -> Response:
    """The week, exceptions, time off, and the rules of booking."""
    provider = own_practice(visit)
    saved = load_availability(visit.session, provider.id)
    return _hours_page(visit, hours_form.as_typed(saved), availability_version(saved))


@router.post("/provider/hours")
@allow(PROVIDER)
def change_hours(visit: Visiting, typed: Typed) -> Response:
    """Save all of it at once, or say what needs another look; nothing typed is lost, and nothing
    that another tab saved.

    `add` asks for one more row, `copy` puts a day's hours on others; both save nothing. `remove`
    saves without the row it names. What a change does to times and sessions is shown first
    (`reviewed`: that it was).
    """
    provider = own_practice(visit)
    form, version = hours_form.read(typed), str(typed.get("version", ""))
    if typed.get("add"):
        return _hours_page(visit, _with_row(form, str(typed["add"])), version, unsaved="yes")
    if typed.get("copy"):
        return _hours_page(visit, _with_copies(form, typed), version, unsaved="yes")
    try:
        availability = hours_form.document_of(form)
    except Invalid as error:
        return _hours_page(visit, form, version, shown_errors(error))
    lock_calendar(visit.session, provider.id, visit.now)
    review = Review(
        provider.id,
        preview_hours(visit.session, provider.id, availability, visit.now),
        typed,
        url="/provider/hours",
        heading="Before these hours are saved",
    )
    save = partial(
        save_availability, visit.session, provider.id, availability, visit.now, expected_by(version)
    )
    try:
        if shown_first := save_reviewed(visit, review, save):
            return shown_first
    except Invalid as error:
        return _hours_page(visit, form, version, shown_errors(hours_form.at_fields(error)))
    except VersionChanged:
        saved = load_availability(visit.session, provider.id)
        if saved != availability:
            return _changed_page(visit, form, saved, availability)
    return RedirectResponse(f"/provider/hours{flash.SAVED}", 303)


def _with_row(form: dict[str, Any], where: str) -> dict[str, Any]:
    """One more row for a day ("0" is Monday), for the overrides or for the time off."""
    if where in map(str, range(7)):
        weekly = [list(ranges) for ranges in form["weekly"]]
        weekly[int(where)].append(_NO_HOURS)
        return {**form, "weekly": weekly}
    rows = {"overrides": _NO_OVERRIDE, "time_off": time_off_form.blank()}
    return {**form, where: [*form[where], rows[where]]} if where in rows else form


def _with_copies(form: dict[str, Any], typed: FormData) -> dict[str, Any]:
    """The hours of the day `copy_from` on each day of `copy_to`, in place of theirs ("0" is
    Monday)."""
    days = [str(day) for day in range(7)]
    source, to = str(typed.get("copy_from", "")), set(map(str, typed.getlist("copy_to")))
    if source not in days:
        return form
    weekly = [
        form["weekly"][int(source)] if day in to else ranges
        for day, ranges in zip(days, form["weekly"], strict=True)
    ]
    return {**form, "weekly": weekly}


def _changed_page(
    visit: Visit, form: dict[str, Any], saved: Availability, typed: Availability
) -> Response:
    """Both, where another tab saved since; saving again saves over what is shown."""
    rows = differences(in_words(saved), in_words(typed))
    return _hours_page(visit, form, availability_version(saved), changed=rows)


def _hours_page(
    visit: Visit,
    form: dict[str, Any],
    version: str,
    errors: Sequence[dict[str, str]] = (),
    changed: Sequence[dict[str, str]] = (),
    unsaved: str = "",
) -> Response:
    """`unsaved`: "yes" where what is shown differs from what is saved."""
    starts, ends = _shown_hours(form["weekly"])
    return render(
        visit,
        "booking/practice/hours.html",
        status=form_status(errors, changed),
        errors=errors,
        changed=changed,
        unsaved="yes" if errors or changed else unsaved,
        version=version,
        typed=form,
        grid_from=starts,
        grid_to=ends,
        days=[
            {
                "number": day,
                "name": name,
                "ranges": [*ranges, *[_NO_HOURS] * (ROWS - len(ranges))],
            }
            for day, (name, ranges) in enumerate(zip(WEEKDAYS, form["weekly"], strict=True))
        ],
        weekdays=[(str(day), name) for day, name in enumerate(WEEKDAYS)],
        overrides=[*form["overrides"], _NO_OVERRIDE],
        time_off=[*form["time_off"], time_off_form.blank()],
        zones=_zones(form["time_zone"], visit.now),
    )


def _shown_hours(weekly: Iterable[Sequence[tuple[str, str]]]) -> tuple[int, int]:
    """The hours from which to which the grid is drawn: the usual ones, and all that are typed."""
    earliest, latest = FIRST_HOUR, LAST_HOUR
    for start, end in (one for ranges in weekly for one in ranges):
        if is_clock(start) and is_clock(end):
            earliest = min(earliest, int(start[:2]))
            latest = 24 if end <= start else max(latest, min(24, int(end[:2]) + (end[3:] > "00")))
    return earliest, latest


def _zones(chosen: str, now: datetime) -> list[tuple[str, str]]:
    """The zones of the states, west last, each with its clock; and the one that was chosen."""
    known = {state.zone for state in STATES.values()} | ({chosen} if is_zone(chosen) else set())
    order = sorted(known)
    order.sort(key=lambda zone: now.astimezone(ZoneInfo(zone)).isoformat(), reverse=True)
    return [
        (zone, f"{zone.replace('_', ' ')}, now {formats.clock_time(now, zone)}") for zone in order
    ]
