"""A provider's hours and services, as forms that work without JavaScript."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import FormData

from booking import schedules, services
from booking.rules.availability import DAY, WEEKDAYS, Availability, minutes_of
from booking.services import ServiceForm, get_own
from core.errors import Invalid
from core.web import words
from core.web.routing import PROVIDER, HouseRoute, Visit, Visiting, allow
from core.web.templates import render
from core.web.zones import known_zones
from directory.models import Provider, Service
from directory.pages.application import own_practice, shown_errors
from directory.queries import services_of
from directory.rules.offerings import may_offer_service, offered_services
from directory.taxonomy import SERVICE_KINDS, STATES

router = APIRouter(route_class=HouseRoute, include_in_schema=False)

ROWS = 3  # ranges of a day that the form offers at least
NUMBERS = {
    "notice_minutes": ("notice_hours", 60),
    "horizon_days": ("horizon_days", 1),
    "buffer_before_minutes": ("buffer_before_minutes", 1),
    "buffer_after_minutes": ("buffer_after_minutes", 1),
    "step_minutes": ("step_minutes", 1),
    "cancel_notice_minutes": ("cancel_notice_hours", 60),
    "daily_limit": ("daily_limit", 1),
}
"""Fields of the document: the form's name, and how many of its units make one of the document's."""


async def _form(request: Request) -> FormData:
    return await request.form(max_fields=2000)


Typed = Annotated[FormData, Depends(_form)]


@router.get("/provider/hours")
@allow(PROVIDER)
def hours(visit: Visiting) -> Response:
    """The week, exceptions, time off, and the rules of booking."""
    provider = own_practice(visit)
    return _hours_page(visit, _as_typed(schedules.load(visit.session, provider.id)), [])


@router.post("/provider/hours")
@allow(PROVIDER)
def change_hours(visit: Visiting, typed: Typed) -> Response:
    """Save all of it at once, or say what needs another look; nothing typed is lost."""
    provider = own_practice(visit)
    form = _read(typed)
    try:
        availability = _availability(form)
    except Invalid as error:
        return _hours_page(visit, form, shown_errors(error))
    schedules.save(visit.session, provider.id, availability, visit.now)
    return RedirectResponse("/provider/hours?notice=saved", 303)


def _read(typed: FormData) -> dict[str, Any]:
    """What was typed, in the shape the page shows."""

    def texts(name: str) -> list[str]:
        return [str(value).strip()[:100] for value in typed.getlist(name)]

    def text(name: str) -> str:
        return next(iter(texts(name)), "")

    return {
        "time_zone": text("time_zone"),
        "weekly": [
            list(zip(texts(f"start_{day}"), texts(f"end_{day}"), strict=False)) for day in range(7)
        ],
        "overrides": [
            {"date": day, "start": start, "end": end}
            for day, start, end in zip(
                texts("override_date"),
                texts("override_start"),
                texts("override_end"),
                strict=False,
            )
            if day or start or end
        ],
        "time_off": [
            {"from": start, "until": end}
            for start, end in zip(texts("off_from"), texts("off_until"), strict=False)
            if start or end
        ],
        **{name: text(name) for name, _ in NUMBERS.values()},
    }


def _as_typed(availability: Availability) -> dict[str, Any]:
    """The document as the form shows it: ends after midnight as times of the next day."""
    zone = ZoneInfo(availability.time_zone)
    return {
        "time_zone": availability.time_zone,
        "weekly": [
            [(r.start, _of_day(r.end)) for r in availability.weekly if r.weekday == day]
            for day in range(7)
        ],
        "overrides": [
            {"date": o.date.isoformat(), "start": start, "end": end}
            for o in availability.overrides
            for start, end in ([(r.start, _of_day(r.end)) for r in o.ranges] or [("", "")])
        ],
        "time_off": [
            {
                "from": f"{off.starts_at.astimezone(zone):%Y-%m-%dT%H:%M}",
                "until": f"{off.ends_at.astimezone(zone):%Y-%m-%dT%H:%M}",
            }
            for off in availability.time_off
        ],
        **{
            name: _number_text(getattr(availability, field), unit)
            for field, (name, unit) in NUMBERS.items()
        },
    }


def _number_text(value: int | None, unit: int) -> str:
    return "" if value is None else f"{value / unit:g}"


def _of_day(clock: str) -> str:
    minutes = minutes_of(clock) % DAY
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _availability(form: dict[str, Any]) -> Availability:
    """The document of what was typed. Raises Invalid with every problem, by the form's names."""
    problems: list[tuple[str, str]] = []
    document: dict[str, Any] = {"time_zone": form["time_zone"]}
    document["weekly"] = [
        {"weekday": day, **one}
        for day in range(7)
        for one in _ranges(form["weekly"][day], f"start_{day}", problems)
    ]
    document["overrides"] = _overrides(form["overrides"], problems)
    document["time_off"] = _time_off(form["time_off"], form["time_zone"], problems)
    for field, (name, unit) in NUMBERS.items():
        value = _number(form[name], unit)
        if value is not None:
            document[field] = value
        elif form[name] or field != "daily_limit":
            problems.append((name, "Enter a number."))
    try:
        made = Availability.model_validate(document)
    except ValidationError as error:
        problems += [_problem(one["loc"], str(one["msg"])) for one in error.errors()]
    if problems:
        raise Invalid(list(dict.fromkeys(problems)))
    return made


