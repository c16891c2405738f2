"""Sensitive text comes back as it went in, under old keys and new; nothing else opens it."""

import base64
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from core import crypto
from core.crypto import WrongKey
from core.settings import Settings

OLD, NEW = base64.b64encode(b"o" * 32).decode(), base64.b64encode(b"n" * 32).decode()


@pytest.fixture(autouse=True)
def forget_keys() -> Iterator[None]:
    crypto._ring.cache_clear()
    yield
    crypto._ring.cache_clear()


def use(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    config = Settings(secret_keys=SecretStr(keys))
    monkeypatch.setattr(crypto, "settings", lambda: config)
    crypto._ring.cache_clear()


@given(st.text())
def test_what_is_encrypted_comes_back(words: str) -> None:
    sealed = crypto.encrypt(words)
    assert crypto.decrypt(sealed) == words
    assert crypto.encrypt(words) != sealed  # equal texts do not look equal


def test_keys_rotate(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, OLD)
    old = crypto.encrypt("words")
    use(monkeypatch, f"{NEW},{OLD}")
    assert crypto.decrypt(old) == "words"
    new = crypto.encrypt("words")
    use(monkeypatch, NEW)
    assert crypto.decrypt(new) == "words"
    with pytest.raises(WrongKey, match="SECRET_KEYS does not hold the key"):
        crypto.decrypt(old)


def test_a_changed_byte_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, OLD)
    sealed = crypto.encrypt("words")
    with pytest.raises(InvalidTag):
        crypto.decrypt(sealed[:-1] + bytes([sealed[-1] ^ 1]))


@pytest.mark.parametrize("keys", ["short", base64.b64encode(b"x" * 31).decode(), f"{OLD},abcd"])
def test_a_bad_key_is_refused(keys: str) -> None:
    with pytest.raises(ValueError, match="SECRET_KEYS must be base64"):
        Settings(secret_keys=SecretStr(keys)).encryption_keys()
