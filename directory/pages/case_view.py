"""A case in ready words: each credential with its checks, what is to be decided, the history."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from core.web import formats
from core.web.visit import Visit
from directory import presenters
from directory.credentials.decisions import DecisionForm, checks_of, outcomes_for, usual_source
from directory.credentials.follow_through import ended_without
from directory.credentials.history import PastDecision
from directory.credentials.identity import checks_of_request
from directory.law import Register, find_register
from directory.listings.identity import asks_for, change_of, identity_of
from directory.models import Credential, IdentityRequest, Provider
from directory.rules.checks import Check
from directory.rules.findings import findings_for

ACTIONS: Final = {
    "verified": ("Verify", "a", ""),
    "rejected": ("Reject", "r", "danger"),
    "revoked": ("Revoke", "r", "danger"),
}
_AGAIN: Final = {"verified": ("Verify again", "a", "")}


def asked(visit: Visit, provider: Provider, request: IdentityRequest) -> dict[str, Any]:
    """The name or letters that wait for a decision."""
    return {
        "id": str(request.id),
        "since": formats.full_date(request.asked_at.date()),
        "facts": presenters.asked_facts(identity_of(provider), change_of(request)),
        "checks": [_check(one) for one in checks_of_request(visit.session, provider, request)],
    }


def current_of(credentials: list[Credential], chosen: UUID | None) -> Credential | None:
    """The one asked for, else the first that waits, else the first."""
    found = [one for one in credentials if one.id == chosen]
    waiting = [one for one in credentials if one.status == "pending"]
    return next(iter([*found, *waiting, *credentials]), None)


def claim(
    visit: Visit, provider: Provider, credential: Credential, typed: DecisionForm
) -> dict[str, Any]:
    """A credential, beside what the checks say of it, and the decision as typed so far."""
    outcomes = outcomes_for(credential)
    is_revocable = "revoked" in outcomes
    facts = [
        ("Number", credential.number, True),
        ("Name on it", credential.name, True),
        ("Kind", credential.license_type, False),
        ("Good until", _day(credential.expires_on), False),
        ("Sent in", _day(credential.submitted_at.date()), False),
    ]
    ends = (
        presenters.ended_sessions(
            ended_without(visit.session, provider.id, credential.id, visit.now)
        )
        if credential.status == "verified"
        else None
    )
    checks = checks_of(visit.session, provider, [credential], visit.now)[0]
    return {
        "id": str(credential.id),
        "title": presenters.credential_title(credential),
        "status": credential.status,
        "reason": credential.reason,
        "facts": [
            {"label": label, "value": value, "may_copy": may_copy}
            for label, value, may_copy in facts
            if value
        ],
        "registers": _registers(credential, provider.profession),
        "checks": [_check(one) for one in checks],
        "warns": " ".join(f"{one.label}: {one.detail}" for one in checks if one.outcome == "fail"),
        "findings": [
            {
                "key": one.key,
                "label": one.label,
                "seen": one.seen,
                "reason": one.reason,
                "outcome": _outcome(one.is_good, outcomes),
                "digit": str(number),
            }
            for number, one in enumerate(findings_for(credential.kind), 1)
        ],
        "typed": {
            "source": typed.source or usual_source(credential),
            "seen": typed.seen,
            "reason": typed.reason,
            "expires_on": typed.expires_on or _iso(credential.expires_on),
        },
        "expires": credential.kind != "npi",
        "actions": [_action(outcome, credential) for outcome in outcomes],
        "refuses": "revoke" if is_revocable else "reject",
        "may_refuse": len(outcomes) > 1,
        "ends": ends,
    }


def _outcome(is_good: bool, outcomes: tuple[str, ...]) -> str:
    """What a finding leads to; "" where that cannot be decided now."""
    return outcomes[0] if is_good else next(iter(outcomes[1:]), "")


def _registers(credential: Credential, profession: str) -> list[dict[str, str]]:
    """Where to look it up, and whom the programs of the state exclude."""
    own = find_register(credential.kind, credential.state, profession)
    return [_register(one) for one in (own, find_register("exclusions")) if one is not None]


def _register(one: Register) -> dict[str, str]:
    return {"title": one.title, "url": one.url, "as_of": formats.full_date(one.as_of)}


def _check(one: Check) -> dict[str, str]:
    return {
        "kind": {"pass": "good", "warn": "wait", "fail": "bad"}[one.outcome],
        "icon": {"pass": "check", "warn": "alert", "fail": "x"}[one.outcome],
        "label": one.label,
        "detail": one.detail,
    }


def _action(outcome: str, credential: Credential) -> dict[str, str]:
    is_again = credential.status == outcome == "verified"
    label, key, kind = (_AGAIN if is_again else ACTIONS)[outcome]
    return {"outcome": outcome, "label": label, "key": key, "kind": kind}


def past(one: PastDecision) -> dict[str, Any]:
    """A decision in the history."""
    decision = one.decision
    return {
        "at": f"{decision.decided_at:%Y-%m-%d %H:%M} UTC",
        "admin": one.admin,
        "about": presenters.credential_title(one.credential),
        "outcome": decision.outcome,
        "source": one.said.source,
        "seen": one.said.seen,
        "reason": one.said.reason,
        "is_as_written": one.is_as_written,
        "evidence_url": f"/admin/evidence/{one.evidence.id}" if one.evidence else "",
        "evidence": one.evidence.name if one.evidence else "",
    }


def past_name(one: IdentityRequest) -> dict[str, str]:
    """A decision about a name or letters."""
    is_accepted = one.outcome == "accepted"
    return {
        "at": f"{one.ended_at:%Y-%m-%d %H:%M} UTC",
        "about": asks_for(change_of(one)),
        "asked": ", ".join(change_of(one).fields.values()),
        "kind": "verified" if is_accepted else "rejected",
        "outcome": "Accepted" if is_accepted else "Declined",
        "reason": one.reason or "",
    }


def _day(day: date | None) -> str:
    return formats.full_date(day) if day else ""


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
