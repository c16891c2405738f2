"""Writes the demo directory into an empty database: made people, stored as the use cases would."""

from collections.abc import Generator, Iterator
from datetime import datetime
from random import Random
from uuid import UUID

from sqlmodel import Session, select

from booking.calendar.slot_cache import cached_days
from core.database import driver_connection, lock, transaction, uuid7
from core.web.caller import PROVIDER
from demo.bulk import Record, continue_numbers, copy_records
from demo.calendars import Calendar, usual_hours
from demo.generate import make_providers
from demo.made import MadeProvider
from demo.people import (
    ADMIN_EMAIL,
    PATIENT_EMAIL,
    PROVIDER_EMAIL,
    ensure_people,
    write_admin_and_patients,
)
from demo.portraits.photos import PhotoOf
from demo.records import credential_records, practice_records, provider_record, service_records
from demo.sessions import Taken, booked_sessions, session_records
from directory.models import Provider

_AT_ONCE = 20  # providers that are written together
_LOADING = UUID("6f70656e-6368-8169-a264-656d6f000001")  # held while loading


def has_providers(session: Session) -> bool:
    """A directory is made only where there are none."""
    return session.exec(select(Provider.id).limit(1)).first() is not None


def load_demo(
    providers: int, seed: int, now: datetime, photo_of: PhotoOf
) -> Generator[int, None, None]:
    """Write so many, with all that belongs to them, in one transaction; gives, now and again, how
    many are written. A database that has any provider is left alone. Of several processes that
    load at once, one does, and the others wait for it."""
    with transaction() as session:
        lock(session, _LOADING)
        if has_providers(session):
            return
        # The demo's own patient keeps a calendar that a visitor can oversee.
        taken: Taken = {one: [] for one in write_admin_and_patients(session, now)[1:]}
        rng = Random(seed)  # nosec B311  # reproducible, not secret
        made = list(enumerate(make_providers(providers, seed, now.date()), 1))
        for first in range(0, providers, _AT_ONCE):
            _write(session, made[first : first + _AT_ONCE], photo_of, taken, rng, now)
            yield min(first + _AT_ONCE, providers)
        continue_numbers(driver_connection(session), providers)


def sign_ins(url: str) -> str:
    """What to tell the person at the terminal."""
    return (
        f"\n  Demo sign-ins at {url}/sign-in (no password; the code arrives at"
        f" {url}/demo/mailbox):\n"
        f"    patient   {PATIENT_EMAIL}\n"
        f"    provider  {PROVIDER_EMAIL}\n"
        f"    admin     {ADMIN_EMAIL}\n"
    )


def _write(
    session: Session,
    batch: list[tuple[int, MadeProvider]],
    photo_of: PhotoOf,
    taken: Taken,
    rng: Random,
    now: datetime,
) -> None:
    people = ensure_people(session, [made.email for _, made in batch], PROVIDER, now)
    records = [
        record
        for (number, made), person in zip(batch, people, strict=True)
        for record in _records(made, number, person, photo_of(number - 1, made), taken, rng, now)
    ]
    copy_records(driver_connection(session), records)


def _records(
    made: MadeProvider,
    number: int,
    person: UUID,
    photo: str | None,
    taken: Taken,
    rng: Random,
    now: datetime,
) -> Iterator[Record]:
    """All that is stored of a provider, and of the sessions booked with them."""
    suffix = f"{rng.randrange(16**4):04x}"
    provider = provider_record(made, person, suffix, photo, rng, now, uuid7)
    credentials = credential_records(made, provider, rng, now, uuid7)
    services = service_records(made, provider, uuid7)
    hours = usual_hours(made)
    days = cached_days(hours, now)
    sessions = booked_sessions(made, services[0], Calendar(hours, days, ()), taken, rng, now)
    calendar = Calendar(hours, days, [span for _, span in sessions])
    yield from practice_records(provider, services, credentials, calendar, number, now)
    yield from session_records(made, services[0], calendar.availability, sessions, now)
