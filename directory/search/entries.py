"""A listing as the index holds it, and what of it may be shown at a given instant.

Two things of a listing change by time alone: openings go by, and licences (or the whole listing)
run out. `Entry.at` answers for one instant and says until when the answer stands.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from directory.taxonomy import PROFESSIONS, STATES

NEVER: Final = 1 << 60
"""Seconds of the epoch that do not come: no opening, no end."""
NEXT_SLOTS: Final = 3
"""So many of its openings the API tells of each listing in a search."""


class Opening(NamedTuple):
    """A start that can be booked; `starts` in seconds of the epoch."""

    service_id: str
    starts: int

    @property
    def starts_at(self) -> datetime:
        return datetime.fromtimestamp(self.starts, UTC)


@dataclass(frozen=True, eq=False)  # compared and kept by identity
class Entry:
    """One row of the listing table. `facets`: group → keys, without the states. `states`: code →
    the second at which the licence has ended. `notice`: seconds before an opening from which on
    it cannot be booked any more."""

    number: int
    provider_id: UUID
    change: int
    slug: str
    name: str
    facets: Mapping[str, Sequence[str]]
    states: Mapping[str, int]
    card: Mapping[str, Any]
    openings: tuple[Opening, ...]
    notice: int
    due: int
    is_published: bool

    @property
    def profession(self) -> str:
        return next(iter(self.facets.get("profession", ())), "")

    def lawful_until(self, states: Sequence[str]) -> int:
        """The second at which the last licence in any of `states` has ended; where none is held
        there, the last of all."""
        held = [self.states[code] for code in states if code in self.states]
        return max(held or self.states.values(), default=NEVER)

    def ahead(self, now: int) -> tuple[Opening, ...]:
        """Of the openings that are known, those that can be booked still."""
        return tuple(opening for opening in self.openings if opening.starts - self.notice > now)

    def at(self, now: int) -> "Shown | None":
        """What is shown at `now` (seconds), or None while the listing is hidden."""
        if not self.is_published or self.due <= now:
            return None
        states = tuple(code for code, end in self.states.items() if end > now)
        if not states:
            return None
        ahead = self.ahead(now)
        return Shown(
            entry=self,
            states=states,
            openings=ahead,
            since=now,
            until=min(
                self.due,
                ahead[0].starts - self.notice if ahead else NEVER,
                *(self.states[code] for code in states),
            ),
        )


@dataclass(frozen=True, eq=False)
class Shown:
    """A listing as it stands from the second `since` until `until`, this one not included."""

    entry: Entry
    states: tuple[str, ...]
    openings: tuple[Opening, ...]
    since: int
    until: int
    written: dict[Hashable, Any] = field(default_factory=dict)
    """What pages wrote of it, by what that depends on besides; forgotten when this is."""

    def with_openings(self, openings: Iterable[Opening], states: Sequence[str]) -> "Shown":
        """The same with those of these openings, soonest first, that `states` allow."""
        end = self.entry.lawful_until(states)
        allowed = tuple(one for one in openings if one.starts < end)
        return self if allowed == self.openings else replace(self, openings=allowed, written={})

    @cached_property
    def public_states(self) -> list[dict[str, Any]]:
        """The states it may be shown for now, with the day each licence was verified."""
        return [state for state in self.entry.card["states"] if state["code"] in self.states]

    @cached_property
    def as_json(self) -> bytes:
        """The item of the API's answer, written once and sent many times."""
        return to_json(self.as_item())

    def as_item(self) -> dict[str, Any]:
        entry, card = self.entry, self.entry.card
        known = PROFESSIONS.get(entry.profession)
        slots = [
            {"service_id": one.service_id, "starts_at": instant(one.starts)}
            for one in self.openings[:NEXT_SLOTS]
        ]
        return {
            "id": str(entry.provider_id),
            "slug": entry.slug,
            "name": entry.name,
            "letters": card["letters"],
            "pronouns": card["pronouns"],
            "profession": entry.profession,
            "profession_title": known.title if known else card["profession"],
            "headline": card["headline"],
            "states": self.public_states,
            "focus": card["focus"],
            "fee_cents": card["fee_cents"],
            "fee_max_cents": card["fee_max_cents"],
            "sliding_scale": card["sliding_scale"],
            "accepts_new": card["accepts_new"],
            "photo": card["photo"],
            "verified_on": max(
                (day for state in self.public_states if (day := state["verified_on"])),
                default=None,
            ),
            "next_opening": slots[0]["starts_at"] if slots else None,
            "next_slots": slots,
            "url": f"/providers/{entry.slug}",
        }


@lru_cache(maxsize=10_000)
def instant(seconds: int) -> str:
    """RFC 3339 in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


@lru_cache(maxsize=20_000)
def end_of(state: str, last_day: str | None) -> int:
    """The second at which a licence that is good through `last_day` (ISO) has ended there."""
    if last_day is None:
        return NEVER
    zone = ZoneInfo(STATES[state].zone)
    after = date.fromisoformat(last_day) + timedelta(days=1)
    return int(datetime.combine(after, time(0), zone).timestamp())
