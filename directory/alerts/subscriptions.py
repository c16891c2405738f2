"""Asking for an alert, confirming it from the mailbox, and ending it.

Whoever asks is told the same, whatever the address: that it has alerts already shows only to who
reads its mail.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from sqlmodel import Session, col, delete, select

from accounts.rules import normal_email
from core import clock
from core.crypto import digest, token
from core.errors import Conflict, Invalid
from core.limits import Limit, spend
from core.lookup import keyed_digest
from core.mail import post
from core.retention import runs_nightly
from directory.alerts.letters import confirm_letter
from directory.models import SearchAlert
from directory.search import SearchQuery, pairs_of, read_kindly

LASTS: Final = timedelta(days=90)
UNCONFIRMED: Final = timedelta(days=1)
MOST: Final = 10
"""Alerts of one address; more would be a letter for everything."""

_OFTEN = "That was asked for too often. Please wait a while, then try again."
PER_NETWORK: Final = Limit("alert-network", 10, timedelta(hours=1), _OFTEN)
PER_ADDRESS: Final = Limit("alert-address", 5, timedelta(days=1), _OFTEN)
OVERALL: Final = Limit("alert-overall", 1000, timedelta(hours=1), _OFTEN)


def request_alert(
    session: Session, email: str, query: SearchQuery, zone: str, network: str, now: datetime
) -> str:
    """Send a letter that asks to confirm; returns the address in its normal form.

    `zone` is the reader's: times in letters, and weekdays asked for, are meant by its clock.
    `network`: where the request comes from. Raises Invalid, on `email` or `state`, and TooMany.
    """
    problems: list[tuple[str, str]] = []
    if not query.choices.get("state"):
        problems.append(("state", "Choose the state where you will be."))
    try:
        email = normal_email(email)
    except Invalid as error:
        problems += error.fields
    if problems:
        raise Invalid(problems)
    spend((PER_NETWORK, network), (PER_ADDRESS, email), (OVERALL, ""))
    secret = token()
    alert = SearchAlert(
        email=email,
        email_digest=keyed_digest("alert", email),
        token=secret,
        token_digest=digest(secret),
        search=search_text(query),
        zone=zone,
        created_at=now,
        ends_at=now + UNCONFIRMED,
    )
    session.add(alert)
    session.flush()
    post(session, f"alert:{alert.id}:confirm", confirm_letter(alert, LASTS))
    return email


def search_text(query: SearchQuery) -> str:
    """What is searched for, as an address asks it; not the order, nor the page."""
    return urlencode(pairs_of(replace(query, sort="soonest", limit=SearchQuery.limit)))


def read_search(search: str, zone: str) -> SearchQuery | None:
    """The search of an alert, by the clock of `zone`. None where it asks for something that the
    taxonomy has let go: without that, it would find too much."""
    query, problems = read_kindly(parse_qsl(search))
    return None if problems else replace(query, zone=zone)


def find_alert(session: Session, secret: str, now: datetime) -> SearchAlert | None:
    """The alert of a letter's link; None once it has ended."""
    query = select(SearchAlert).where(
        SearchAlert.token_digest == digest(secret), SearchAlert.ends_at > now
    )
    return session.exec(query).first()


def confirm(session: Session, alert: SearchAlert, now: datetime) -> None:
    """Begin. An older alert of the same address for the same search ends.

    Again does nothing. Raises Conflict where the address has as many as it may.
    """
    if alert.confirmed_at is not None:
        return
    running = [one for one in _find_of(session, alert.email) if one.confirmed_at]
    same = [one for one in running if one.search == alert.search]
    if len(running) - len(same) >= MOST:
        raise Conflict(f"This address has {MOST} alerts already. End one of them first.")
    for one in same:
        session.delete(one)
    alert.confirmed_at = now
    renew(session, alert, now)


def renew(session: Session, alert: SearchAlert, now: datetime) -> None:
    """As long again, from now."""
    alert.ends_at = now + LASTS
    session.add(alert)
    session.flush()


def end(session: Session, secret: str) -> None:
    """Forget the alert of this link; where there is none, do nothing."""
    session.exec(delete(SearchAlert).where(col(SearchAlert.token_digest) == digest(secret)))


def running_of(session: Session, email: str, now: datetime) -> list[SearchAlert]:
    """What this address is written about, the oldest first."""
    return [one for one in _find_of(session, email) if one.confirmed_at and one.ends_at > now]


def end_own(session: Session, email: str, alert_id: UUID) -> None:
    """Forget an alert of this address; where it has no such alert, do nothing."""
    session.exec(delete(SearchAlert).where(_is_of(email), col(SearchAlert.id) == alert_id))


def export_alerts(session: Session, email: str) -> list[dict[str, Any]]:
    """What is kept of an address' alerts, as JSON values."""
    return [
        {
            "search": alert.search,
            "time_zone": alert.zone,
            "asked_at": alert.created_at.isoformat(),
            "confirmed_at": alert.confirmed_at.isoformat() if alert.confirmed_at else None,
            "last_letter_at": alert.told_at.isoformat() if alert.told_at else None,
            "ends_at": alert.ends_at.isoformat(),
        }
        for alert in _find_of(session, email)
    ]


def forget_alerts(session: Session, email: str) -> None:
    """All of this address."""
    session.exec(delete(SearchAlert).where(_is_of(email)))


@runs_nightly
def forget_ended(session: Session) -> None:
    """Alerts that ran out, and those that nobody confirmed."""
    session.exec(delete(SearchAlert).where(col(SearchAlert.ends_at) <= clock.now()))


def _find_of(session: Session, email: str) -> list[SearchAlert]:
    query = select(SearchAlert).where(_is_of(email)).order_by(col(SearchAlert.created_at))
    return list(session.exec(query).all())


def _is_of(email: str) -> Any:
    return col(SearchAlert.email_digest) == keyed_digest("alert", email)
