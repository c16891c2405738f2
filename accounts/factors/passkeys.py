"""Passkeys (WebAuthn level 3): registering one, and checking what one signed.

Each challenge is kept here, for 5 minutes and one use, bound to the sign-in session or, before
there is one, to a secret that only the asking page has.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from sqlmodel import Session, col, delete
from webauthn.helpers import base64url_to_bytes, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.factors import news
from accounts.factors.queries import find_passkey, passkeys_of
from accounts.factors.rules import (
    CHALLENGE_LASTS,
    MOST_PASSKEYS,
    WrongFactor,
    normal_label,
    went_back,
)
from accounts.models import Passkey, PasskeyChallenge, Person
from accounts.queries import get_person
from core import clock
from core.crypto import digest
from core.database import transaction
from core.errors import Conflict, NotFound
from core.retention import runs_nightly
from core.settings import settings

SIGN_IN, REGISTER, CONFIRM = "sign_in", "register", "confirm"
"""What a challenge is for; one is not good for another."""

_REQUIRED: Final = UserVerificationRequirement.REQUIRED
_MALFORMED: Final = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class Asked:
    """A challenge under way: what it is for, and what its answer must come with."""

    purpose: str
    bound_to: str


def relying_party() -> tuple[str, str]:
    """Our name, to which passkeys belong, and the one origin that may use them."""
    parts = urlsplit(settings().public_url)
    return parts.hostname or "localhost", f"{parts.scheme}://{parts.netloc}"


def registration_options(session: Session, person: Person, bound_to: str) -> dict[str, Any]:
    """What a browser needs to make a passkey, as JSON. Raises Conflict beyond twenty."""
    known = passkeys_of(session, person.id)
    if len(known) >= MOST_PASSKEYS:
        raise Conflict("That is as many passkeys as an account can have. Remove one first.")
    name, _ = relying_party()
    options = webauthn.generate_registration_options(
        rp_id=name,
        rp_name="Openchair",
        user_name=person.email,
        user_id=person.id.bytes,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(one.credential_id) for one in known],
        timeout=int(CHALLENGE_LASTS.total_seconds() * 1000),
    )
    return _keep(session, options, Asked(REGISTER, bound_to))


def register_passkey(
    session: Session, person: Person, credential: dict[str, Any], label: str, bound_to: str
) -> Passkey:
    """Keep a new passkey. Raises WrongFactor, Invalid, Conflict."""
    label, now = normal_label(label), clock.now()
    challenge = _take(credential, Asked(REGISTER, bound_to), now)
    name, origin = relying_party()
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=name,
            expected_origin=origin,
            require_user_verification=True,
        )
    except _MALFORMED:
        raise WrongFactor from None
    if find_passkey(session, made.credential_id) is not None:
        raise Conflict("This passkey is set up already.")
    row = Passkey(
        person_id=person.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        label=label or "Passkey",
        created_at=now,
    )
    session.add(row)
    news.record(session, news.ADDED, person, now, kind="passkey")
    news.tell_of_factor(session, person, "added", "passkey")
    session.flush()
    return row


def request_options(session: Session, asked: Asked, person_id: UUID | None) -> dict[str, Any]:
    """What a browser needs to sign with a passkey: one of `person_id`, or any that it has."""
    known = passkeys_of(session, person_id) if person_id is not None else []
    options = webauthn.generate_authentication_options(
        rp_id=relying_party()[0],
        allow_credentials=[PublicKeyCredentialDescriptor(one.credential_id) for one in known],
        user_verification=_REQUIRED,
        timeout=int(CHALLENGE_LASTS.total_seconds() * 1000),
    )
    return _keep(session, options, asked)


def use_passkey(
    session: Session, credential: dict[str, Any], asked: Asked, now: datetime
) -> Passkey:
    """The passkey that answered `asked`, as it should. Raises WrongFactor.

    One whose counter went back may have been copied: it is refused, recorded, and its owner told,
    whatever becomes of `session`.
    """
    challenge = _take(credential, asked, now)
    name, origin = relying_party()
    try:
        row = find_passkey(session, base64url_to_bytes(credential["rawId"]))
        if row is None:
            raise WrongFactor
        checked = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=name,
            expected_origin=origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=0,  # `went_back` compares
            require_user_verification=True,
        )
        handle = credential["response"].get("userHandle")
        if handle and base64url_to_bytes(handle) != row.person_id.bytes:
            raise WrongFactor
    except _MALFORMED:
        raise WrongFactor from None
    if went_back(row.sign_count, checked.new_sign_count):
        _tell_of_copy(row.person_id, now)
        raise WrongFactor
    row.sign_count, row.last_used_at = checked.new_sign_count, now
    session.add(row)
    session.flush()
    return row


def remove_passkey(session: Session, person: Person, passkey_id: UUID, now: datetime) -> None:
    """Raises NotFound where it is not theirs."""
    row = session.get(Passkey, passkey_id)
    if row is None or row.person_id != person.id:
        raise NotFound
    session.delete(row)
    news.record(session, news.REMOVED, person, now, kind="passkey")
    news.tell_of_factor(session, person, "removed", "passkey")
    session.flush()


def _keep(session: Session, options: Any, asked: Asked) -> dict[str, Any]:
    session.add(
        PasskeyChallenge(
            challenge_hash=digest(options.challenge.hex()),
            purpose=asked.purpose,
            bound_to=digest(asked.bound_to),
            expires_at=clock.now() + CHALLENGE_LASTS,
        )
    )
    session.flush()
    made: dict[str, Any] = json.loads(options_to_json(options))
    return made


def _take(credential: dict[str, Any], asked: Asked, now: datetime) -> bytes:
    """The challenge that was signed, where it is one of ours, for this, and fresh; it is used up
    then, whatever follows. Raises WrongFactor."""
    try:
        signed = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        challenge = base64url_to_bytes(signed["challenge"])
    except _MALFORMED:
        raise WrongFactor from None
    used = (
        delete(PasskeyChallenge)
        .where(
            col(PasskeyChallenge.challenge_hash) == digest(challenge.hex()),
            col(PasskeyChallenge.purpose) == asked.purpose,
            col(PasskeyChallenge.bound_to) == digest(asked.bound_to),
            col(PasskeyChallenge.expires_at) > now,
        )
        .returning(col(PasskeyChallenge.purpose))
    )
    with transaction() as session:
        if session.exec(used).first() is None:
            raise WrongFactor
    return challenge


def _tell_of_copy(person_id: UUID, now: datetime) -> None:
    with transaction() as session:
        person = get_person(session, person_id)
        news.record(session, news.COPIED, person, now)
        news.tell(
            session,
            person.email,
            "A passkey was refused",
            "One of your passkeys says that it was used less often than before. There may be a copy"
            " of it, so it was refused.",
            "Remove it on your account page, and make a new one.",
        )


@runs_nightly
def forget_challenges(session: Session) -> None:
    """Those that ran out."""
    session.exec(delete(PasskeyChallenge).where(col(PasskeyChallenge.expires_at) < clock.now()))
