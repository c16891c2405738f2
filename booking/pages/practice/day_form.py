"""One stretch of one day, from the week: extra hours, or time off. The form works without
JavaScript, as a page of its own."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Query, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import FormData

from booking.calendar.availability import load_availability, save_availability
from booking.follow_through.calendar_changes import preview_hours
from booking.pages.practice.review import Review, Typed, lock_calendar, save_reviewed
from booking.pages.practice.time_off_form import is_clock
from booking.pages.practice.week_grid import monday_of
from booking.rules.availability import DAY, LATEST_END, Availability, minutes_of
from booking.rules.day_changes import with_hours, with_time_off
from core.errors import Invalid
from core.times import read_day_in_reach
from core.web import flash, formats
from core.web.caller import PROVIDER, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.pages.application import shown_errors
from directory.practice import own_practice

router = Router(include_in_schema=False)

URL = "/provider/hours/day"
ADD, BLOCK = "add", "block"
ADDED = flash.declare("hours-added", "Hours added.")
BLOCKED = flash.declare("time-blocked", "Time blocked. Nobody can book it.")

Change = Callable[[Availability, date, int, int, datetime], Availability]
_ACTS: Final[dict[str, tuple[Change, str, str]]] = {
    ADD: (with_hours, "Before these hours are added", ADDED),
    BLOCK: (with_time_off, "Before this time is blocked", BLOCKED),
}
Act = Annotated[str, Query(max_length=10)]


def blank_day(day: date) -> dict[str, str]:
    """What the form shows where nothing is typed yet."""
    return {"day": day.isoformat(), "start": "", "end": "", "act": ADD}


@router.get(URL)
@allow(PROVIDER)
def one_day(
    visit: Visiting, act: Act = ADD, day: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """The form; `act`: which of the two the person came for, `block` or `add`."""
    zone = load_availability(visit.session, own_practice(visit).id).time_zone
    shown = read_day_in_reach(day) or formats.local_date(visit.now, zone)
    return _day_page(visit, {**blank_day(shown), "act": act}, zone)


@router.post(URL)
@allow(PROVIDER)
def change_day(visit: Visiting, raw: Typed) -> Response:
    """Add hours or block time. Sessions that it leaves outside are shown first, each with a choice;
    nothing typed is lost."""
    provider = own_practice(visit)
    typed = _texts(raw)
    lock_calendar(visit.session, provider.id, visit.now)
    before = load_availability(visit.session, provider.id)
    change, heading, said = _ACTS.get(typed["act"], _ACTS[ADD])
    try:
        day, start, end = _read(typed)
        after = change(before, day, start, end, visit.now)
    except Invalid as error:
        return _day_page(visit, typed, before.time_zone, shown_errors(error))
    except ValidationError as error:
        problem = {"field": "start", "message": _why(error)}
        return _day_page(visit, typed, before.time_zone, [problem])
    preview = preview_hours(visit.session, provider.id, after, visit.now)
    if not preview.newly_outside and not preview.nights:
        # The person drew these times: that they appear or vanish is no news.
        preview = replace(preview, appear={}, vanish={})
    review = Review(provider.id, preview, raw, URL, heading)
    save = partial(save_availability, visit.session, provider.id, after, visit.now)
    try:
        if shown_first := save_reviewed(visit, review, save):
            return shown_first
    except Invalid:
        problem = {"field": "day", "message": "That time is over. Choose one that is to come."}
        return _day_page(visit, typed, before.time_zone, [problem])
    return RedirectResponse(f"/provider{said}&week={monday_of(day).isoformat()}", 303)


def _texts(raw: FormData) -> dict[str, str]:
    return {name: str(raw.get(name, "")).strip()[:20] for name in ("day", "start", "end", "act")}


def _read(typed: dict[str, str]) -> tuple[date, int, int]:
    """The day, and wall minutes; an end at or before its start is on the next day. Raises Invalid
    with every problem."""
    problems = []
    day = read_day_in_reach(typed["day"])
    if day is None:
        problems.append(("day", "Enter the day."))
    if typed["act"] == BLOCK and not typed["start"] and not typed["end"]:
        start, end = 0, DAY
    else:
        for name, words in (("start", "Enter when it starts, like 09:00."),
                            ("end", "Enter when it ends, like 17:00.")):  # fmt: skip
            if not is_clock(typed[name]):
                problems.append((name, words))
        if problems:
            raise Invalid(problems)
        start, end = minutes_of(typed["start"]), minutes_of(typed["end"])
        if end <= start:
            end += DAY
        if end > LATEST_END:
            told = (
                "The end must come after the start. Over midnight, it can be no later than 6:00 am."
            )
            problems.append(("end", told))
    if problems or day is None:
        raise Invalid(problems)
    return day, start, end


def _why(error: ValidationError) -> str:
    """The document's own sentence, without what pydantic puts before it."""
    return str(error.errors()[0]["msg"]).removeprefix("Value error, ")


def _day_page(
    visit: Visit, typed: dict[str, Any], zone: str, errors: Sequence[dict[str, str]] = ()
) -> Response:
    return render(
        visit,
        "booking/practice/day.html",
        status=422 if errors else 200,
        errors=errors,
        typed=typed,
        zone=zone.replace("_", " "),
    )
