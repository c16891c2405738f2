"""Sensitive text, encrypted before it reaches the database (AES-256-GCM, keys can rotate)."""

import hashlib
import hmac
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
    """The text again. Raises KeyError where the key that sealed it is no longer set."""
    key_id, nonce, body = (
        sealed[:_KEY_ID],
        sealed[_KEY_ID : _KEY_ID + _NONCE],
        sealed[_KEY_ID + _NONCE :],
    )
    for known_id, key in _ring():
        if known_id == key_id:
            return AESGCM(key).decrypt(nonce, body, None).decode()
    raise KeyError("SECRET_KEYS no longer holds the key that encrypted this")


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


def keyed_digest(purpose: str, text: str) -> bytes:
    """What is stored of a value that could be guessed (a code, an address), useless without the
    newest key of SECRET_KEYS. After that key changes, older digests match nothing.
    """
    return keyed_digests(purpose, text)[0]


def keyed_digests(purpose: str, text: str) -> list[bytes]:
    """The digest under each key that is still set, newest first: for finding what is stored."""
    return [
        hmac.digest(
            hmac.digest(key, f"openchair {purpose}".encode(), "sha256"), text.encode(), "sha256"
        )
        for _, key in _ring()
    ]
