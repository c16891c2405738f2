"""The desk's views: which queues each is made of, and how an admin may narrow and sort them.

What stands first in a queue comes by its index, to any depth. Sorting in another way, or narrowing,
reads a queue's first `MOST`: so a page costs the same however long the queue grows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from directory.credentials import queues
from directory.credentials.queues import Asker, Queue
from directory.taxonomy import PROFESSIONS

MOST: Final = 2_000
"""Cases that are sorted or narrowed, from the beginning of a view."""

VIEWS: Final[dict[str, Sequence[Queue]]] = {
    "ours": (queues.CLAIMED, queues.ASKED),
    "mine": (queues.MINE,),
    "theirs": (queues.APPLIED,),
    "expiring": (queues.EXPIRING[30],),
    "overdue": (queues.OVERDUE,),
    "everyone": (queues.EVERYONE,),
}
"""Waiting for us; taken by the admin who asks; up to the provider; about to expire; to be
confirmed by the provider; everyone."""

WAITING: Final = (*VIEWS["ours"], *VIEWS["theirs"])
"""Who applied and is not shown, whoever has the next step: "waiting" in the API."""

ORDERS: Final = ("place", "name", "profession", "state", "who")
"""What a view can be sorted by; `place` is its own order. A minus before it turns it round."""

HOLDERS: Final = ("me", "nobody", "others")


@dataclass(frozen=True)
class Asked:
    """A view of the desk. `days`: how far ahead "expiring" looks. `sort`: one of `ORDERS`.
    `profession`, `state`, `who` (of `HOLDERS`): what it is narrowed to; empty for all."""

    view: str = "ours"
    days: int = queues.SPANS[0]
    sort: str = "place"
    profession: str = ""
    state: str = ""
    who: str = ""

    @property
    def queues(self) -> Sequence[Queue]:
        """Raises KeyError where there is no such view."""
        if self.view == "waiting":
            return WAITING
        return (queues.EXPIRING[self.days],) if self.view == "expiring" else VIEWS[self.view]

    @property
    def is_plain(self) -> bool:
        """As the queue itself is; "everyone" always is, and found by search."""
        is_narrowed = self.profession or self.state or self.who
        return self.view == "everyone" or (self.sort == "place" and not is_narrowed)


_SORTED_BY: Final = {
    "place": ("q.place",),
    "name": ("l.sort_name",),
    "profession": ("array_position(CAST(:professions AS text[]), p.profession)",),
    "state": ("s.state",),
    "who": ("a.admin_id IS NULL", "a.admin_id <> CAST(:admin AS uuid)", "a.admin_id"),
}
_HELD_BY: Final = {
    "me": "a.admin_id = CAST(:admin AS uuid)",
    "nobody": "a.admin_id IS NULL",
    "others": "a.admin_id <> CAST(:admin AS uuid)",
}
# One look into an index for each of the ids, however large the tables are.
_ROWS: Final = """
    SELECT q.provider_id
    FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS q (provider_id, place)
    CROSS JOIN LATERAL (SELECT profession FROM provider WHERE id = q.provider_id LIMIT 1) p
    CROSS JOIN LATERAL (SELECT sort_name FROM listing WHERE provider_id = q.provider_id LIMIT 1) l
    CROSS JOIN LATERAL (
        SELECT min(state) AS state, array_agg(state) AS states FROM credential
        WHERE provider_id = q.provider_id AND kind = 'state_license' AND withdrawn_at IS NULL) s
    LEFT JOIN LATERAL (
        SELECT admin_id FROM case_assignment WHERE provider_id = q.provider_id LIMIT 1) a ON true
"""


def find_page(
    session: Session, asked: Asked, asker: Asker, after: int, most: int
) -> tuple[list[UUID], int | None]:
    """At most `most` of a view without its first `after`, and how many there are; None where that
    is the whole view's number."""
    if asked.is_plain:
        return queues.find_ids(session, asked.queues, asker, after, most), None
    found = find_first(session, asked, asker)
    return found[after : after + most], len(found)


def find_first(session: Session, asked: Asked, asker: Asker) -> list[UUID]:
    """In the order that is asked for, what fits of the view's first `MOST`."""
    ids = queues.find_ids(session, asked.queues, asker, 0, MOST)
    if not ids or asked.is_plain:
        return ids
    statement = text(f"{_ROWS} WHERE {_narrowed(asked)} ORDER BY {_ordered(asked.sort)}")
    titles = sorted(PROFESSIONS, key=lambda key: PROFESSIONS[key].title)
    values = {
        "ids": ids,
        "admin": asker.admin,
        "profession": asked.profession,
        "state": asked.state,
        "professions": titles,
    }
    used = {name: value for name, value in values.items() if f":{name}" in statement.text}
    return list(session.connection().execute(statement, used).scalars())


def _narrowed(asked: Asked) -> str:
    conditions = [
        *(["p.profession = :profession"] if asked.profession else []),
        *([":state = ANY(s.states)"] if asked.state else []),
        *([_HELD_BY[asked.who]] if asked.who else []),
    ]
    return " AND ".join(conditions) or "true"


def _ordered(sort: str) -> str:
    direction = "DESC" if sort.startswith("-") else "ASC"
    parts = _SORTED_BY[sort.removeprefix("-")]
    return ", ".join([*(f"({part}) {direction} NULLS LAST" for part in parts), "q.place"])
