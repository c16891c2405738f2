"""Real people and the demo's never share a database."""

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import Session
from typer.testing import CliRunner

from accounts.people import erase, find_by_email
from core import crypto
from core.mail import Letter, post
from core.settings import Settings, settings
from demo.load import load_demo
from demo.mark import look_at_people, refusal
from demo.people import ADMIN_EMAIL, PATIENT_EMAIL, PROVIDER_EMAIL
from demo.portraits.photos import no_photos
from main import cli
from tests.factories import NOW, make_person

THEIRS = (ADMIN_EMAIL, PROVIDER_EMAIL, PATIENT_EMAIL)
REAL_PEOPLE, MADE_PEOPLE = "whom the demo did not make", "is the demo's"


@pytest.mark.parametrize(
    ("emails", "for_the_demo", "for_real_use"),
    [
        ([], "", ""),
        (["dana@care.example.org"], REAL_PEOPLE, ""),
        (THEIRS, "", MADE_PEOPLE),
        ([*THEIRS, "visitor@care.example.org"], "", MADE_PEOPLE),
        (THEIRS[1:], "", MADE_PEOPLE),
        (THEIRS[:1], REAL_PEOPLE, ""),
        (["patient1@example.com", "patient2@example.com"], REAL_PEOPLE, ""),
    ],
)
def test_whose_database_it_is(
    session: Session, emails: list[str], for_the_demo: str, for_real_use: str
) -> None:
    for email in emails:
        make_person(session, email)
    session.commit()
    for is_demo, words in ((True, for_the_demo), (False, for_real_use)):
        said = refusal(session, is_demo)
        assert words in said
        assert bool(said) is bool(words)
        found = list(look_at_people(config(is_demo)))
        assert " ".join(f"{one.text} {one.advice}" for one in found) == said


def test_a_letter_alone_is_somebodys(session: Session) -> None:
    post(session, "code", Letter("dana@care.example.org", "Your code", "1", "1"))
    session.commit()
    assert REAL_PEOPLE in refusal(session, is_demo=True)


def test_what_the_demo_made_stays_its_own(session: Session) -> None:
    list(load_demo(20, 1, NOW, no_photos))
    assert refusal(session, is_demo=True) == ""
    admin = find_by_email(session, ADMIN_EMAIL)
    assert admin is not None
    erase(session, admin.id, NOW)
    session.commit()
    assert refusal(session, is_demo=True) == ""
    assert MADE_PEOPLE in refusal(session, is_demo=False)


@pytest.mark.parametrize(
    ("command", "is_demo", "emails", "words"),
    [
        ("serve", True, ["dana@care.example.org"], REAL_PEOPLE),
        ("worker", True, ["dana@care.example.org"], REAL_PEOPLE),
        ("demo", False, ["dana@care.example.org"], REAL_PEOPLE),
        ("country", False, ["dana@care.example.org"], REAL_PEOPLE),
        ("serve", False, THEIRS, MADE_PEOPLE),
        ("worker", False, THEIRS, MADE_PEOPLE),
    ],
)
def test_a_start_says_so_in_one_line(
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    is_demo: bool,
    emails: list[str],
    words: str,
) -> None:
    for email in emails:
        make_person(session, email)
    session.commit()
    monkeypatch.setattr("main.settings", lambda: config(is_demo))
    monkeypatch.setattr("main._check_port", lambda: None)
    done = CliRunner().invoke(cli, [command])
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert words in line
    assert " Set " in line


def config(is_demo: bool) -> Settings:
    key = base64.b64encode(settings().encryption_keys()[0]).decode()
    real = {"smtp_url": SecretStr("smtp://mail.example.com"), "secret_keys": SecretStr(key)}
    return settings().model_copy(update={"demo": is_demo, **({} if is_demo else real)})


def test_what_cannot_be_read_is_told_by_others(session: Session, tmp_path: Path) -> None:
    for email in THEIRS:
        make_person(session, email)
    session.commit()
    for changed in ({"database_url": "postgresql:///x?host=/never"}, {"data_dir": tmp_path / "x"}):
        real = settings().model_copy(update={"database_url": "", **changed})
        assert list(look_at_people(real)) == []


def test_nor_does_a_missing_key_break_the_look(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keyless = settings().model_copy(update={"data_dir": tmp_path})
    monkeypatch.setattr("core.crypto.settings", lambda: keyless)
    crypto._ring.cache_clear()
    assert list(look_at_people(keyless)) == []
    crypto._ring.cache_clear()
