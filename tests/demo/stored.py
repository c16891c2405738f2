"""What the database holds of made providers, as text that can be compared."""

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel import Session


def listings_as_stored(session: Session, *without: str) -> list[str]:
    """Every listing, less these columns."""
    query = "SELECT to_jsonb(one) - CAST(:without AS text[]) FROM listing AS one"
    return texts(session, query, without=list(without))


def slots_as_stored(session: Session, last: date) -> list[str]:
    """Every day that has free starts, up to the last that was made."""
    return texts(
        session,
        "SELECT to_jsonb(one) FROM slot_day AS one WHERE starts <> '{}' AND day <= :last",
        last=last,
    )


def texts(session: Session, query: str, **values: Any) -> list[str]:
    """The first column of each row, in order."""
    return sorted(str(row[0]) for row in session.connection().execute(text(query), values))
