"""When every factor is lost: another admin, the command line, or 72 hours of waiting."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, select

from accounts import audit
from accounts.factors import news
from accounts.factors.queries import factors_of
from accounts.factors.rules import RESET_WAITS
from accounts.models import FactorReset, Passkey, Person, RecoveryCode, Totp
from accounts.queries import find_person, get_person, roles_of
from accounts.rules import normal_email
from accounts.sessions import end_all_sessions
from core import clock, jobs
from core.crypto import digest, token
from core.database import transaction
from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.web.caller import ADMIN, PROVIDER


class AskAnAdmin(NotAllowed):
    """Staff do not wait: another admin looks at who asks."""

    message = "Another admin can remove your passkeys and app, on the desk's page People."


def forget_factors(session: Session, person_id: UUID) -> None:
    """Of every kind, and what was asked about them."""
    for model in (Totp, Passkey, RecoveryCode, FactorReset):
        session.exec(delete(model).where(col(model.person_id) == person_id))


def reset_factors_for(
    session: Session, person_id: UUID, reason: str, admin_id: UUID, now: datetime
) -> None:
    """Remove someone's factors at once, by another admin. Raises Invalid without a reason, or where
    they are one's own."""
    news.keep_reason(session, person_id, admin_id, "factors", reason, now)
    _reset(session, person_id, news.BY_ADMIN, admin_id, now)


def _reset(session: Session, person_id: UUID, how: str, by: UUID | str, now: datetime) -> None:
    person = get_person(session, person_id)
    forget_factors(session, person_id)
    end_all_sessions(session, person_id, now)
    news.record(session, news.RESET, person, now, by, how=how)
    news.tell(
        session,
        person.email,
        "Your sign-in has changed",
        "The passkeys, app and recovery codes of your Openchair account were removed, and you are"
        " signed out everywhere. You sign in with a code by email, and can set up new ones.",
        "Did you not ask for this? Then somebody may have wanted your account.",
    )


def reset_by_command(email: str) -> str:
    """For the only admin, in a transaction of its own; says what was done. Raises Invalid."""
    address = normal_email(email)
    with transaction() as session:
        person = find_person(session, address)
        if person is None:
            raise Invalid([("email", f"Nobody has the address {address}.")])
        _reset(session, person.id, news.BY_COMMAND, audit.COMMAND, clock.now())
    return f"{address} has no second step at sign-in now, and is signed out everywhere."


def find_reset(session: Session, person_id: UUID) -> FactorReset | None:
    return session.get(FactorReset, person_id)


def ask_reset(session: Session, person: Person, now: datetime) -> FactorReset:
    """Have one's own factors removed after 72 hours; told by mail, with a way to stop it. Asking
    again changes nothing. Raises AskAnAdmin for staff, Conflict where there are none."""
    if roles_of(session, person.id) & {ADMIN, PROVIDER}:
        raise AskAnAdmin
    if factors_of(session, person.id).count == 0:
        raise Conflict("There is no passkey or app to remove.")
    known = find_reset(session, person.id)
    if known is not None:
        return known
    secret = token()
    row = FactorReset(
        person_id=person.id, token_hash=digest(secret), asked_at=now, due_at=now + RESET_WAITS
    )
    session.add(row)
    session.flush()
    jobs.defer(session, reset_when_due, at=row.due_at, person_id=str(person.id))
    news.record(session, news.RESET_ASKED, person, now)
    news.tell(
        session,
        person.email,
        "Your app and passkeys will be removed",
        "Somebody signed in with a code from this address and said that your passkeys, app and"
        " recovery codes are lost. In 72 hours we remove them. Until then your sessions can be"
        " seen, joined and cancelled, and nothing else.",
        "Was that not you? Stop it, then change who can read your mail.",
        link=(f"/factor-reset/{secret}", "Stop it"),
    )
    return row


def find_reset_of(session: Session, secret: str) -> FactorReset:
    """The one whose letter has this link. Raises NotFound."""
    row = session.exec(select(FactorReset).where(FactorReset.token_hash == digest(secret))).first()
    if row is None:
        raise NotFound
    return row


def drop_reset(session: Session, person_id: UUID, now: datetime) -> None:
    """The factors stay; whoever has none to show is signed out."""
    session.exec(delete(FactorReset).where(col(FactorReset.person_id) == person_id))
    person = get_person(session, person_id)
    news.record(session, news.RESET_STOPPED, person, now)
    news.tell(
        session,
        person.email,
        "Your app and passkeys stay",
        "The removal of your passkeys, app and recovery codes was stopped.",
    )


@jobs.jobs.task(name="accounts.factors.reset_when_due", retry=jobs.RETRY)
def reset_when_due(person_id: str) -> None:
    """Unless it was stopped, or asked for anew."""
    now = clock.now()
    with transaction() as session:
        row = session.get(FactorReset, UUID(person_id), with_for_update=True)
        if row is not None and row.due_at <= now:
            _reset(session, row.person_id, news.WAITED, audit.SYSTEM, now)
