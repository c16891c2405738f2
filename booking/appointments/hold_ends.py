"""How holds end: they run out, or are given back. Whoever ends them holds the provider's lock."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.appointments.moves import Actor, move
from booking.appointments.queries import get_held
from booking.calendar.slot_cache import refresh_spans
from booking.models import Holder
from booking.rules.slots import Interval
from booking.rules.transitions import ActorKind, Status
from core.database import Statement, lock, run, run_together

_SYSTEM: Final = Actor(ActorKind.SYSTEM, None)


def release_hold(session: Session, hold_id: UUID, holder: Holder, now: datetime) -> None:
    """Give the time back. Raises NotFound; a hold that is over already is left as it is."""
    hold = get_held(session, hold_id, holder).appointment
    lock(session, hold.provider_id)
    ended = run_together(session, *_ending("id = %(id)s", {"id": hold_id}, actor_of(holder), now))
    _refresh(session, ended, now)


def expire_holds(session: Session, now: datetime) -> int:
    """End the holds that ran out, of up to 50 providers; returns how many ended."""
    overdue = Statement(
        "SELECT DISTINCT provider_id FROM appointment WHERE expires_at <= %(now)s"
        " ORDER BY provider_id LIMIT 50",
        {"now": now},
    )
    providers = [row.provider_id for row in run(session, overdue)]
    if not providers:
        return 0
    lock(session, *providers)
    which = "provider_id = ANY(%(providers)s) AND expires_at <= %(now)s"
    ended = run(session, move(Status.EXPIRED, _SYSTEM, now, which, {"providers": providers}))
    _refresh(session, [ended], now)
    return len(ended)


def ending_overdue(provider_id: UUID, now: datetime) -> Statement:
    """End the holds of a provider that ran out: nobody need wait for the sweep."""
    which = "provider_id = %(provider)s AND expires_at <= %(now)s"
    return move(Status.EXPIRED, _SYSTEM, now, which, {"provider": provider_id})


def giving_back(provider_id: UUID, holder: Holder, now: datetime) -> tuple[Statement, Statement]:
    """End what ran out with this provider, and what the holder still holds anywhere."""
    own = "visitor = %(visitor)s OR held_by = %(person_id)s"
    ran_out = f"(provider_id = %(provider)s OR {own}) AND expires_at <= %(now)s"
    return (
        move(Status.EXPIRED, _SYSTEM, now, ran_out, {**vars(holder), "provider": provider_id}),
        move(Status.RELEASED, actor_of(holder), now, own, vars(holder)),
    )


def _ending(
    which: str, values: dict[str, Any], actor: Actor, now: datetime
) -> tuple[Statement, Statement]:
    """End the holds that `which` (our own SQL) names: those that ran out, then the others, which
    `actor` gives back."""
    return (
        move(Status.EXPIRED, _SYSTEM, now, f"({which}) AND expires_at <= %(now)s", values),
        move(Status.RELEASED, actor, now, which, values),
    )


def actor_of(holder: Holder) -> Actor:
    """In which part somebody holds."""
    kind = ActorKind.VISITOR if holder.person_id is None else ActorKind.PATIENT
    return Actor(kind, holder.person_id)


def by_provider(ended: Iterable[Any]) -> dict[UUID, list[Interval]]:
    """The times that ended holds give back."""
    spans: dict[UUID, list[Interval]] = {}
    for row in sorted(ended, key=lambda row: row.provider_id):
        spans.setdefault(row.provider_id, []).append(Interval(row.starts_at, row.ends_at))
    return spans


def _refresh(session: Session, ended: Iterable[list[Any]], now: datetime) -> None:
    for provider_id, freed in by_provider([row for rows in ended for row in rows]).items():
        refresh_spans(session, provider_id, freed, now)
