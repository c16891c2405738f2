"""How many listings there are, as triggers keep it (`ListingCount`)."""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from core.retention import runs_nightly

HOW_MANY: Final = "SELECT coalesce(sum(change), 0) FROM listing_count"
"""Exact, in the transaction that asks."""

_FOLD = text(
    """
    WITH gone AS (DELETE FROM listing_count RETURNING change)
    INSERT INTO listing_count (change) SELECT sum(change) FROM gone HAVING count(*) > 0
    """
)


@runs_nightly
def fold_changes(session: Session) -> None:
    """The changes of the day become one. Whoever counts meanwhile sees all of them, or the one."""
    session.connection().execute(_FOLD)
