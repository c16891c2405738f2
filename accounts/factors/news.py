"""What is recorded of someone's factors and address, and what they are told of it by mail."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from accounts import audit
from accounts.models import AccountRecovery, Person
from core.database import uuid7
from core.errors import Invalid
from core.mail import Letter, post
from core.settings import settings
from core.web import templates

LONGEST_REASON: Final = 500
KINDS: Final = {
    "app": "authenticator app",
    "passkey": "passkey",
    "recovery_codes": "recovery codes",
    "recovery_code": "recovery code",
    "email": "code by email",
}


OWN, BY_ADMIN, BY_COMMAND, WAITED = "own", "admin", "command", "waited"
_HOW: Final = {
    OWN: "With codes to both addresses.",
    BY_ADMIN: "By another admin; why stands on their page under People.",
    BY_COMMAND: "By the command line.",
    WAITED: "It was asked for 72 hours before.",
}


def _of_kind(words: str) -> Callable[[audit.Detail], str]:
    return lambda detail: f"{words}: {KINDS.get(detail['kind'], detail['kind'])}."


ADDED = audit.declare(
    "factor.added", "Passkey or app added", _of_kind("added a second step at sign-in of {}")
)
REMOVED = audit.declare(
    "factor.removed", "Passkey or app removed", _of_kind("removed a second step at sign-in of {}")
)
REFUSED = audit.declare(
    "factor.refused",
    "Second step refused",
    _of_kind("gave a second step of {} that was refused"),
)
RECOVERY_CODE_USED = audit.declare(
    "recovery_code.used", "Recovery code used", "used a recovery code of {}."
)
COPIED = audit.declare(
    "passkey.copied",
    "Passkey may be copied",
    "was refused with a passkey of {}: its counter went back.",
)
RESET_ASKED = audit.declare(
    "factors.reset_asked",
    "Removal of second step asked for",
    "asked for the removal of the second step of {}.",
)
RESET_STOPPED = audit.declare(
    "factors.reset_stopped",
    "Removal of second step stopped",
    "stopped the removal of the second step of {}.",
)
RESET = audit.declare(
    "factors.reset",
    "Second step removed",
    lambda detail: f"removed the second step of {{}}. {_HOW[detail['how']]}",
)
ADDRESS_CHANGED = audit.declare(
    "address.changed",
    "Email address changed",
    lambda detail: f"changed the address of {{}}. {_HOW[detail['how']]}",
)


def record(
    session: Session,
    action: str,
    person: Person,
    now: datetime,
    by: UUID | str | None = None,
    **detail: str,
) -> None:
    """An entry about `person`; by themselves, by the admin with the id `by`, or by COMMAND or
    SYSTEM."""
    audit.record(
        session,
        actor=by or person.id,
        action=action,
        subject_kind="person",
        subject_id=person.id,
        detail=detail,
        now=now,
    )


def keep_reason(
    session: Session, person_id: UUID, admin_id: UUID, kind: str, reason: str, now: datetime
) -> None:
    """Why an admin did something for someone, for other admins to read. Raises Invalid, on the
    field `reason`, where there is none or it is too long, and where they are one and the same."""
    reason = reason.strip()
    if admin_id == person_id:
        raise Invalid([("email", "Another admin must do this for you.")])
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid([("reason", f"Say why, in at most {LONGEST_REASON} letters.")])
    session.add(
        AccountRecovery(person_id=person_id, admin_id=admin_id, kind=kind, reason=reason, at=now)
    )


def tell(
    session: Session,
    recipient: str,
    subject: str,
    *lines: str,
    link: tuple[str, str] = ("/account", "Open my account"),
) -> None:
    """A letter about someone's account, with this transaction. `link`: a path and its words."""
    path, words = link
    said = {
        "heading": subject,
        "lines": lines,
        "url": settings().public_url + path,
        "words": words,
        "contact": settings().contact,
    }
    post(
        session,
        f"account:{uuid7()}",
        Letter(
            recipient=recipient,
            subject=subject,
            text=templates.text("mail/account_news.txt", **said),
            html=templates.text("mail/account_news.html", **said),
        ),
    )


def tell_of_factor(session: Session, person: Person, was: str, kind: str) -> None:
    """That a factor was added or removed."""
    tell(
        session,
        person.email,
        "Your sign-in has changed",
        f"The second step of your Openchair sign-in has changed. {was.title()}: {KINDS[kind]}.",
        "Was that not you? Sign out everywhere on your account page, and look at what is set up"
        " there.",
    )
