"""No number that stands in an address is answered with our own mistake, however it is written."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import ParamTypes
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from core.numbers import read_whole
from core.web.transactions import TransactionalRoute
from directory.search.cursor import BadCursor, Position, read_cursor, write_cursor
from main import create_app
from tests.whole.routes import Route, filled, routes_of
from tests.whole.world import ROLES, build_world

WRITTEN = ("9" * 19, "1" + "0" * 30, "9" * 5000, "-1", "٣", "²", "1e400", "NaN")
"""Past the columns, past what Python reads, below zero, digits of other scripts, no numbers."""

SEARCHED = ["cursor", "limit", "max_fee", "within_days", "from", "minute"]
"""What pages of results read from the address themselves."""

PAGES_OF_RESULTS = ("/find", "/{who:who}")


def cursor_of(fields: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


HUGE, NOW = 10**30, 1_800_000_000_000
NOBODYS = [
    ["soonest", HUGE, 1, NOW],
    ["soonest", 1, HUGE, NOW],
    ["soonest", 1, 1, HUGE],
    ["soonest", 2**32, 1, NOW],
    ["soonest", -1, -1, -1],
    ["fee", 2**31, 1, NOW],
    ["name", "żółć", 1, NOW],
    ["name", "\ud800", 1, NOW],
]
"""Cursors that nobody was given."""


def asked(route: Route, queried: list[str], ids: dict[str, str]) -> Iterator[str]:
    """Addresses with one parameter, of the path or of the query, written strangely."""
    for name in route.parameters:
        for value in WRITTEN:
            yield filled(route.path, {**ids, name: quote(value)})
    path = filled(route.path, ids)
    for name in queried:
        yield from (f"{path}?{name}={quote(value)}" for value in WRITTEN)
    if "cursor" in queried:
        for fields in NOBODYS:
            yield f"{path}?sort={fields[0]}&cursor={cursor_of(fields)}"


def queried() -> dict[str, list[str]]:
    """The query's parameters of each path that is read."""
    found = {}
    for context in iter_route_contexts(create_app().routes):
        route = context.original_route
        if isinstance(route, TransactionalRoute) and "GET" in (route.methods or ()):
            fields = get_flat_params(route.dependant)
            names = {
                f.alias for f in fields if getattr(f.field_info, "in_", None) == ParamTypes.query
            }
            names |= {one["name"] for one in (route.openapi_extra or {}).get("parameters", [])}
            names |= set(SEARCHED if route.path in PAGES_OF_RESULTS else ())
            found[route.path] = sorted(names)
    return found


def test_every_number_in_an_address_is_answered(session: Session, client: TestClient) -> None:
    world, names = build_world(session), queried()
    faults = []
    for route in sorted((one for one in routes_of(create_app()) if one.is_read), key=str):
        role = next(role for role in reversed(ROLES) if route.lets_in(role))
        for address in asked(route, names[route.path], world.ids):
            answer = client.get(address, headers=world.headers[role], follow_redirects=False)
            if answer.status_code >= 500:
                faults.append(f"{answer.status_code} {address[:120]}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("fields", [*NOBODYS, ["soonest", 1.5, 1, NOW], ["fee", "1", 1, NOW]])
def test_a_cursor_that_nobody_was_given_is_none(fields: list[Any]) -> None:
    with pytest.raises(BadCursor):
        read_cursor(cursor_of(fields))


@given(
    st.builds(
        Position,
        st.sampled_from(["soonest", "fee"]),
        st.integers(0, 2**31 - 1),
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**63 - 1),
    )
    | st.builds(
        Position,
        st.just("name"),
        st.text(st.characters(max_codepoint=255)),
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**63 - 1),
    )
)
def test_a_cursor_comes_back_as_it_was(position: Position) -> None:
    assert read_cursor(write_cursor(position)) == position


@given(st.text() | st.integers().map(str), st.integers(0, 2**63))
def test_a_whole_number_is_ascii_digits_within_bounds(text: str, most: int) -> None:
    found = read_whole(text, most)
    if found is None:
        assert (
            not (text.isascii() and text.isdigit())
            or len(text) > len(str(most))
            or int(text) > most
        )
    else:
        assert 0 <= found <= most
        assert int(text) == found
