"""How many SQL statements each request sends: every GET route, and the flows that change things."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session, col, select

from accounts.models import Person
from booking.calendar.free_times import free_starts
from core import clock
from core.database import engine
from directory.models import Credential
from directory.queries import services_of
from directory.search.listing_cache import ListingCache
from tests.factories import LICENCE, make_appointment
from tests.whole.plans import telling
from tests.whole.routes import filled, routes_of
from tests.whole.world import ROLES, World

Counts = dict[str, list[str]]
"""What was asked, and as whom ("GET /account<tab>patient A") → the statements it sent, in order."""

# Routes that only say something with a question in the address, or that look different so.
QUESTIONS = {
    "GET /admin": (
        "",
        "?view=mine",
        "?view=theirs&sort=name",
        "?view=expiring",
        "?view=overdue",
        "?view=everyone",
        "?q=dana",
    ),
    "GET /admin/audit": ("", "?action=credential.verified&since=2026-01-01"),
    "GET /alerts": ("?state=WA",),
    "GET /api/v1/admin/queue": ("", "?view=everyone"),
    "GET /admin/people": ("", "?email=desk@example.com"),
    "GET /api/v1/admin/people": ("?email=desk@example.com",),
    "GET /api/v1/providers": ("", "?q=dana"),
    "GET /api/v1/providers/{provider_id}/slots": ("?service={service_id}",),
    "GET /api/v1/suggest": ("?q=da",),
    "GET /book": ("?service={service_id}&start={free_start}",),
    "GET /compare": ("?provider={slug}",),
    "GET /demo/mailbox": ("", "?to=a@example.com"),
    "GET /find": ("", "?state=WA&condition=anxiety", "?q=dana"),
    "GET /provider": ("?week={week}",),
}
# Who has them, where that is not the first who may ask.
OWNERS = {"GET /provider": "provider A"}
PROFILE = {
    "display_name": "Dana Lee",
    "headline": "A steady hour each week.",
    "ages": ["adults"],
    "languages": ["en"],
    "insurance": ["self_pay"],
    "accepts_new": True,
    "meeting_url": "https://meet.example.com/dana",
}
HOURS = {
    "time_zone": "America/Los_Angeles",
    "weekly": [{"weekday": day, "start": "09:00", "end": "17:00"} for day in range(5)],
    "notice_minutes": 0,
}
PERSON = {"name": "Robin Example", "date_of_birth": "1990-01-01", "state": "WA"}
SERVICE = {"title": "Talk", "kind": "individual", "minutes": 50, "fee_cents": 10000}
SERVICE_FORM = {
    "title": "Talk",
    "kind": "individual",
    "minutes": "50",
    "fee": "100",
    "for_new": "yes",
}
DECISION = {"outcome": "verified", "source": "State board", "seen": "Active."}

_numbers = count(1)


class Counting:
    """Asks the application, and keeps which statements each request sent."""

    def __init__(self, client: TestClient, world: World) -> None:
        self.client, self.world = client, world
        self.counts: Counts = {}

    def ask(self, what: str, role: str, ids: dict[str, str] | None = None, **body: Any) -> Response:
        """One request ("POST /api/v1/holds"). Whatever it asks for must be there."""
        method, path = what.split()
        address = filled(path, {**self.world.ids, **(ids or {})})
        with _statements() as sent:
            answer = self.client.request(method, address, headers=self.world.headers[role], **body)
        assert answer.status_code < 400, f"{what} as {role}: {answer.status_code} {answer.text}"
        self.counts[f"{what}\t{role}"] = sent
        return answer


@contextmanager
def _statements() -> Iterator[list[str]]:
    """What goes to the database meanwhile, but for what the search index reads by itself."""
    sent: list[str] = []

    def note(statement: str, values: Any) -> None:
        if threading.current_thread().name != "search-feed":
            sent.append(" ".join(statement.split()))

    with telling(note):
        yield sent


def count_reads(app: FastAPI, counting: Counting) -> None:
    """Every GET route, as the first role that may ask; no listing's card is known beforehand."""
    now = clock.now()
    with Session(engine()) as session:
        free = _free(session, counting.world, now)[0]
    ids = {"free_start": _iso(free), "week": f"{free.date()}"}
    for route in sorted((one for one in routes_of(app) if one.is_read), key=str):
        role = OWNERS.get(str(route)) or next(role for role in ROLES if route.lets_in(role))
        for question in QUESTIONS.get(str(route), ("",)):
            counting.client.cookies.clear()
            if str(route) == "GET /sign-in/code":
                counting.client.post("/sign-in", data={"email": "someone@example.com"})
            app.state.search.cards = ListingCache()
            counting.ask(f"{route}{question}", role, ids)


