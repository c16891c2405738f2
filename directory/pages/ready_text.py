"""Parts of the results page as ready text: what many pages show is written once.

The markup stands in the components (templates/components); values are escaped there.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from markupsafe import Markup

from core.web import formats
from core.web.templates import environment
from directory import presenters, provider_cards
from directory.search import SearchQuery
from directory.search.entries import Shown

_MOST_TEXTS: Final = 8  # of one card: in other zones, or for other searches


def card_text(shown: Shown, query: SearchQuery, zone: str, now: datetime) -> Markup:
    """A listing's card; without a `zone`, by the clock of its first state. It stays the same until
    the listing changes, or the day, and is kept with it; of what was chosen, that matters which
    the listing has."""
    states, asked = query.choices.get("state", ()), query.asked_times
    chosen = tuple(code for code in shown.states if code in states)
    today = formats.local_date(now, zone or provider_cards.own_zone(shown))
    licensed = chosen if len(chosen) < len(shown.states) else ()
    key = (licensed, zone, today, tuple(asked.pairs), provider_cards.asked_of(shown, query))
    text: Markup | None = shown.written.get(key)
    if text is None:
        text = _written("cards", "provider_card", provider_cards.card(shown, query, zone, today), 2)
        if len(shown.written) >= _MOST_TEXTS:
            shown.written.clear()
        shown.written[key] = text
    return text


def choices_text(name: str, kind: str, options: Sequence[presenters.Option]) -> Markup:
    """The choices of a group of filters. Of these only the counts differ from page to page."""
    parts: list[str] = []
    for one in options:
        few = None if one.count is None else min(one.count, 1)
        before, after = _around(name, kind, one.value, one.label, few, one.checked)
        parts += (before, "" if one.count is None else f"{one.count:,}", after)
    return Markup("".join(parts))  # noqa: S704  # made of what templates have escaped, and numbers


@lru_cache(maxsize=1_000)
def _around(
    name: str, kind: str, value: str | int, label: str, few: int | None, checked: bool
) -> tuple[str, str]:
    """What stands before and after the count; of that it matters whether it is 0, or None."""
    before = _written("filters", "choice_before", name, kind, value, label, few, checked)
    return before, _written("filters", "choice_after", few)


def _written(component: str, macro: str, *values: object) -> Markup:
    module = environment().get_template(f"components/{component}.html").module
    text: Markup = getattr(module, macro)(*values)
    return text
