"""The audit log: what was done and who looked, by whom, when. Written here, never changed.

Each package declares what it records and how that reads, and how what it records of is called;
what nobody declared is not recorded.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from accounts.models import AuditEntry
from core.database import transaction
from core.web.visit import Visit

COMMAND: Final = "command"
SYSTEM: Final = "system"

Detail = Mapping[str, Any]


@dataclass(frozen=True)
class Action:
    """How an action reads: a title that admins choose by, and what is said behind the name of who
    did it, of the entry's detail, with "{}" for whom or what it was about ("opened the case of
    {}"). `told`: of a look at somebody's data, how they read what the one who looked did; else
    empty."""

    title: str
    says: Callable[[Detail], str]
    told: str = ""


@dataclass(frozen=True)
class Named:
    """What something is called now, and the page where admins see it, if there is one."""

    name: str
    url: str = ""


@dataclass(frozen=True)
class SubjectKind:
    """A kind of things that entries are about: their names by id, and the ids that what somebody
    typed may mean."""

    names: Callable[[Session, Collection[UUID]], Mapping[UUID, Named]]
    find: Callable[[Session, str], Sequence[UUID]]


_declared: dict[str, Action] = {}
_kinds: dict[str, SubjectKind] = {}


def declare(name: str, title: str, says: str | Callable[[Detail], str], told: str = "") -> str:
    """Let `name` ("noun.past") be recorded; returns it. Raises ValueError where it is taken."""
    words = (lambda _: says) if isinstance(says, str) else says
    if _declared.setdefault(name, Action(title, words, told)).title != title:
        raise ValueError(f"{name!r} reads in another way already")
    return name


def declare_kind(name: str, kind: SubjectKind) -> None:
    """Let entries be about things of this kind."""
    _kinds[name] = kind


def looks() -> list[str]:
    """The actions that somebody is told of when it was about them."""
    return sorted(name for name, action in _declared.items() if action.told)


def declared() -> frozenset[str]:
    """What can be recorded."""
    return frozenset(_declared)


def action_of(name: str) -> Action:
    """How `name` reads. Of an action of an older version only its own words are left."""
    words = name.replace(".", " ").replace("_", " ").capitalize()
    return _declared.get(name) or Action(words, lambda _: f"{words}: {{}}")


def names_of(session: Session, kind: str, ids: Collection[UUID]) -> Mapping[UUID, Named]:
    """What these are called; what is gone, or of a kind that nobody declared, is missing."""
    return _kinds[kind].names(session, ids) if ids and kind in _kinds else {}


def find_subjects(session: Session, typed: str) -> list[UUID]:
    """What somebody may mean who typed this, of every kind."""
    return [one for kind in _kinds.values() for one in kind.find(session, typed)]


def record(
    session: Session,
    *,
    actor: UUID | str | None,
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    detail: dict[str, Any],
    now: datetime,
) -> None:
    """Write an entry with this transaction: it exists exactly if what it tells of does.

    `actor`: a person's id; COMMAND, SYSTEM or None where nobody was signed in. `action` is
    "noun.past" ("credential.verified"). `detail` is JSON of ids and codes: no name, no address,
    nothing that somebody wrote. Raises ValueError for what nobody declared.
    """
    _check(action)
    session.add(
        AuditEntry(
            at=now,
            **_actor(actor),
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            detail=detail,
        )
    )
    session.flush()


def record_once_an_hour(
    session: Session,
    *,
    actor: UUID | None,
    action: str,
    subject_kind: str,
    subject_ids: Collection[UUID],
    now: datetime,
) -> None:
    """As `record`, of each subject, but of the same by the same actor once in an hour (UTC): that
    somebody looked, or failed, however often. The one thing that a GET may write."""
    _check(action)
    if not subject_ids:
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    rows = [
        {
            "at": now,
            **_actor(actor),
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": one,
            "detail": {},
            "hour": hour,
        }
        for one in sorted(set(subject_ids))
    ]
    session.connection().execute(insert(AuditEntry).on_conflict_do_nothing(), rows)


def record_look(
    visit: Visit, action: str, subject_kind: str, subject_ids: Collection[UUID]
) -> None:
    """That the caller looks: `record_once_an_hour`, kept also where the answer is a refusal that
    takes back all else."""
    look = partial(
        record_once_an_hour,
        actor=visit.caller.person_id,
        action=action,
        subject_kind=subject_kind,
        subject_ids=subject_ids,
        now=visit.now,
    )
    if visit.request.method == "GET":
        look(visit.session)
        return
    with transaction() as session:
        look(session)


def _actor(actor: UUID | str | None) -> dict[str, Any]:
    is_person = isinstance(actor, UUID)
    return {"actor_id": actor if is_person else None, "actor": "" if is_person else actor or ""}


def _check(action: str) -> None:
    if action not in _declared:
        raise ValueError(f"{action!r} is not declared: how does it read?")
