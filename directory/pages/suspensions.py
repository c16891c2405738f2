"""An admin suspends a provider for a time: what it ends is shown before it is done."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from core.errors import Conflict, Invalid
from core.times import read_day_in_reach
from core.web import flash, formats
from core.web.caller import ADMIN, allow, confirmed
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory import presenters
from directory.credentials.follow_through import EndedSession, ended_by_suspension
from directory.credentials.suspensions import (
    checked_suspension,
    open_suspensions,
    reinstate,
    suspend,
    zone_of_provider,
)
from directory.models import Provider
from directory.queries import get_provider
from directory.rules import grounds

router = Router(include_in_schema=False)

SUSPENDED = flash.declare("suspended", "Suspended. Everyone concerned is being told.")
REINSTATED = flash.declare("reinstated", "Reinstated.")

Text = Annotated[str, Form(max_length=20_000)]


@router.get("/admin/providers/{provider_id}/suspension")
@confirmed
@allow(ADMIN)
def ask(visit: Visiting, provider_id: UUID) -> Response:
    """What stands, and a form for a suspension."""
    provider = get_provider(visit.session, provider_id)
    typed = {"reason": "", "from": "", "until": ""}
    return _page(visit, provider, typed, [])


@router.post("/admin/providers/{provider_id}/suspension")
@confirmed
@allow(ADMIN)
def record(
    visit: Visiting,
    provider_id: UUID,
    reason: Text = "",
    starts: Annotated[str, Form(alias="from", max_length=100)] = "",
    until: Annotated[str, Form(max_length=100)] = "",
    seen: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """First show what it ends; once that was seen (`seen`: how many sessions), do it."""
    provider = get_provider(visit.session, provider_id)
    typed = {"reason": reason, "from": starts, "until": until}
    zone = zone_of_provider(visit.session, provider)
    problems: list[tuple[str, str]] = []
    starts_at = _midnight("from", starts, zone, 0, problems)
    ends_at = _midnight("until", until, zone, 1, problems)
    if starts_at is not None and starts_at < visit.now and _is_today(starts, zone, visit.now):
        starts_at = visit.now
    try:
        asked = checked_suspension(reason, starts_at, ends_at, visit.now)
    except Invalid as error:
        known = {field for field, _ in problems}
        problems += [one for one in error.fields if one[0] not in known]
    if problems:
        return _page(visit, provider, typed, problems)
    ended = ended_by_suspension(visit.session, provider_id, asked, visit.now)
    if seen != str(len(ended)):
        return _page(visit, provider, typed, [], (asked, ended))
    try:
        suspend(
            visit.session,
            provider_id,
            visit.caller,
            reason,
            asked.starts_at,
            asked.ends_at,
            visit.now,
        )
    except Conflict as error:
        return _page(visit, provider, typed, [("reason", error.message)], status=409)
    return RedirectResponse(f"/admin/providers/{provider_id}{SUSPENDED}", 303)


@router.post("/admin/providers/{provider_id}/suspension/end")
@confirmed
@allow(ADMIN)
def end(visit: Visiting, provider_id: UUID) -> Response:
    """Reinstate them; pressed twice, once."""
    provider = get_provider(visit.session, provider_id)
    if open_suspensions(visit.session, provider.id, visit.now):
        reinstate(visit.session, provider_id, visit.caller, visit.now)
    return RedirectResponse(f"/admin/providers/{provider_id}{REINSTATED}", 303)


def _midnight(
    field: str, text: str, zone: str, days: int, problems: list[tuple[str, str]]
) -> datetime | None:
    """The local midnight that begins a day, or, with `days` 1, ends it; None where none is said."""
    if not text.strip():
        return None
    day = read_day_in_reach(text.strip())
    if day is None:
        problems.append((field, "Enter a day, like 2026-12-24, or leave it empty."))
        return None
    day += timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _is_today(text: str, zone: str, now: datetime) -> bool:
    return read_day_in_reach(text.strip()) == formats.local_date(now, zone)


def _page(
    visit: Visit,
    provider: Provider,
    typed: dict[str, str],
    problems: list[tuple[str, str]],
    found: tuple[grounds.Suspension, list[EndedSession]] | None = None,
    status: int = 422,
) -> Response:
    zone = zone_of_provider(visit.session, provider)
    return render(
        visit,
        "directory/desk/suspension.html",
        status if problems else 200,
        errors=[{"field": field, "message": message} for field, message in problems],
        name=provider.display_name,
        url=f"/admin/providers/{provider.id}",
        typed=typed,
        standing=[
            {**_dates(one.span, zone), "reason": one.reason}
            for one in open_suspensions(visit.session, provider.id, visit.now)
        ],
        asked=_dates(found[0], zone) if found else None,
        ends=presenters.ended_sessions(found[1]) if found else None,
        zone=zone.replace("_", " "),
    )


def _dates(one: grounds.Suspension, zone: str) -> dict[str, Any]:
    return {
        "since": formats.when(one.starts_at, zone),
        "until": formats.when(one.ends_at, zone) if one.ends_at else "",
    }
