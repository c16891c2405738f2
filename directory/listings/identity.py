"""Who a provider is said to be, changed at once or asked for.

Before the first licence is verified it is all theirs, for whoever verifies it looks at the name
beside it. From then on, `directory.rules.identity` says what an admin decides first.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from accounts import audit
from core.web import formats
from directory.listings.listing import lock_provider
from directory.models import Credential, IdentityRequest, Provider
from directory.queries import (
    accepted_requests,
    fact_of,
    facts_of,
    find_identity_request,
    has_been_verified,
)
from directory.rules.identity import (
    FIELDS,
    Change,
    Identity,
    differences,
    letters_of,
    split_change,
    supported_letters,
    without_letters,
)

_TITLES: Final = {
    "legal_first_name": "legal name",
    "legal_last_name": "legal name",
    "display_name": "name that patients see",
    "letters": "letters",
}


def identity_of(provider: Provider) -> Identity:
    """Who they are shown to be, and their legal name."""
    return Identity(**{field: getattr(provider, field) for field in FIELDS})


def change_of(request: IdentityRequest) -> Change:
    """What was asked for."""
    return Change(**{field: getattr(request, field) for field in FIELDS})


def change_identity(session: Session, provider: Provider, wanted: Identity, now: datetime) -> None:
    """Show what may be shown at once, and ask an admin for the rest; the caller refreshes the
    listing. What is wanted as it is shown leaves a request that waits as it is."""
    if wanted == identity_of(provider):
        return
    lock_provider(session, provider.id)
    shown = identity_of(provider)
    at_once, asked = _split(session, provider, shown, wanted)
    apply_change(session, provider, at_once)
    if at_once.fields:
        _record(session, provider, provider.person_id, "changed", at_once, {}, now)
    waiting = find_identity_request(session, provider.id)
    before = change_of(waiting).fields if waiting else {}
    kept = {name: value for name, value in before.items() if name not in at_once.fields}
    all_asked = Change(**{**kept, **asked.fields})
    if all_asked.fields == before:
        return
    if waiting is not None:
        end_request(session, waiting, "withdrawn", now)
    if all_asked.fields:
        request = IdentityRequest(provider_id=provider.id, asked_at=now, **vars(all_asked))
        session.add(request)
        session.flush()
        record_request(session, provider, request, provider.person_id, "asked", now)
    elif waiting is not None:
        record_request(session, provider, waiting, provider.person_id, "withdrawn", now)


def withdraw_request(session: Session, provider: Provider, now: datetime) -> None:
    """Take back what waits, if anything does: what is shown stays."""
    lock_provider(session, provider.id)
    waiting = find_identity_request(session, provider.id)
    if waiting is not None:
        end_request(session, waiting, "withdrawn", now)
        record_request(session, provider, waiting, provider.person_id, "withdrawn", now)


def apply_change(session: Session, provider: Provider, change: Change) -> None:
    """From now on they are shown so."""
    for field, value in change.fields.items():
        setattr(provider, field, value)
    session.add(provider)
    session.flush()


def drop_letters(session: Session, provider: Provider, lost: Credential) -> None:
    """Letters that only a credential which is lost supported are shown no longer. What an admin
    accepted stays."""
    before = replace(fact_of(lost), status="verified")
    chosen = [
        one
        for past in accepted_requests(session, provider.id)
        for one in letters_of(past.letters or "")
    ]
    kept = supported_letters(provider.profession, facts_of(session, provider)).union(chosen)
    gone = supported_letters(provider.profession, [before]) - kept
    apply_change(session, provider, Change(letters=without_letters(provider.letters, gone)))


def end_request(session: Session, request: IdentityRequest, outcome: str, now: datetime) -> None:
    """It waits no longer. `outcome`: accepted, declined or withdrawn."""
    request.outcome = outcome
    request.ended_at = now
    session.add(request)
    session.flush()


_FIELDS_IN_WORDS = {
    "display_name": "the name that patients see",
    "letters": "letters",
    "legal_first_name": "the legal first name",
    "legal_last_name": "the legal last name",
}


def _in_words(words: str) -> Callable[[audit.Detail], str]:
    def says(detail: audit.Detail) -> str:
        fields = [_FIELDS_IN_WORDS.get(one, one) for one in detail.get("fields", [])]
        return f"{words} {formats.listed(fields) or 'a name or letters'} of {{}}."

    return says


_ACTIONS = {
    what: audit.declare(f"identity.{what}", title, _in_words(words))
    for what, title, words in (
        ("changed", "Name or letters changed", "changed"),
        ("asked", "Change of identity asked for", "asked for a change of"),
        ("withdrawn", "Change of identity taken back", "took back a change of"),
        ("accepted", "Change of identity accepted", "accepted a change of"),
        ("declined", "Change of identity declined", "declined a change of"),
    )
}


def record_request(
    session: Session,
    provider: Provider,
    request: IdentityRequest,
    actor_id: UUID,
    what: str,
    now: datetime,
) -> None:
    """In the audit log: what was asked for stands in the request, for a former name belongs into
    no log that is kept for ever."""
    detail = {"request": str(request.id)}
    _record(session, provider, actor_id, what, change_of(request), detail, now)


def _record(
    session: Session,
    provider: Provider,
    actor_id: UUID,
    what: str,
    change: Change,
    detail: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        actor=actor_id,
        action=_ACTIONS[what],
        subject_kind="provider",
        subject_id=provider.id,
        detail={**detail, "fields": list(change.fields)},
        now=now,
    )


def _split(
    session: Session, provider: Provider, shown: Identity, wanted: Identity
) -> tuple[Change, Change]:
    if not has_been_verified(session, provider.id):
        return differences(shown, wanted), Change()
    return split_change(
        shown,
        wanted,
        profession_key=provider.profession,
        facts=facts_of(session, provider),
        accepted=[change_of(one) for one in accepted_requests(session, provider.id)],
    )


def asks_for(change: Change) -> str:
    """Of what, in words: "legal name and letters"."""
    asked = dict.fromkeys(_TITLES[field] for field in change.fields)
    return formats.listed(list(asked))
