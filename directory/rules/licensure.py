"""Whether a provider may see a patient who will be in a state, at an instant; and why.

Care happens where the patient is, so the patient's state decides. What makes it lawful is a
`PracticeAuthority`: a state licence, a privilege under a compact, or a registration. This module
compares facts that were verified elsewhere; which authorities exist is data, never an `if` here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from directory.rules.days import day_in_words, local_day
from directory.rules.requirements import CredentialFact
from directory.taxonomy import STATES

KINDS: Final = {
    "licence": "a licence",
    "compact": "a compact privilege",
    "registration": "a telehealth registration",
}


@dataclass(frozen=True)
class PracticeAuthority:
    """One ground on which a provider may practise.

    `kind`: licence, compact or registration. `status`: verified counts; pending, rejected, revoked
    or anything else does not. `starts_on` and `expires_on` are its first and last good day, None
    for no limit. `evidence` says what was seen, for admins.
    """

    kind: str
    profession: str
    issuing_state: str
    valid_in: frozenset[str]
    status: str
    starts_on: date | None
    expires_on: date | None
    evidence: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of practice authority: {self.kind}")


@dataclass(frozen=True)
class Verdict:
    """`reason` is a sentence for patients. `authority` is what allows, or comes nearest to it.

    Codes: `licensed` when allowed; otherwise `unknown_state`, `no_authority`, `not_in_force`
    (rejected or revoked), `expired`, `not_started` or `not_verified` (still being checked).
    """

    allowed: bool
    code: str
    reason: str
    authority: PracticeAuthority | None


# From best to worst: of several authorities for one state, the first found here speaks.
_RANK: Final = ("licensed", "not_verified", "not_started", "expired", "not_in_force")


def may_practise(
    authorities: Iterable[PracticeAuthority],
    patient_state: str,
    at: datetime,
    *,
    now: datetime | None = None,
) -> Verdict:
    """Whether any authority is verified and in date in `patient_state` at the instant `at`.

    An authority is good from the start of its first day through the end of its last day, by the
    clock of the patient's state. `now`, when it is asked, changes only how the reason speaks: what
    lies ahead has not happened yet. Without it the reason names days and no time before or after
    them. Raises ValueError when `at` or `now` has no zone.
    """
    state = STATES.get(patient_state)
    if state is None:
        reason = f"“{patient_state}” is not a state or territory we know."
        return Verdict(False, "unknown_state", reason, None)
    today = local_day(state.code, at)
    here = [authority for authority in authorities if state.code in authority.valid_in]
    if not here:
        reason = f"This provider is not licensed for people who are in {state.name}."
        return Verdict(False, "no_authority", reason, None)
    best = min(here, key=lambda one: (_RANK.index(_standing(one, today)), -_last_day(one)))
    code = _standing(best, today)
    asked_on = None if now is None else local_day(state.code, now)
    return Verdict(code == "licensed", code, _reason(code, best, state.name, asked_on), best)


def valid_states(authorities: Iterable[PracticeAuthority], at: datetime) -> dict[str, date | None]:
    """Each state in which `may_practise` says yes at `at`, with the last day on which it will.

    None means no end. States come in the taxonomy's order.
    """
    known = list(authorities)
    concerned = frozenset[str]().union(*(authority.valid_in for authority in known))
    verdicts = {code: may_practise(known, code, at) for code in STATES if code in concerned}
    return {
        code: verdict.authority.expires_on
        for code, verdict in verdicts.items()
        if verdict.allowed and verdict.authority
    }


def licence_authorities(
    profession: str, facts: Iterable[CredentialFact]
) -> list[PracticeAuthority]:
    """A state licence lets its holder practise in the state that issued it."""
    return [
        PracticeAuthority(
            kind="licence",
            profession=profession,
            issuing_state=fact.state,
            valid_in=frozenset({fact.state}),
            status=fact.status,
            starts_on=None,
            expires_on=fact.expires_on,
            evidence=f"{fact.license_type or 'Licence'} {fact.number}",
        )
        for fact in facts
        if fact.kind == "state_license" and fact.state in STATES
    ]


def _standing(authority: PracticeAuthority, today: date) -> str:
    if authority.status not in ("verified", "pending"):
        return "not_in_force"
    if authority.expires_on is not None and authority.expires_on < today:
        return "expired"
    if authority.starts_on is not None and authority.starts_on > today:
        return "not_started"
    return "licensed" if authority.status == "verified" else "not_verified"


def _last_day(authority: PracticeAuthority) -> int:
    return (authority.expires_on or date.max).toordinal()


def _reason(code: str, authority: PracticeAuthority, state: str, asked_on: date | None) -> str:
    ground = f"This provider holds {KINDS[authority.kind]} for {state}"
    match code:
        case "licensed" if authority.expires_on:
            return f"{ground}, good through {day_in_words(authority.expires_on)}."
        case "licensed":
            return f"{ground}."
        case "expired" if authority.expires_on:
            return f"{ground}{_ended(authority.expires_on, asked_on)}."
        case "not_started" if authority.starts_on:
            return f"{ground}{_not_begun(authority.starts_on, asked_on)}."
        case "not_verified":
            return f"This provider may not see people in {state} yet."
        case _:
            return f"This provider may no longer see people in {state}."


def _ended(last_day: date, asked_on: date | None) -> str:
    """Of an authority that is over at the session, as one says it on the day one is asked."""
    day = day_in_words(last_day)
    if asked_on is None:
        return f", good only through {day}"
    if last_day < asked_on:
        return f" that expired on {day}"
    return f" that ends on {day}, before the session"


def _not_begun(first_day: date, asked_on: date | None) -> str:
    """Of an authority that has not begun at the session."""
    day = day_in_words(first_day)
    if asked_on is None:
        return f", good only from {day}"
    if first_day > asked_on:
        return f" that begins on {day}"
    return f" that began on {day}, after the session"
