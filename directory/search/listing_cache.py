"""What is shown of the listings on a page: read whole from the database, and kept for a while.

The index knows which change of a listing it stands on; a card of that change needs no reading.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final

import structlog
from sqlmodel import Session

from core.database import AWAY, driver_connection
from directory.search.entries import Entry, Shown
from directory.search.listing_rows import read_whole

log = structlog.get_logger("openchair.search")

KEPT: Final = 10_000
"""About 8 kB each with what was written of it; a small directory is in memory as a whole."""


class CachedListing:
    """An entry with what was last shown of it. (Of the two neither holds the other fast, so that
    both are gone as soon as they are forgotten.)"""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._last: Shown | None = None

    def at(self, now: int) -> Shown | None:
        """What is shown at `now` (seconds), or None while the listing is hidden."""
        last = self._last
        if last is None or not last.since <= now < last.until:
            last = self._last = self.entry.at(now)
        return last


class ListingCache:
    """The entries that were shown last. Safe to use from several threads."""

    def __init__(self) -> None:
        self._cards: OrderedDict[int, CachedListing] = OrderedDict()
        self._lock = Lock()

    def shown(
        self, session: Session, wanted: Sequence[tuple[int, int]], now: int
    ) -> tuple[Shown, ...]:
        """The listings of (number, change) as they stand at the second `now`, in that order.

        Who is no longer shown by now is left out. Without a database: what is known of them.
        """
        known = self._known(wanted)
        missing = [n for n, change in wanted if (c := known[n]) is None or c.entry.change < change]
        if missing:
            try:
                read = [
                    CachedListing(one) for one in read_whole(driver_connection(session), missing)
                ]
            except AWAY as error:
                log.warning("search_cards_missing", kind=type(error).__name__)
            else:
                known |= dict.fromkeys(missing) | {card.entry.number: card for card in read}
                self._keep(read)
        shown = (card.at(now) for number, _ in wanted if (card := known[number]) is not None)
        return tuple(one for one in shown if one is not None)

    def _known(self, wanted: Sequence[tuple[int, int]]) -> dict[int, CachedListing | None]:
        with self._lock:
            found = {number: self._cards.get(number) for number, _ in wanted}
            for number, card in found.items():
                if card is not None:
                    self._cards.move_to_end(number)
        return found

    def _keep(self, cards: Sequence[CachedListing]) -> None:
        with self._lock:
            for card in cards:
                self._cards[card.entry.number] = card
                self._cards.move_to_end(card.entry.number)
            while len(self._cards) > KEPT:
                self._cards.popitem(last=False)
