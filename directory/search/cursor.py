"""Where a page of results ended: an opaque word for clients, a position in an order for us."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Final, Literal

Sort = Literal["soonest", "fee", "name"]


_LARGEST: Final = 2**32 - 1
_LARGEST_KEY: Final = {"soonest": 2**32 - 1, "fee": 2**31 - 1}
_LATEST: Final = 2**63 - 1


class BadCursor(ValueError):
    """A cursor that we did not make."""


@dataclass(frozen=True)
class Position:
    """After the listing `number` with sort key `key`, in the order as it was at `as_of`.

    `as_of` in milliseconds of the epoch: the moment of the first page, so that a listing whose
    opening moves meanwhile is neither shown twice nor passed over.
    """

    sort: Sort
    key: int | str
    number: int
    as_of: int


def write_cursor(position: Position) -> str:
    """Safe in an address."""
    fields = [position.sort, position.key, position.number, position.as_of]
    text = json.dumps(fields, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Position:
    """Raises BadCursor."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise BadCursor from error
    match fields:
        case [("soonest" | "fee") as sort, int(key), int(number), int(as_of)]:
            position = Position(sort, key, number, as_of)
        case ["name", str(key), int(number), int(as_of)]:
            position = Position("name", key, number, as_of)
        case _:
            raise BadCursor
    if not _is_possible(position):
        raise BadCursor
    return position


def _is_possible(position: Position) -> bool:
    """Whether the columns of the index could hold it."""
    if isinstance(position.key, str):
        fits = all(letter <= "\xff" for letter in position.key)
    else:
        fits = 0 <= position.key <= _LARGEST_KEY[position.sort]
    return fits and 0 <= position.number <= _LARGEST and 0 <= position.as_of <= _LATEST
