"""Another email address for an account: proved at both, or by another admin for staff."""

import hmac
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, delete

from accounts.codes import CODES_PER_DEVICE, CODES_PER_SITE, TRIES_PER_DEVICE
from accounts.factors import news
from accounts.models import AddressChange, Person
from accounts.people import change_email
from accounts.queries import find_person, get_person, roles_of
from accounts.rules import CODE_DIGITS, CODE_LASTS, CODE_TRIES, WrongCode, normal_code, normal_email
from accounts.sessions import end_all_sessions, end_other_sessions
from core import clock
from core.database import transaction
from core.errors import Invalid
from core.limits import spend
from core.lookup import keyed_digest
from core.retention import runs_nightly
from core.web.caller import ADMIN, PROVIDER

_PURPOSE: Final = "address change"
SUBJECT: Final = "Your code for another address"


class WrongCodes(WrongCode):
    """One or both are wrong, used, too old or tried too often; which of these is not said."""

    def __init__(self) -> None:
        Invalid.__init__(self, [("code", "One of the two codes is not right, or no longer valid.")])


def ask_address_change(
    session: Session, person: Person, typed: str, network: str, now: datetime
) -> AddressChange:
    """Send a code to the new address and one to the old. Nothing tells whether the new one has an
    account; only its owner learns that, by mail. Raises Invalid, TooMany."""
    try:
        email = normal_email(typed)
    except Invalid as error:
        raise Invalid([("new_email", error.fields[0][1])]) from None
    if email == person.email:
        raise Invalid([("new_email", "That is your address already.")])
    spend((CODES_PER_SITE, network), (CODES_PER_DEVICE, person.email))
    old, new = (f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}" for _ in range(2))
    row = AddressChange(
        person_id=person.id,
        new_email=email,
        old_code_hash=_digest(person.id, old),
        new_code_hash=_digest(person.id, new),
        expires_at=now + CODE_LASTS,
    )
    session.exec(delete(AddressChange).where(col(AddressChange.person_id) == person.id))
    session.add(row)
    session.flush()
    _send(session, person.email, old)
    if find_person(session, email) is None:
        _send(session, email, new)
    else:
        told = "Somebody wants to use this address for another account. It has one already, so it"
        news.tell(session, email, "This address is in use", f"{told} cannot be used.")
    return row


def find_address_change(session: Session, person_id: UUID, now: datetime) -> AddressChange | None:
    """The one under way."""
    row = session.get(AddressChange, person_id)
    return row if row is not None and now < row.expires_at else None


def confirm_address_change(
    person_id: UUID, keep: UUID, old_code: str, new_code: str, now: datetime
) -> None:
    """Change it, where both codes are right, and sign out everywhere but in the session `keep`.

    In transactions of its own, so that a wrong try counts. Raises Invalid, WrongCode, Conflict,
    TooMany.
    """
    codes = [
        _typed_code(field, typed)
        for field, typed in (("old_code", old_code), ("new_code", new_code))
    ]
    spend((TRIES_PER_DEVICE, str(person_id)))
    with transaction() as session:
        row = session.get(AddressChange, person_id, with_for_update=True)
        is_right = row is not None and _are_right(row, codes, now)
        if row is not None:
            row.attempts += 1
        if row is not None and is_right:
            person = get_person(session, person_id)
            _change(session, person, row.new_email, person_id, news.OWN, now)
            session.delete(row)
            end_other_sessions(session, person_id, keep, now)
    if not is_right:
        raise WrongCodes


def change_address_for(
    session: Session, person_id: UUID, typed: str, reason: str, by: UUID, now: datetime
) -> None:
    """Staff who lost their address, by another admin who has just confirmed who they are. Their
    factors stay, and are asked for. Raises Invalid, Conflict."""
    email = normal_email(typed)
    if not roles_of(session, person_id) & {ADMIN, PROVIDER}:
        raise Invalid([("email", "Only for admins and providers.")])
    news.keep_reason(session, person_id, by, "address", reason, now)
    _change(session, get_person(session, person_id), email, by, news.BY_ADMIN, now)
    end_all_sessions(session, person_id, now)


def _change(
    session: Session, person: Person, email: str, by: UUID, how: str, now: datetime
) -> None:
    news.record(session, news.ADDRESS_CHANGED, person, now, by, how=how)
    for address in (person.email, email):
        news.tell(
            session,
            address,
            "The address of your account has changed",
            "Your Openchair account has another email address now; codes and letters go there. You"
            " are signed out on other devices.",
            "Was that not you? Then somebody may have taken your account.",
        )
    change_email(session, person, email)


def _are_right(row: AddressChange, codes: list[str], now: datetime) -> bool:
    if now >= row.expires_at or row.attempts >= CODE_TRIES:
        return False
    hashes = (row.old_code_hash, row.new_code_hash)
    given = [_digest(row.person_id, code) for code in codes]
    return all(hmac.compare_digest(*pair) for pair in zip(hashes, given, strict=True))


def _digest(person_id: UUID, code: str) -> bytes:
    return keyed_digest(_PURPOSE, f"{person_id} {code}")


def _typed_code(field: str, typed: str) -> str:
    try:
        return normal_code(typed)
    except Invalid as error:
        raise Invalid([(field, error.fields[0][1])]) from None


def _send(session: Session, recipient: str, code: str) -> None:
    minutes = int(CODE_LASTS.total_seconds()) // 60
    news.tell(
        session,
        recipient,
        SUBJECT,
        f"Your code is {code}. It is good for {minutes} minutes.",
        "Enter it on the page where you asked to change your address, together with the one that we"
        " sent to your other address. Did you not ask? Then do nothing.",
        link=("/account/email", "Change my address"),
    )


@runs_nightly
def forget_address_changes(session: Session) -> None:
    """Those that ran out."""
    session.exec(delete(AddressChange).where(col(AddressChange.expires_at) < clock.now()))