def _problem(where: tuple[int | str, ...], message: str) -> tuple[str, str]:
    field = str(where[0]) if where else "weekly"
    name = {"weekly": "start_0", "overrides": "override_date", "time_off": "off_from"}.get(
        field, NUMBERS.get(field, (field, 1))[0]
    )
    return name, message.removeprefix("Value error, ").removeprefix("Input should be ").capitalize()


def _ranges(
    typed: Iterable[tuple[str, str]], field: str, problems: list[tuple[str, str]]
) -> list[dict[str, str]]:
    found = []
    for start, end in typed:
        if not start and not end:
            continue
        if not (_is_clock(start) and _is_clock(end)):
            problems.append((field, f"“{start}–{end}” needs a start and an end, like 09:00."))
            continue
        until = minutes_of(end)
        if until <= minutes_of(start):  # an end at or before its start is on the next day
            until += DAY
        found.append({"start": start, "end": f"{until // 60:02d}:{until % 60:02d}"})
    return found


def _is_clock(text: str) -> bool:
    return re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) is not None


def _overrides(
    typed: Sequence[dict[str, str]], problems: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Rows of one date belong together; a row without times closes its date."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in typed:
        try:
            date.fromisoformat(row["date"])
        except ValueError:
            problems.append(("override_date", "Enter the date of the exception."))
            continue
        ranges = _ranges([(row["start"], row["end"])], "override_start", problems)
        found.setdefault(row["date"], []).extend(ranges)
    return [{"date": day, "ranges": ranges} for day, ranges in found.items()]


def _time_off(
    typed: Sequence[dict[str, str]], zone: str, problems: list[tuple[str, str]]
) -> list[dict[str, str]]:
    found = []
    for row in typed:
        try:
            ends = [_local(row[name], zone) for name in ("from", "until")]
        except (ValueError, OverflowError):
            problems.append(("off_from", "Enter a day and time for both ends of the time off."))
            continue
        found.append({"starts_at": ends[0], "ends_at": ends[1]})
    return found


def _local(text: str, zone: str) -> str:
    at = datetime.fromisoformat(text)
    if zone not in known_zones() or not 2000 <= at.year < 2100:
        raise ValueError(text)
    return at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).isoformat()


def _number(text: str, unit: int) -> int | None:
    try:
        value = float(text) * unit
    except ValueError:
        return None
    return int(value) if value.is_integer() and abs(value) < 10**9 else None


def _hours_page(visit: Visit, form: dict[str, Any], errors: list[dict[str, str]]) -> Response:
    common = sorted({state.zone for state in STATES.values()})
    chosen = form["time_zone"]
    zones = common if chosen in common or not chosen else [chosen, *common]
    return render(
        visit,
        "booking/practice/hours.html",
        status=422 if errors else 200,
        errors=errors,
        typed=form,
        days=[
            {
                "number": day,
                "name": name,
                "ranges": [*ranges, *[("", "")] * max(1, ROWS - len(ranges))][: len(ranges) + ROWS],
            }
            for day, (name, ranges) in enumerate(zip(WEEKDAYS, form["weekly"], strict=True))
        ],
        overrides=[*form["overrides"], *[{"date": "", "start": "", "end": ""}] * 2],
        time_off=[*form["time_off"], {"from": "", "until": ""}],
        zones=[(zone, zone.replace("_", " ")) for zone in zones],
    )


@router.get("/provider/services")
@allow(PROVIDER)
def list_services(visit: Visiting) -> Response:
    """What is offered, and a form for one more."""
    return _services_page(visit, own_practice(visit), _blank(), [])


