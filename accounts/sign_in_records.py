"""That somebody tried to sign in and was not let in: once an hour of each account that there is.

An address that nobody has leaves no entry, for there is no id to write, and an address may not
stand in the log. A job writes it, so that the answer takes as long for an address that is known.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from accounts import audit
from accounts.queries import find_person
from core.database import transaction
from core.jobs import RETRY, defer, jobs

FAILED: Final = audit.declare(
    "sign_in.failed", "Sign-in failed", "failed to sign in as {}, with a code that was not right."
)
REFUSED: Final = audit.declare(
    "sign_in.refused", "Sign-in refused", "tried too often to sign in as {}, and was refused."
)


def record_failure(action: str, email: str, now: datetime) -> None:
    """In a transaction of its own, since the request fails. `action`: FAILED or REFUSED; `email`:
    an address in its normal form."""
    with transaction() as session:
        person = find_person(session, email)
        known = str(person.id) if person else ""
        defer(session, write_failure, action=action, person_id=known, when=now.isoformat())


@jobs.task(name="accounts.sign_in_records.write_failure", retry=RETRY)
def write_failure(action: str, person_id: str, when: str) -> None:
    """Of nobody, where `person_id` is empty, there is nothing to write."""
    with transaction() as session:
        audit.record_once_an_hour(
            session,
            actor=None,
            action=action,
            subject_kind="person",
            subject_ids={UUID(person_id)} if person_id else (),
            now=datetime.fromisoformat(when),
        )
