"""What a start refuses, waits for, and says."""

import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql
from pydantic import SecretStr
from typer.testing import CliRunner

from core.check.database import look_at_database
from core.check.findings import WARNING, WRONG
from core.postgres import NoDatabase, wait_for_database
from core.roles import APPLICATION, grant, make_application, missing, standing
from core.settings import settings
from core.start_up import RefusedStart
from core.starting import NotReady, prepare
from main import cli, create_app
from tests.whole.servers import ROOT, Cluster, Server, database_beside, is_taken

pytestmark = pytest.mark.xdist_group("start")


@pytest.fixture(scope="module")
def empty(owner_url: str) -> Iterator[str]:
    """A database without tables, as its owner."""
    with database_beside(owner_url, f"starting_{os.getpid()}") as url:
        yield url


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """What a start with other settings says before it gives up or goes on."""

    def start(**given: object) -> list[str]:
        lines: list[str] = []
        config = settings().model_copy(update=given)
        monkeypatch.setattr("core.starting.settings", lambda: config)
        monkeypatch.setattr("core.starting.say", lines.append)
        try:
            prepare()
        except NotReady as error:
            lines.append(str(error))
        return lines

    return start


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_demo_on_a_public_address_does_not_start(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    config = settings().model_copy(update={"base_url": "https://care.example.com"})
    monkeypatch.setattr("main.settings", lambda: config)
    done = CliRunner().invoke(cli, [command])
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert "BASE_URL" in line


def test_nor_under_another_server(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    config = settings().model_copy(update={"demo": True, "base_url": "https://care.example.com"})
    monkeypatch.setattr("main.settings", lambda: config)
    with pytest.raises(RefusedStart, match="BASE_URL"), TestClient(create_app()):
        pass


def test_nor_without_its_key(
    monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> None:
    config = settings().model_copy(update={"data_dir": tmp_path})
    monkeypatch.setattr("main.settings", lambda: config)
    with pytest.raises(ValueError, match="The key is missing"), TestClient(create_app()):
        pass
    assert not config.key_file.exists()


def test_the_application_alone_says_who_must_migrate(
    empty: str, told: Callable[..., list[str]]
) -> None:
    (line,) = told(database_url=make_application(empty), database_owner_url="")
    assert "python main.py migrate" in line
    assert "DATABASE_OWNER_URL" in line


def test_what_waiting_does_not_mend_is_told_at_once(
    database_url: str, told: Callable[..., list[str]]
) -> None:
    (line,) = told(database_url=database_url.replace("/test_", "/never_"))
    assert "DATABASE_URL" in line
    assert "does not exist" in line
    (line,) = told(database_url="postgresql://[")
    assert "DATABASE_URL cannot be read" in line


def test_the_two_addresses_belong_together(
    empty: str, owner_url: str, database_url: str, told: Callable[..., list[str]]
) -> None:
    assert told() == []
    (line,) = told(database_url=owner_url, database_owner_url="")
    assert "runs as the owner" in line
    (line,) = told(database_url=owner_url, database_owner_url=owner_url)
    assert "a superuser" in line
    (line,) = told(database_url=make_application(empty), database_owner_url=owner_url)
    assert "not the same database" in line


def test_check_tells_of_the_database(empty: str, owner_url: str, database_url: str) -> None:
    def wrongs(**given: str) -> str:
        found = look_at_database(settings().model_copy(update=given))
        # The tests' own server need not survive a power cut.
        return " ".join(
            one.text + one.advice
            for one in found
            if one.state in (WRONG, WARNING) and "fsync" not in one.text
        )

    assert wrongs() == ""
    assert "python main.py migrate" in wrongs(
        database_url=make_application(empty), database_owner_url=""
    )
    assert "could rewrite history" in wrongs(database_url=owner_url, database_owner_url="")
    assert "DATABASE_URL cannot be reached" in wrongs(database_url="postgresql:///x?host=/never")
    with psycopg.connect(owner_url, autocommit=True) as owner:
        row = owner.execute("SELECT sealed FROM lookup_key").fetchone()
        owner.execute("UPDATE lookup_key SET sealed = %s", [b"another key's"])
        try:
            assert "keys do not open" in wrongs()
        finally:
            owner.execute("UPDATE lookup_key SET sealed = %s", row)


def test_check_ends_with_1_where_something_must_be_mended(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    config = settings().model_copy(update={"log_level": "loud"})
    monkeypatch.setattr("main.settings", lambda: config)
    done = CliRunner().invoke(cli, ["check"])
    assert done.exit_code == 1
    assert done.stdout.startswith("To mend:\n")
    assert "LOG_LEVEL is unknown." in done.stdout


def test_a_database_that_is_not_up_yet_is_waited_for(database_url: str, tmp_path: Path) -> None:
    place = psycopg.conninfo.conninfo_to_dict(database_url)["host"]
    said = []

    def it_comes_up(line: str) -> None:
        said.append(line)
        (tmp_path / "s").symlink_to(str(place))

    wait_for_database(database_url.replace(str(place), f"{tmp_path}/s"), it_comes_up, 60)
    (line,) = said
    assert "cannot be reached" in line
    assert "trying again" in line


def test_not_for_ever(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(NoDatabase, match="cannot be reached"):
        wait_for_database(f"postgresql:///openchair?host={tmp_path}", said.append, 0.1)
    assert len(said) == 1


def test_rights_are_mended_by_the_next_start(database_url: str, owner_url: str) -> None:
    """The role is left as it was found: other tests use it."""
    assert missing(database_url) == []
    assert standing(database_url).excess == ()
    role = sql.Identifier(APPLICATION)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(sql.SQL("GRANT UPDATE, TRUNCATE ON audit_entry TO {}").format(role))
        owner.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(role))
        owner.execute(sql.SQL("REVOKE INSERT ON mail FROM {}").format(role))
        owner.execute("REVOKE EXECUTE ON FUNCTION plain(text) FROM PUBLIC")
        owner.execute(sql.SQL("REVOKE USAGE ON SEQUENCE listing_number FROM {}").format(role))
    assert missing(database_url) == ["mail"]
    assert set(standing(database_url).excess) == {
        "audit_entry: TRUNCATE, UPDATE",
        "CREATE on the schema public",
    }
    grant(owner_url, database_url)
    assert missing(database_url) == []
    assert standing(database_url).excess == ()
    with psycopg.connect(database_url) as application:
        application.execute("SELECT plain('a'), nextval('listing_number')")


def test_what_is_append_only_is_only_added_to(owner_url: str) -> None:
    with psycopg.connect(owner_url) as owner:
        found = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind = 'r' AND has_table_privilege(%(app)s, oid, 'INSERT')"
            " AND NOT has_table_privilege(%(app)s, oid, 'UPDATE') ORDER BY 1",
            {"app": APPLICATION},
        ).fetchall()
    assert [name for (name,) in found] == [
        "appointment_event",
        "audit_entry",
        "credential_decision",
    ]


@pytest.mark.long
def test_serve_waits_for_a_database_and_leaves_none_behind() -> None:
    with tempfile.TemporaryDirectory(prefix="openchair-wait-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        cluster = Cluster(folder / "data")
        cluster.start()
        server = Server(DATABASE_URL=cluster.url, DATA_DIR=str(folder / "data"))
        server.run("migrate")
        cluster.stop()
        process = subprocess.Popen(  # our own program
            [sys.executable, "main.py", "worker"],
            cwd=ROOT,
            env=server.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            assert "cannot be reached" in line
            assert "trying again" in line
            assert process.poll() is None
            cluster.start()
            _wait_for_worker(cluster.url)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()
            cluster.stop()


def _wait_for_worker(url: str) -> None:
    deadline = time.monotonic() + 60
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute("SELECT FROM procrastinate_workers").fetchall():
            assert time.monotonic() < deadline, "the worker does not begin"
            time.sleep(0.1)


@pytest.mark.long
def test_web_processes_end_with_the_one_that_started_them(empty: str, tmp_path: Path) -> None:
    key = base64.b64encode(bytes(32)).decode()
    real = {"DEMO": "false", "SMTP_URL": "smtp+plain://127.0.0.1:9", "SECRET_KEYS": key}
    server = Server(DATABASE_URL=empty, DATA_DIR=str(tmp_path / "data"), WORKERS="2", **real)
    server.start()
    server.kill()
    deadline = time.monotonic() + 30
    while is_taken(server.port):
        assert time.monotonic() < deadline, "a process keeps the port"
        time.sleep(0.1)


def the_key() -> SecretStr:
    return SecretStr(base64.b64encode(settings().encryption_keys()[0]).decode())


def test_a_key_is_never_made_for_a_database_that_has_one(
    tmp_path: Path, told: Callable[..., list[str]]
) -> None:
    data_dir = tmp_path / "data"
    (line,) = told(data_dir=data_dir)
    assert line.startswith("The key is missing")
    assert str(data_dir / "secret.key") in line
    assert "Set SECRET_KEYS" in line
    found = list(look_at_database(settings().model_copy(update={"data_dir": data_dir})))
    assert [one.text for one in found if one.text.startswith("The key is missing")]
    assert not (data_dir / "secret.key").exists()


def test_for_a_new_database_one_is_made(owner_url: str, tmp_path: Path) -> None:
    with database_beside(owner_url, f"new_key_{os.getpid()}") as url:
        server = Server(DATABASE_URL=url, DATA_DIR=str(tmp_path), SECRET_KEYS="")
        server.run("migrate")
        key = (tmp_path / "secret.key").read_text()
        server.run("migrate")
    assert len(base64.b64decode(key)) == 32
    assert (tmp_path / "secret.key").read_text() == key


def test_a_start_makes_the_folder_that_a_backup_takes(
    tmp_path: Path, told: Callable[..., list[str]]
) -> None:
    assert told(data_dir=tmp_path / "data", secret_keys=the_key()) == []
    tar = ["tar", "-czf", str(tmp_path / "files.tar.gz"), "-C", str(tmp_path / "data"), "files"]
    done = subprocess.run(tar, check=False, capture_output=True)  # noqa: S603  # as documented
    assert (done.returncode, done.stderr) == (0, b"")
    (tmp_path / "file").touch()
    (line,) = told(data_dir=tmp_path / "file" / "data")
    assert "cannot be written to" in line
    assert "DATA_DIR" in line
