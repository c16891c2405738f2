"""Keys change while people book; a wrong key stops the start; addresses are found though sealed."""

import base64
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlmodel import Session, select
from typer.testing import CliRunner

from accounts.models import Person
from accounts.people import ensure_person, find_by_email
from accounts.plain_addresses import empty_plain_addresses
from core import clock, crypto, lookup, rekey
from core.crypto import WrongKey
from core.database import Statement, run, transaction
from core.lookup import check_key, keyed_digest
from core.mail import Mail
from core.settings import Settings, settings
from directory.models import Credential
from main import cli
from tests.factories import NOW, make_provider

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()
UseKeys = Callable[[str], None]


@pytest.fixture
def use_keys(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[UseKeys]:
    """Sets SECRET_KEYS; in the end all is sealed by the key of before."""

    def use(keys: str) -> None:
        config = Settings(secret_keys=SecretStr(keys))
        monkeypatch.setattr(crypto, "settings", lambda: config)
        crypto._ring.cache_clear()

    yield use
    use(f"{first_key()},{NEW}")
    list(rekey.rekey())
    crypto._ring.cache_clear()


def first_key() -> str:
    return base64.b64encode(settings().encryption_keys()[0]).decode()


def test_all_is_sealed_anew_and_then_the_old_key_may_go(
    session: Session, use_keys: UseKeys
) -> None:
    make_provider(session, now=NOW, email="dana@example.com")
    session.commit()
    digest = keyed_digest("email", "dana@example.com")
    use_keys(f"{NEW},{first_key()}")
    total = rekey.count_old(session)
    assert total > 3  # the address, credentials' numbers, the lookup key itself
    assert list(rekey.rekey())[-1] == total
    new, old = rekey.keys_in_use(session).items()
    assert (new[1] >= total, old[1]) == (True, 0)
    use_keys(NEW)
    session.rollback()
    session.expire_all()
    check_key(session)
    assert find_by_email(session, "Dana@example.com") is not None
    assert all(one.number for one in session.exec(select(Credential)))
    lookup._stored.cache_clear()  # as after a restart
    assert keyed_digest("email", "dana@example.com") == digest


@pytest.mark.parametrize(
    ("keys", "kept", "is_told"),
    [
        (f"{NEW},{OLD}", OLD, True),
        (NEW, OLD, True),
        (NEW, "no key", True),
        (NEW, f"{NEW}\n", False),
        (NEW, None, False),
        ("", OLD, False),
    ],
)
def test_a_retired_key_in_the_folder_is_told(
    tmp_path: Path, keys: str, kept: str | None, is_told: bool
) -> None:
    config = Settings(data_dir=tmp_path, secret_keys=SecretStr(keys))
    if kept is not None:
        config.key_file.write_text(kept)
    assert rekey.retired_file(config) == (config.key_file if is_told else None)


def test_the_command_says_so(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = settings().model_copy(
        update={"data_dir": tmp_path, "secret_keys": SecretStr(first_key())}
    )
    monkeypatch.setattr("main.settings", lambda: config)
    monkeypatch.setattr("main._prepare", lambda: None)
    assert "secret.key" not in CliRunner().invoke(cli, ["rekey"]).stdout
    config.key_file.write_text(OLD)
    done = CliRunner().invoke(cli, ["rekey"])
    assert done.exit_code == 0
    assert f"{config.key_file} holds a key that SECRET_KEYS has retired" in done.stdout


def test_where_it_was_interrupted_it_goes_on(session: Session, use_keys: UseKeys) -> None:
    for number in range(3):
        ensure_person(session, f"p{number}@example.com", NOW)
    session.commit()
    use_keys(f"{NEW},{first_key()}")
    total = rekey.count_old(session)
    done = next(rekey.rekey())
    assert rekey.count_old(session) == total - done > 0
    assert list(rekey.rekey())[-1] == total - done
    assert rekey.count_old(session) == 0


def test_what_somebody_writes_meanwhile_stays(
    session: Session, use_keys: UseKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = ensure_person(session, "robin@example.com", NOW)
    session.commit()
    use_keys(f"{NEW},{first_key()}")

    def encrypt_late(text: str) -> bytes:
        if text == "robin@example.com":
            with transaction() as other:
                other.get_one(Person, person.id).sealed_email = "newer@example.com"
        return crypto.encrypt(text)

    monkeypatch.setattr(rekey, "encrypt", encrypt_late)
    list(rekey.rekey())
    session.expire_all()
    assert session.get_one(Person, person.id).email == "newer@example.com"


def test_a_wrong_key_is_told(client: TestClient, session: Session, use_keys: UseKeys) -> None:
    assert client.get("/readyz").status_code in (200, 503)  # 503 while the search loads
    use_keys(NEW)
    with pytest.raises(WrongKey, match="SECRET_KEYS does not open this database"):
        check_key(session)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.text.startswith("SECRET_KEYS does not open this database")


def test_no_address_is_stored_plainly(client: TestClient, session: Session) -> None:
    client.post("/api/v1/auth/code", json={"email": "robin@example.com"})
    make_provider(session, now=NOW, email="dana@example.com")
    for table in ("person", "mail", "sign_in_code"):
        stored = f"SELECT t::text FROM {table} t"  # noqa: S608  # our own names
        rows = session.connection().exec_driver_sql(stored).scalars().all()
        assert rows
        assert not [row for row in rows if "example.com" in row], table


def test_for_a_day_an_older_version_finds_them_and_they_it(session: Session) -> None:
    now = clock.now()
    run(session, Statement("UPDATE lookup_key SET plain_until = %(end)s", {"end": now + DAY}))
    session.commit()
    lookup._stored.cache_clear()
    ensure_person(session, "new@example.com", now)
    theirs = Person(plain_email="old@example.com", created_at=now)
    session.add(theirs)
    words: dict[str, Any] = {"subject": "", "text": "", "html": ""}
    session.add(Mail(key="k", plain_recipient="old@example.com", created_at=now, **words))
    session.commit()
    assert ensure_person(session, "old@example.com", now).id == theirs.id
    assert plain(session) == {"new@example.com", "old@example.com"}
    empty_plain_addresses(session)
    assert plain(session) == {"new@example.com", "old@example.com"}
    with clock.at(now + DAY):
        empty_plain_addresses(session)
        session.commit()
    assert plain(session) == set()
    session.expire_all()
    assert ensure_person(session, "old@example.com", now).id == theirs.id
    lookup._stored.cache_clear()


DAY = timedelta(days=1)


def plain(session: Session) -> set[str]:
    rows = run(session, Statement("SELECT email FROM person WHERE email IS NOT NULL", {}))
    return {row.email for row in rows}
