"""Authenticator apps (RFC 6238): setting one up, checking a code, taking it away."""

import re
from datetime import datetime
from io import BytesIO
from typing import Final

import pyotp
import segno
from sqlmodel import Session

from accounts.factors import news
from accounts.factors.queries import find_totp
from accounts.factors.rules import WrongFactor, find_step
from accounts.models import Person, Totp
from core.errors import Conflict, NotFound

ISSUER: Final = "Openchair"


def begin_totp(session: Session, person: Person, now: datetime) -> Totp:
    """A new secret, which counts once a code of it was entered. Raises Conflict where an app is
    set up already."""
    row = find_totp(session, person.id)
    if row is None:
        row = Totp(person_id=person.id, secret="", created_at=now)  # nosec B106  # set below
    if row.confirmed_at is not None:
        raise Conflict("An authenticator app is set up already. Remove it first.")
    row.secret, row.created_at, row.last_step = pyotp.random_base32(), now, 0
    session.add(row)
    session.flush()
    return row


def confirm_totp(session: Session, person: Person, code: str, now: datetime) -> None:
    """The first code of an app makes it count. Raises NotFound, WrongFactor."""
    row = find_totp(session, person.id)
    if row is None or row.confirmed_at is not None:
        raise NotFound
    step = find_step(row.secret, re.sub(r"\s", "", code), row.last_step, now)
    if step is None:
        raise WrongFactor
    row.last_step, row.confirmed_at = step, now
    session.add(row)
    news.record(session, news.ADDED, person, now, kind="app")
    news.tell_of_factor(session, person, "added", "app")


def use_totp(session: Session, person: Person, code: str, now: datetime) -> bool:
    """Whether it is a code of theirs that was not used; neither it nor one before is again."""
    row = find_totp(session, person.id)
    if row is None or row.confirmed_at is None:
        return False
    step = find_step(row.secret, code, row.last_step, now)
    if step is None:
        return False
    row.last_step = step
    session.add(row)
    session.flush()
    return True


def remove_totp(session: Session, person: Person, now: datetime) -> None:
    """Raises NotFound where there is none."""
    row = find_totp(session, person.id)
    if row is None:
        raise NotFound
    session.delete(row)
    if row.confirmed_at is not None:
        news.record(session, news.REMOVED, person, now, kind="app")
        news.tell_of_factor(session, person, "removed", "app")
    session.flush()


def address_for_app(secret: str, email: str) -> str:
    """What an app reads: `otpauth://totp/…`."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture_of(address: str) -> str:
    """The address as a QR code: an SVG element without styles of its own."""
    out = BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", scale=5, xmldecl=False, svgns=True, nl=False, light="#fff", dark="#000"
    )
    return out.getvalue().decode()
