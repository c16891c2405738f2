"""Which threads run an endpoint, and for how long a request waits for one.

Three lanes with `THREADS` threads each, so that requests that hang keep only their own kind
waiting: what is answered from memory, what reads the database, and what changes it. A request for
which no thread is free in time is turned away.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from core.errors import Busy
from core.settings import settings


class Lane(StrEnum):
    MEMORY = "memory"
    READING = "reading"
    CHANGING = "changing"


PATIENCE: Final = 1.8
"""Seconds that a request waits for a thread."""

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_limiters: RunVar[dict[Lane, anyio.CapacityLimiter]] = RunVar("openchair_lanes")


def from_memory(endpoint: F) -> F:
    """A GET that most strangers' requests need no database for: it is tried without one first,
    and asked again with it where it does."""
    endpoint.__from_memory__ = True  # type: ignore[attr-defined]  # read by TransactionalRoute
    return endpoint


def at_once(endpoint: F) -> F:
    """A public GET that waits for nothing, so that it needs no thread; it has no session."""
    endpoint.__at_once__ = True  # type: ignore[attr-defined]  # read by TransactionalRoute
    return endpoint


def is_from_memory(endpoint: Callable[..., Any]) -> bool:
    return hasattr(endpoint, "__from_memory__")


def is_at_once(endpoint: Callable[..., Any]) -> bool:
    return hasattr(endpoint, "__at_once__")


async def run_in(lane: Lane, call: Callable[[], T]) -> T:
    """Run in one of the lane's threads. Raises Busy where none is free in time."""
    limiter, place = _limiter(lane), object()
    try:
        limiter.acquire_on_behalf_of_nowait(place)
    except anyio.WouldBlock:
        await _wait_for_place(limiter, place)
    try:
        # The place is the limit; the thread itself is not waited for.
        return await anyio.to_thread.run_sync(call, limiter=anyio.CapacityLimiter(1))
    finally:
        limiter.release_on_behalf_of(place)


async def _wait_for_place(limiter: anyio.CapacityLimiter, place: object) -> None:
    try:
        with anyio.fail_after(PATIENCE):
            await limiter.acquire_on_behalf_of(place)
    except TimeoutError:
        raise Busy from None


def _limiter(lane: Lane) -> anyio.CapacityLimiter:
    try:
        limiters = _limiters.get()
    except LookupError:
        limiters = {one: anyio.CapacityLimiter(settings().threads) for one in Lane}
        _limiters.set(limiters)
    return limiters[lane]