@router.get("/provider/services/{service_id}")
@allow(PROVIDER)
def edit_service(visit: Visiting, service_id: UUID) -> Response:
    """One service, to change it or to offer it no longer."""
    provider = own_practice(visit)
    service = get_own(visit.session, provider.id, service_id)
    return _services_page(visit, provider, _typed_service(service), [], service)


Text = Annotated[str, Form(max_length=1000)]


def _service_fields(
    title: Text = "",
    kind: Text = "",
    minutes: Text = "",
    fee: Text = "",
    for_new: Text = "",
    for_returning: Text = "",
) -> dict[str, Any]:
    return {
        "title": title,
        "kind": kind,
        "minutes": minutes,
        "fee": fee,
        "for_new": bool(for_new),
        "for_returning": bool(for_returning),
    }


TypedService = Annotated[dict[str, Any], Depends(_service_fields)]


@router.post("/provider/services")
@allow(PROVIDER)
def add_service(visit: Visiting, typed: TypedService) -> Response:
    """Offer one more kind of session."""
    provider = own_practice(visit)
    try:
        services.create(visit.session, provider, _service_form(typed), visit.now)
    except Invalid as error:
        return _services_page(visit, provider, typed, shown_errors(error))
    return RedirectResponse("/provider/services?notice=saved", 303)


@router.post("/provider/services/{service_id}")
@allow(PROVIDER)
def change_service(
    visit: Visiting, service_id: UUID, typed: TypedService, retire: Text = ""
) -> Response:
    """Change it, or offer it no longer; what is booked stays as it was booked."""
    provider = own_practice(visit)
    service = get_own(visit.session, provider.id, service_id)
    if retire:
        services.retire(visit.session, provider, service_id, visit.now)
        return RedirectResponse("/provider/services?notice=saved", 303)
    try:
        services.update(visit.session, provider, service_id, _service_form(typed), visit.now)
    except Invalid as error:
        return _services_page(visit, provider, typed, shown_errors(error), service)
    return RedirectResponse("/provider/services?notice=saved", 303)


def _blank() -> dict[str, Any]:
    return {
        "title": "",
        "kind": "",
        "minutes": "50",
        "fee": "",
        "for_new": True,
        "for_returning": True,
    }


def _typed_service(service: Service) -> dict[str, Any]:
    return {
        "title": service.title,
        "kind": service.kind,
        "minutes": str(service.minutes),
        "fee": f"{service.fee_cents / 100:g}",
        "for_new": service.for_new,
        "for_returning": service.for_returning,
    }


def _service_form(typed: dict[str, Any]) -> ServiceForm:
    minutes = _number(typed["minutes"], 1)
    cents = _number(typed["fee"].replace("$", "").replace(",", "").strip(), 100)
    problems = []
    if minutes is None:
        problems.append(("minutes", "Enter how many minutes it lasts."))
    if cents is None:
        problems.append(("fee", "Enter the fee in dollars, like 150; 0 if it is free."))
    if minutes is None or cents is None:
        raise Invalid(problems)
    return ServiceForm(
        title=typed["title"],
        kind=typed["kind"],
        minutes=minutes,
        fee_cents=cents,
        for_new=typed["for_new"],
        for_returning=typed["for_returning"],
    )


def _services_page(
    visit: Visit,
    provider: Provider,
    typed: dict[str, Any],
    errors: list[dict[str, str]],
    edited: Service | None = None,
) -> Response:
    offered = offered_services(provider.profession)
    named = {"fee_cents": "fee"}  # the form's own name, so that the error's link finds it
    return render(
        visit,
        "booking/practice/services.html",
        status=422 if errors else 200,
        errors=[{**one, "field": named.get(one["field"], one["field"])} for one in errors],
        typed=typed,
        edited={"url": f"/provider/services/{edited.id}", "title": edited.title}
        if edited
        else None,
        kinds=[(key, SERVICE_KINDS[key].title) for key in offered],
        refused=[
            {"title": kind.title, "why": may_offer_service(provider.profession, key).reason}
            for key, kind in SERVICE_KINDS.items()
            if key not in offered
        ],
        offered=[
            {
                "url": f"/provider/services/{one.id}",
                "title": one.title,
                "length": words.duration(one.minutes),
                "fee": words.money(one.fee_cents),
                "who": _audience(one),
            }
            for one in services_of(visit.session, provider.id)
        ],
    )


def _audience(service: Service) -> str:
    if service.for_new and service.for_returning:
        return "Everyone"
    return "New patients" if service.for_new else "Patients you have seen before"
