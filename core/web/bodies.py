"""How much a request may send: bytes, and in JSON how many values and how deep.

What is too much is refused before it is parsed, having read no more than the limit. A route that
takes more than others says so (`@takes_files`, `@takes_json`); no other place decides.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fastapi import Request
from starlette.types import Message, Receive

from core.errors import Invalid, TooLarge
from core.numbers import read_whole

KB: Final = 1024
MB: Final = 1024 * KB


@dataclass(frozen=True)
class BodyLimit:
    """`size` in bytes; `values`: keys, and elements of lists, in all; `depth` of nesting. Forms
    and files have no values of this kind, but fields (`FORM_LIMITS`)."""

    size: int
    values: int = 2_000
    depth: int = 20


JSON: Final = BodyLimit(64 * KB)
FORM: Final = BodyLimit(256 * KB)
"""A page's fields: texts that are too long come back to whoever typed them."""
FILES: Final = BodyLimit(12 * MB)
"""A photo or a file of evidence, with room to spare."""

FORM_LIMITS: Final = {"max_files": 4, "max_fields": 1_000, "max_part_size": MB}
"""Of multipart and of other forms, as FastAPI's `form_limits` names them."""

F = TypeVar("F", bound=Callable[..., Any])


def _declare(limit: BodyLimit) -> Callable[[F], F]:
    def mark(endpoint: F) -> F:
        endpoint.__body_limit__ = limit  # type: ignore[attr-defined]  # read by TransactionalRoute
        return endpoint

    return mark


def takes_files(endpoint: F) -> F:
    """This route takes an uploaded file."""
    return _declare(FILES)(endpoint)


def takes_json(size: int, values: int) -> Callable[[F], F]:
    """This route takes larger JSON than others: so many bytes, keys and elements."""
    return _declare(BodyLimit(size, values))


def limit_of(endpoint: Callable[..., Any], path: str) -> BodyLimit:
    """What an endpoint takes."""
    usual = JSON if path.startswith("/api/") else FORM
    return getattr(endpoint, "__body_limit__", usual)


def refuse_announced(request: Request, limit: BodyLimit) -> None:
    """Raises TooLarge where a request says itself that it is; nothing of it is read then."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and read_whole(length, limit.size) is None:
        raise too_large(limit)


def limited(receive: Receive, limit: BodyLimit) -> Receive:
    """For bodies that do not announce their size. Raises TooLarge while it is read."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit.size:
            raise too_large(limit)
        return message

    return receive_some


def too_large(limit: BodyLimit) -> TooLarge:
    most = f"{limit.size // MB} MB" if limit.size >= MB else f"{limit.size // KB} kB"
    return TooLarge(f"That is too large; {most} is the most we take here.")


_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")


def check_json(body: bytes, limit: BodyLimit) -> None:
    """Look at the signs between strings, before anything is made of them. Raises Invalid.

    What is no JSON may pass, or be refused for its commas; parsing tells.
    """
    bare = _STRING.sub(b"", body)
    values = bare.count(b",") + bare.count(b"[") + bare.count(b"{")
    if values > limit.values:
        raise Invalid([("body", f"That has more than {limit.values:,} values.")])
    depth = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket in b"[{" else -1
        if depth > limit.depth:
            raise Invalid([("body", f"That is nested more than {limit.depth} deep.")])
