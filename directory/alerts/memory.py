"""What an alert remembers between two looks.

Openings are named by the listing's number and the hour of the epoch in which they start.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MOST_LISTINGS: Final = 20
"""As many wait to be told of; a letter names fewer."""
MOST_TOLD: Final = 400

Opening = tuple[int, int]
News = Mapping[int, tuple[int, ...]]
"""Listing number → hours, ascending and never empty."""


@dataclass(frozen=True)
class Memory:
    """`fresh`: new openings that no letter has named. `told`: those that one has, so that an
    opening which someone held for a while and gave back is not announced again."""

    fresh: News = field(default_factory=dict)
    told: frozenset[Opening] = frozenset()

    def noting(self, news: News) -> "Memory":
        """With these openings as well, but for those told; the soonest listings are kept."""
        merged = dict(self.fresh)
        for number, hours in news.items():
            known = {*merged.get(number, ()), *hours}
            untold = tuple(sorted(one for one in known if (number, one) not in self.told))
            if untold:
                merged[number] = untold
        soonest = sorted(merged, key=lambda number: (merged[number][0], number))[:MOST_LISTINGS]
        return Memory({number: merged[number] for number in soonest}, self.told)

    def having_told(self, news: News, hour: int) -> "Memory":
        """With nothing left to tell. What began before `hour` need not be remembered."""
        told = {(number, one) for number, hours in news.items() for one in hours}
        ahead = sorted((one for one in self.told | told if one[1] >= hour), key=lambda one: one[1])
        return Memory({}, frozenset(ahead[-MOST_TOLD:]))


def write_memory(memory: Memory) -> str:
    fresh = [[number, *hours] for number, hours in sorted(memory.fresh.items())]
    return json.dumps([fresh, sorted(memory.told)], separators=(",", ":"))


def read_memory(text: str) -> Memory:
    """The inverse; of an empty text, the empty memory."""
    if not text:
        return Memory()
    fresh, told = json.loads(text)
    return Memory(
        {number: tuple(hours) for number, *hours in fresh},
        frozenset((number, hour) for number, hour in told),
    )
