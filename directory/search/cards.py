"""What is shown of the listings on a page: read whole from the database, and kept for a while.

The index knows which change of a listing it stands on; a card of that change needs no reading.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from core.database import driver_connection
from directory.search.entries import Entry, Shown
from directory.search.rows import read_whole

log = structlog.get_logger("openchair.search")

KEPT: Final = 10_000
"""About 4 kB each; a small directory is in memory as a whole."""


class Cards:
    """The entries that were shown last. Safe to use from several threads."""

    def __init__(self) -> None:
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._lock = Lock()

    def shown(
        self, session: Session, wanted: Sequence[tuple[int, int]], now: int
    ) -> tuple[Shown, ...]:
        """The listings of (number, change) as they stand at the second `now`, in that order.

        Who is no longer shown by now is left out. Without a database: what is known of them.
        """
        known = {number: self._entries.get(number) for number, _ in wanted}
        missing = [n for n, change in wanted if (e := known[n]) is None or e.change < change]
        if missing:
            try:
                read = read_whole(driver_connection(session), missing)
            except OperationalError as error:
                log.warning("search_cards_missing", kind=type(error).__name__)
            else:
                known |= dict.fromkeys(missing) | {entry.number: entry for entry in read}
                self._keep(read)
        shown = (entry.at(now) for number, _ in wanted if (entry := known[number]) is not None)
        return tuple(one for one in shown if one is not None)

    def _keep(self, entries: Sequence[Entry]) -> None:
        with self._lock:
            for entry in entries:
                self._entries[entry.number] = entry
                self._entries.move_to_end(entry.number)
            while len(self._entries) > KEPT:
                self._entries.popitem(last=False)
