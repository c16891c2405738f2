"""The audit log's copy outside: every entry, in order, at least once, into a real file and real
sockets."""

import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlmodel import Session, select

from accounts import audit_copy
from accounts.audit_copy import copy_log
from accounts.models import AuditCopy, AuditEntry
from core import clock
from core.database import transaction
from core.line_copies import writer_to
from core.settings import settings
from core.start_up import refusals
from directory.credentials import decisions
from tests.factories import NOW, add_audit_line

_ = decisions  # declares what the lines tell of

INSERT = (
    "INSERT INTO audit_entry (at, action, subject_kind, detail)"
    " VALUES (now(), 'credential.verified', 'provider', '{}') RETURNING id"
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_to(monkeypatch, f"file:{tmp_path / 'audit.jsonl'}")
    return tmp_path / "audit.jsonl"


@pytest.fixture
def log_socket(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "log"))
        made.settimeout(5)
        yield made


def copy_to(monkeypatch: pytest.MonkeyPatch, destination: str) -> None:
    config = settings().model_copy(update={"audit_log_to": destination})
    monkeypatch.setattr(audit_copy, "settings", lambda: config)


def add(session: Session, number: int) -> list[int | None]:
    """Entries; the ids of all there are."""
    for _ in range(number):
        add_audit_line(session)
    session.commit()
    return list(session.exec(select(AuditEntry.id).order_by(AuditEntry.id)))  # type: ignore[arg-type]


def ids_in(path: Path) -> list[int]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def test_each_entry_is_a_line_of_ids_and_codes(session: Session, path: Path) -> None:
    with clock.at(NOW):
        (first,) = add(session, 1)
    before = os.umask(0)
    copy_log(0)
    os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    told = json.loads(path.read_text())
    assert told.pop("at").startswith("2026-11-23T18:00:0")
    assert told == {
        "id": first,
        "actor_id": None,
        "actor": "system",
        "action": "credential.verified",
        "subject_kind": "provider",
        "subject_id": None,
        "subject": "",
        "detail": {"kind": "npi", "state": ""},
    }


def test_it_goes_on_where_it_ended(
    session: Session, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_copy, "_AT_ONCE", 2)
    add(session, 5)
    copy_log(0)
    copy_log(0)
    everything = add(session, 2)
    path.rename(path.with_suffix(".1"))  # rotated
    copy_log(0)
    assert ids_in(path.with_suffix(".1")) == everything[:5]
    assert ids_in(path) == everything[5:]


def test_what_could_not_be_handed_over_is_tried_again(
    session: Session, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = add(session, 3)
    copy_to(monkeypatch, f"file:{path.parent / 'missing' / 'audit.jsonl'}")
    with pytest.raises(OSError, match="missing"):
        copy_log(0)
    (path.parent / "missing").mkdir()
    copy_log(0)
    assert ids_in(path.parent / "missing" / "audit.jsonl") == everything


def test_a_line_that_a_crash_cut_off_spoils_no_other(session: Session, path: Path) -> None:
    path.write_text('{"id": 1, "at"')
    (first,) = add(session, 1)
    copy_log(0)
    cut, whole = path.read_text().splitlines()
    assert cut == '{"id": 1, "at"'
    assert json.loads(whole)["id"] == first


def test_an_entry_that_is_committed_late_is_not_passed_over(
    session: Session, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number is smaller than that of one committed before."""
    monkeypatch.setattr(audit_copy, "_PAUSE", 0)
    with psycopg.connect(settings().database_url) as late:
        (number,) = late.execute(INSERT).fetchone() or (None,)
        (later,) = add(session, 1)
        assert later > number
        copy_log(0)
        assert not path.exists()
        late.commit()
    copy_log(0)
    assert ids_in(path) == [number, later]


def test_nothing_is_copied_where_nowhere_is_said(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(session, 1)
    copy_to(monkeypatch, "")
    copy_log(0)
    with transaction() as fresh:
        assert fresh.exec(select(AuditCopy)).all() == []


def test_to_a_log_daemon_of_this_machine(
    session: Session, tmp_path: Path, log_socket: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.at(NOW):
        everything = add(session, 2)
    copy_to(monkeypatch, f"syslog:{tmp_path / 'log'}")
    copy_log(0)
    for one in everything:
        head, _, body = log_socket.recv(65536).decode().partition(" openchair: ")
        assert re.fullmatch(r"<110>Nov 23 18:00:0\d", head)
        assert json.loads(body)["id"] == one


def test_to_another_machine(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(NOW):
        (first,) = add(session, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        copy_to(monkeypatch, f"syslog:127.0.0.1:{server.getsockname()[1]}")
        copy_log(0)
        head, _, body = server.recv(65536).decode().partition(" openchair - audit - ")
    at = r"2026-11-23T18:00:0\d\.\d{3}\+00:00"
    assert re.fullmatch(f"<110>1 {at} {re.escape(socket.gethostname())}", head)
    assert json.loads(body)["id"] == first


@pytest.mark.parametrize(
    ("destination", "is_possible"),
    [
        ("file:/var/log/audit.jsonl", True),
        ("file:audit.jsonl", False),  # of which folder?
        ("syslog:/dev/log", True),
        ("syslog:logs.example.net:514", True),
        ("syslog:[::1]:514", True),
        ("syslog:logs.example.net", False),
        ("syslog:logs.example.net:70000", False),
        ("https://logs.example.net", False),
        ("/var/log/audit.jsonl", False),
    ],
)
def test_a_start_refuses_a_destination_that_cannot_be(destination: str, is_possible: bool) -> None:
    config = settings().model_copy(update={"audit_log_to": destination})
    said = [one for one in refusals(config) if "AUDIT_LOG_TO" in one]
    assert bool(said) is not is_possible
    if is_possible:
        assert callable(writer_to(destination))
