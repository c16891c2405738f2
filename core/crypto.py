"""Sensitive text, encrypted before it reaches the database (AES-256-GCM, keys can rotate)."""

import hashlib
import secrets
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from core.settings import settings

_KEY_ID = 4
_NONCE = 12


class WrongKey(ValueError):
    """SECRET_KEYS lacks the key that sealed something; the message is one line for operators."""


@lru_cache(maxsize=1)
def _ring() -> list[tuple[bytes, bytes]]:
    """(key id, key), newest first; read once a process."""
    return [(_key_id(key), key) for key in settings().encryption_keys()]


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"openchair key id" + key).digest()[:_KEY_ID]


def encrypt(text: str) -> bytes:
    """Key id (4 bytes), nonce (12), then ciphertext with its tag."""
    key_id, key = _ring()[0]
    nonce = secrets.token_bytes(_NONCE)
    return key_id + nonce + AESGCM(key).encrypt(nonce, text.encode(), None)


def decrypt(sealed: bytes) -> str:
    """The text again. Raises WrongKey where the key that sealed it is no longer set, and
    cryptography's InvalidTag where it was changed."""
    key_id, nonce, body = (
        sealed[:_KEY_ID],
        sealed[_KEY_ID : _KEY_ID + _NONCE],
        sealed[_KEY_ID + _NONCE :],
    )
    for known_id, key in _ring():
        if known_id == key_id:
            return AESGCM(key).decrypt(nonce, body, None).decode()
    raise WrongKey(f"SECRET_KEYS does not hold the key {key_id.hex()}, which sealed this.")


def key_ids() -> list[bytes]:
    """Of each key of SECRET_KEYS, newest first; sealed bytes begin with that of their key."""
    return [key_id for key_id, _ in _ring()]


def newest_key_id() -> bytes:
    """Of the key that seals what is written now."""
    return key_ids()[0]


class Encrypted(TypeDecorator[str]):
    """A text column whose bytes at rest only this application can read."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else encrypt(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else decrypt(bytes(value))


def token() -> str:
    """A secret nobody guesses: 256 bits, safe in cookies and headers."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is stored of a token: tokens are random, so a plain hash suffices."""
    return hashlib.sha256(secret.encode()).digest()
