"""Cities and ZIP codes, and the states in which they lie, from the library `zipcodes` (the Postal
Service's list, kept in the library itself; nothing is asked for over the network)."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import zipcodes

from directory.rules.names import fold
from directory.taxonomy import STATES

MOST_WORDS: Final = 3
"""Of the name of a city, as they are looked for."""
_LARGE: Final = 5
"""From how many ZIP codes on a city is known by its name alone."""
_FAMOUS: Final = 15
"""And from how many on it is meant rather than a person of that name."""
_SHARE: Final = 0.15
"""A name stands for those states in which at least this share of its ZIP codes lies;"""
_MOST_STATES: Final = 3
"""for none, where there are more of them."""
_SAINT: Final = "saint "

Cities = Mapping[str, Mapping[str, int]]


@lru_cache(maxsize=1)
def _cities() -> Cities:
    """City, in plain words → state → how many ZIP codes it has there."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in zipcodes.list_all():  # type: ignore[no-untyped-call]  # it says no types
        if one["active"] and one["state"] in STATES:
            name = " ".join(fold(one["city"]).replace("-", " ").replace(".", " ").split())
            found[name][one["state"]] += 1
            if name.startswith(_SAINT):
                found[f"st {name.removeprefix(_SAINT)}"][one["state"]] += 1
    return {name: dict(states) for name, states in found.items()}


def read_places() -> None:
    """Read the list now (it takes half a second), so that nobody waits for it."""
    _cities()


def states_of_city(name: str) -> tuple[str, ...]:
    """Of a city that many know, its states, the one with most of it first; empty for others."""
    states = _cities().get(name, {})
    whole = sum(states.values())
    if whole < _LARGE:
        return ()
    ordered = sorted(states.items(), key=lambda one: -one[1])
    found = tuple(state for state, count in ordered if count >= _SHARE * whole)
    return found if len(found) <= _MOST_STATES else ()


def is_famous(name: str) -> bool:
    """Whether a name means a city rather than a person."""
    return sum(_cities().get(name, {}).values()) >= _FAMOUS


def has_city(state: str, name: str) -> bool:
    """Whether a state has a city of that name, of whatever size."""
    return state in _cities().get(name, {})


@lru_cache(maxsize=2_000)
def state_of_zip(code: str) -> str | None:
    """The state of a ZIP code of five digits; None for one that is none, or lies in no state."""
    found = zipcodes.matching(code)  # type: ignore[no-untyped-call]
    state: str | None = found[0]["state"] if found else None
    return state if state in STATES else None
