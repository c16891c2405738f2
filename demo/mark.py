"""Which databases are the demo's, so that real people and made ones never share one."""

from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from sqlalchemy import create_engine, func
from sqlalchemy.pool import NullPool
from sqlmodel import Session, col, select

from accounts.models import Person
from core.check.database import addresses
from core.check.findings import Finding, wrong
from core.database import dialect_url
from core.lookup import digests_in
from core.mail import Mail
from core.postgres import NoDatabase
from core.schema_version import is_current
from core.settings import Settings
from demo.people import ADMIN_EMAIL, PATIENT_EMAIL, PROVIDER_EMAIL

_IS_THE_DEMOS = (
    "DEMO is not true, and this database is the demo's: its verified providers are made up, and "
    "everyone knows its admin. "
    "Set DATA_DIR (or DATABASE_URL) to another place for real use, or DEMO=true to go on with it."
)
_HAS_REAL_PEOPLE = (
    "DEMO=true shows every sign-in code to everyone, and this database has people whom the demo "
    "did not make. Set DEMO=false, or DATA_DIR (or DATABASE_URL) to another place for the demo."
)


def refusal(session: Session, is_demo: bool) -> str:
    """Why this database is not for a start with this DEMO, and what to set; empty where it is.
    Raises WrongKey."""
    is_the_demos = _is_the_demos(session)
    if not is_demo:
        return _IS_THE_DEMOS if is_the_demos else ""
    return _HAS_REAL_PEOPLE if _has_people(session) and not is_the_demos else ""


def look_at_people(config: Settings) -> Iterator[Finding]:
    """For `main.py check`. A database that cannot be read is told of by another look."""
    try:
        found = addresses(config)
        if found is None or not is_current(found[1]):
            return
        with Session(create_engine(dialect_url(found[0]), poolclass=NullPool)) as session:
            reason = refusal(session, config.demo)
    except (NoDatabase, ValueError, InvalidTag):  # no database, no key or another one
        return
    if reason:
        text, advice = reason.split(" Set ", 1)
        yield wrong(text, f"Set {advice}")


def _is_the_demos(session: Session) -> bool:
    """Two of those whom a visitor signs in as are there: one may have left, or moved to another
    address. Nobody else gets there: a person is made of an address whose mail they read, and
    example.com takes no mail (RFC 2606, RFC 7505)."""
    known = digests_in(session, "email", (ADMIN_EMAIL, PROVIDER_EMAIL, PATIENT_EMAIL))
    found = select(func.count()).select_from(Person).where(col(Person.email_hash).in_(known))
    return session.exec(found).one() >= 2


def _has_people(session: Session) -> bool:
    """Also those who have asked for a code and not come in yet."""
    return any(
        session.exec(select(model.id).limit(1)).first() is not None for model in (Person, Mail)
    )
