"""People: someone with an email address, and the roles they hold."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete

from accounts import audit
from accounts.models import (
    AccountRecovery,
    AddressChange,
    FactorReset,
    Passkey,
    Person,
    PersonRole,
    RecoveryCode,
    SignInCode,
    SignInSession,
    Totp,
)
from accounts.queries import find_person, get_person, is_of_code
from accounts.rules import normal_email
from core import clock
from core.database import Statement, run, transaction, uuid7
from core.errors import Conflict, Invalid
from core.lookup import kept_plain, keyed_digest
from core.mail import readdress
from core.web.caller import ADMIN, ROLES

GRANTED = audit.declare(
    "role.granted", "Role granted", lambda detail: f"gave {{}} the role of {detail['role']}."
)


def ensure_person(session: Session, email: str, now: datetime) -> Person:
    """The person with this address, made where there is none. Gives no role. Raises Invalid."""
    address = normal_email(email)
    person = find_person(session, address)
    if person is None:
        # Two first sign-ins at once: one inserts, the other finds.
        session.connection().execute(
            insert(Person)
            .values(id=uuid7(), created_at=now, **address_of(address))
            .on_conflict_do_nothing()
        )
        person = find_person(session, address)
    if person is None:
        raise Conflict
    return person


def find_by_email(session: Session, typed: str) -> Person | None:
    """Whose address this is, however it is written; None where it is none."""
    try:
        return find_person(session, normal_email(typed))
    except Invalid:
        return None


def address_of(email: str) -> dict[str, Any]:
    """The columns of a person that hold this address, in its normal form."""
    return {
        "sealed_email": email,
        "email_hash": keyed_digest("email", email),
        "plain_email": kept_plain(email),
    }


def _set_address(person: Person, email: str) -> None:
    for name, value in address_of(email).items():
        setattr(person, name, value)


def grant_role(session: Session, person_id: UUID, role: str) -> bool:
    """Give a role; True where it is new to them."""
    return bool(run(session, granting_role(person_id, role)))


def granting_role(person_id: UUID, role: str) -> Statement:
    """As `grant_role`: a row where it is new to them."""
    if role not in ROLES:
        raise ValueError(f"{role!r} is not a role")
    return Statement(
        "INSERT INTO person_role (person_id, role) VALUES (%(person)s, %(role)s)"
        " ON CONFLICT DO NOTHING RETURNING role",
        {"person": person_id, "role": role},
    )


def make_admin(email: str) -> str:
    """Make someone an admin, in a transaction of its own; says what was done, for a terminal."""
    now = clock.now()
    with transaction() as session:
        person = ensure_person(session, email, now)
        if not grant_role(session, person.id, ADMIN):
            return f"{person.email} is an admin already."
        audit.record(
            session,
            actor=audit.COMMAND,
            action=GRANTED,
            subject_kind="person",
            subject_id=person.id,
            detail={"role": ADMIN},
            now=now,
        )
        return f"{person.email} is an admin now and signs in like everyone, with a code by email."


def change_email(session: Session, person: Person, email: str) -> None:
    """Give someone another address, in its normal form; codes under way to the old one are void,
    and letters to it follow, so that export and deletion find them.
    Raises Conflict where it is somebody's."""
    if find_person(session, email) is not None:
        raise Conflict("This address cannot be used.")
    session.exec(delete(SignInCode).where(is_of_code(person.email)))
    readdress(session, person.email, email)
    _set_address(person, email)
    session.add(person)
    session.flush()


def erase(session: Session, person_id: UUID, now: datetime) -> None:
    """Forget someone: address, roles, codes and sign-ins. The row stays, for what refers to it.

    The address may sign up again and is then somebody new.
    """
    person = get_person(session, person_id)
    session.exec(delete(SignInCode).where(is_of_code(person.email)))
    session.exec(delete(SignInSession).where(col(SignInSession.person_id) == person_id))
    session.exec(delete(PersonRole).where(col(PersonRole.person_id) == person_id))
    for model in (Totp, Passkey, RecoveryCode, FactorReset, AccountRecovery, AddressChange):
        session.exec(delete(model).where(col(model.person_id) == person_id))
    _set_address(person, f"erased-{person.id.hex}@erased.invalid")
    person.deleted_at = now
    session.add(person)
    session.flush()