def count_bookings(counting: Counting) -> None:
    """Hold, extend, confirm, move and cancel, over the API and over the pages."""
    starts = _few_starts(counting.world)
    service = counting.world.ids["service_id"]
    who = "patient B"
    counting.client.cookies.clear()
    wanted = {"service_id": service, "starts_at": _iso(starts[0])}
    held = counting.ask("POST /api/v1/holds", who, json=wanted).json()
    ids = {"hold_id": held["id"], "appointment_id": held["id"]}
    counting.ask("POST /api/v1/holds/{hold_id}/extend", who, ids)
    counting.ask("POST /api/v1/holds/{hold_id}/confirm", who, ids, json=PERSON)
    moved = {"starts_at": _iso(starts[1])}
    counting.ask("POST /api/v1/appointments/{appointment_id}/reschedule", who, ids, json=moved)
    counting.ask("POST /api/v1/appointments/{appointment_id}/cancel", who, ids, json={})

    counting.client.cookies.clear()
    form = {"service": service, "start": _iso(starts[2]), "state": "WA"}
    answer = counting.ask("POST /book", who, data=form)
    hold_id = answer.headers["location"].split("/")[2]
    ids = {"hold_id": hold_id, "appointment_id": hold_id}
    counting.ask("POST /book/{hold_id}/extend", who, ids)
    counting.ask("POST /book/{hold_id}/you", who, ids, data=PERSON)
    counting.ask("POST /book/{hold_id}/check", who, ids)
    moved = {"starts_at": _iso(starts[3])}
    counting.ask("POST /appointments/{appointment_id}/move", who, ids, data=moved)
    counting.ask("POST /appointments/{appointment_id}/cancel", who, ids)


def count_ends(counting: Counting) -> None:
    """Providers say what became of a session, or call one off."""
    who = "provider A"
    over, also_over, ahead = _appointments(counting.world)
    counting.client.cookies.clear()
    counting.ask(
        "POST /api/v1/appointments/{appointment_id}/complete", who, {"appointment_id": over}
    )
    counting.ask(
        "POST /provider/appointments/{appointment_id}/outcome",
        who,
        {"appointment_id": also_over},
        data={"outcome": "completed"},
    )
    counting.ask(
        "POST /provider/appointments/{appointment_id}/cancel",
        who,
        {"appointment_id": ahead},
        data={"reason": "I am ill."},
    )


def count_practice(counting: Counting) -> None:
    """Hours, services, profile, credentials, and what the desk decides, over API and pages."""
    who = "provider A"
    counting.client.cookies.clear()
    counting.ask("PUT /api/v1/me/availability", who, json=HOURS)
    counting.ask("POST /provider/hours", who, data=_hours_form())
    day = {"day": "2026-12-05", "start": "10:00", "end": "11:00", "act": "add"}
    counting.ask("POST /provider/hours/day", who, data=day)
    for what in ("POST /api/v1/me/services", "POST /provider/services"):
        body: dict[str, Any] = {"json": SERVICE} if "api" in what else {"data": SERVICE_FORM}
        counting.ask(what, who, **body)
        _retire_last(counting)
    counting.ask("PUT /api/v1/me/provider", who, json=PROFILE)
    counting.ask("POST /provider/profile", who, data=PROFILE)
    counting.ask("POST /api/v1/me/credentials", who, json=_claim())
    _decide(counting, "POST /api/v1/admin/credentials/{credential_id}/decision", "json")
    counting.ask("POST /provider/credentials", who, data=_claim())
    _decide(counting, "POST /admin/credentials/{credential_id}/decision", "data")


def _hours_form() -> dict[str, Any]:
    days = {f"{end}_{day}": [""] for day in (5, 6) for end in ("start", "end")}
    open_days = {f"start_{day}": ["09:00"] for day in range(5)}
    close_days = {f"end_{day}": ["17:00"] for day in range(5)}
    rules = {
        "step_minutes": "30",
        "notice_hours": "0",
        "horizon_days": "60",
        "cancel_notice_hours": "24",
        "buffer_before_minutes": "0",
        "buffer_after_minutes": "0",
        "daily_limit": "",
    }
    return {"time_zone": "America/Los_Angeles", **days, **open_days, **close_days, **rules}


def _claim() -> dict[str, str]:
    return {**LICENCE, "number": f"OR {next(_numbers)}"}


def _decide(counting: Counting, what: str, kind: str) -> None:
    """About the newest claim."""
    provider_id = UUID(counting.world.ids["provider_id"])
    with Session(engine()) as session:
        newest = session.exec(
            select(Credential.id)
            .where(Credential.provider_id == provider_id)
            .order_by(col(Credential.submitted_at).desc())
        ).first()
    counting.ask(what, "admin", {"credential_id": str(newest)}, **{kind: DECISION})


def _retire_last(counting: Counting) -> None:
    """So that there are as many services as before."""
    with Session(engine()) as session:
        newest = services_of(session, UUID(counting.world.ids["provider_id"]))[-1]
    headers = counting.world.headers["provider A"]
    answer = counting.client.delete(f"/api/v1/me/services/{newest.id}", headers=headers)
    assert answer.status_code == 204, answer.text


def _few_starts(world: World) -> list[datetime]:
    """Free ones, each on a day of its own."""
    with Session(engine()) as session:
        found = _free(session, world, clock.now() + timedelta(days=3))
    days = {start.date(): start for start in reversed(found)}
    return sorted(days.values())


def _free(session: Session, world: World, after: datetime) -> list[datetime]:
    service = services_of(session, UUID(world.ids["provider_id"]))[0]
    return free_starts(session, service, after, after + timedelta(days=25), clock.now())


def _appointments(world: World) -> tuple[str, str, str]:
    """Of patient A with provider A: two that are over, and one that is to come."""
    now = clock.now().replace(second=0, microsecond=0)
    with Session(engine(), expire_on_commit=False) as session:
        service = services_of(session, UUID(world.ids["provider_id"]))[0]
        patient = session.get_one(Person, world.people["patient A"])
        times = [now - timedelta(days=next(_numbers), hours=2) for _ in "12"]
        times.append(_free(session, world, now + timedelta(days=2))[-1])
        made = [make_appointment(session, service, patient, start) for start in times]
        return str(made[0].id), str(made[1].id), str(made[2].id)


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
