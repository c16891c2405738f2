"""Which view of the desk an address asks for. Every view, sorting and narrowing is an address."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends

from core.errors import NotFound
from core.numbers import read_whole
from directory.credentials.queues import SPANS
from directory.credentials.views import HOLDERS, ORDERS, VIEWS, Asked
from directory.taxonomy import PROFESSIONS, STATES

_PLAIN = Asked()


async def _read(
    view: str = _PLAIN.view,
    days: str = "",
    sort: str = "",
    profession: str = "",
    state: str = "",
    who: str = "",
) -> Asked:
    # async on purpose: it only makes an object, and a plain def would cost a thread hop.
    view = "ours" if view == "waiting" else view  # as it was called in earlier addresses
    if view not in VIEWS:
        raise NotFound
    number = read_whole(days, max(SPANS))
    return Asked(
        view=view,
        days=number if number in SPANS else _PLAIN.days,
        sort=sort if sort.removeprefix("-") in ORDERS else _PLAIN.sort,
        profession=profession if profession in PROFESSIONS else "",
        state=state if state in STATES else "",
        who=who if who in HOLDERS else "",
    )


FromAddress = Annotated[Asked, Depends(_read)]
"""What is unknown is left out; an unknown view is NotFound."""


def query_of(asked: Asked, **changed: object) -> str:
    """`?view=…`, of what differs from the desk as it opens; empty where nothing does. `changed`:
    fields that shall be others."""
    values = {**vars(asked), **changed}
    pairs = [(name, value) for name, value in values.items() if value != getattr(_PLAIN, name, "")]
    return f"?{urlencode(pairs)}" if pairs else ""


def with_more(query: str, **more: str) -> str:
    """A query with further values; those that are empty are left out."""
    pairs = urlencode({name: value for name, value in more.items() if value})
    return f"{query}{'&' if query and pairs else '?' if pairs else ''}{pairs}"
