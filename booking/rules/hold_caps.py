"""How many of a provider's times may be held by people whom nobody knows, so that nobody takes a
calendar hostage; and how many sessions ahead a patient may have.

Counted are the holds of visitors, and of people who never had a session with anybody: an account
is as quickly made as a visit. Pure: no database, no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

PER_ADDRESS: Final = 3
PER_WIDE_NETWORK: Final = 10 * PER_ADDRESS
"""Carriers share a network among many customers."""
AT_LEAST: Final = 2
DAYS: Final = 14
"""Over how many days from now free starts are counted."""

SESSIONS_BEFORE_THE_FIRST: Final = 3
SESSIONS_AFTER_IT: Final = 12
MOST_SESSIONS: Final = 60
"""The most that a provider may let somebody have ahead."""


@dataclass(frozen=True)
class Networks:
    """Where a hold comes from, as keyed hashes: one address (of IPv6 a /64), and the network
    around it (/24 or /48)."""

    address: bytes
    wide: bytes


def most_held(free: int) -> int:
    """Of `free` starts: a tenth, at least two, though never over half; of one start that one."""
    return min(max(free // 10, AT_LEAST), max(free // 2, 1))


def is_crowded(held: Iterable[Networks], own: Networks, free: int) -> bool:
    """Whether one more hold of someone unknown asks for a proof of who they are first, beside
    those that are `held`, where `free` starts would be free without them."""
    held = list(held)
    return (
        len(held) >= most_held(free)
        or sum(one.address == own.address for one in held) >= PER_ADDRESS
        or sum(one.wide == own.wide for one in held) >= PER_WIDE_NETWORK
    )


def leaves_half(free: int, left: int) -> bool:
    """Whether so many `left` starts, of those that would be `free`, are enough for the others."""
    return 2 * left >= free


def most_sessions(has_been: bool, allowed: int | None) -> int:
    """Sessions that a patient may have ahead with one provider: `allowed` by the provider, if they
    said so; else few before the first took place, `has_been`."""
    if allowed is not None:
        return allowed
    return SESSIONS_AFTER_IT if has_been else SESSIONS_BEFORE_THE_FIRST
