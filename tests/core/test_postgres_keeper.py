"""The embedded server ends with the last process that uses it, however that one ended."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from core.postgres_keeper import EVERY

ROOT = Path(__file__).parents[2]
PATIENCE = 30  # seconds
_USER = """
import sys
from pathlib import Path
from core.postgres import ensure_database
print(ensure_database(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""

pytestmark = [pytest.mark.race, pytest.mark.xdist_group("keeper")]


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="openchair-keep-", ignore_cleanup_errors=True) as made:
        yield Path(made) / "data"


class User:
    """A process that uses the server in `data`, in a group of its own as a terminal would do."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-c", _USER, str(data)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            process_group=0,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("postgresql://")

    def end(self, how: signal.Signals) -> None:
        """To all of its group, as Ctrl-C does."""
        os.killpg(self.process.pid, how)
        self.process.communicate()


def postmaster(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split()[0])


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
        time.sleep(0.05)


def is_gone(data: Path, server: int) -> bool:
    return not is_running(server) and not (data / "postgres" / "postmaster.pid").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_with_its_user(data: Path, how: signal.Signals) -> None:
    user = User(data)
    server = postmaster(data)
    assert is_running(server)
    # As root the server is another user, who goes through the folder and cannot list it.
    assert data.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
    user.end(how)
    wait_until(lambda: is_gone(data, server), "PostgreSQL to end")
    wait_until(lambda: not list((data / "postgres.users").iterdir()), "the dead to be forgotten")


def test_it_stays_for_the_second_user_and_ends_with_them(data: Path) -> None:
    first, second = User(data), User(data)
    server = postmaster(data)
    assert first.url == second.url
    first.end(signal.SIGKILL)
    time.sleep(5 * EVERY)
    psycopg.connect(second.url).close()
    third = User(data)
    second.end(signal.SIGTERM)
    psycopg.connect(third.url).close()
    assert postmaster(data) == server
    third.end(signal.SIGKILL)
    wait_until(lambda: is_gone(data, server), "PostgreSQL to end")


def test_a_server_that_stopped_by_itself_comes_back(data: Path) -> None:
    user = User(data)
    try:
        server = postmaster(data)
        os.kill(server, signal.SIGKILL)  # as after a panic: no goodbye, its file stays
        wait_until(lambda: _answers(user.url), "PostgreSQL to come back")
        assert postmaster(data) != server
    finally:
        server = postmaster(data)
        user.end(signal.SIGKILL)
    wait_until(lambda: is_gone(data, server), "PostgreSQL to end")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.long
def test_a_server_that_a_full_disk_stopped_comes_back_once_there_is_room(tmp_path: Path) -> None:
    if os.geteuid() != 0 or _run("mount", "-t", "tmpfs", "-o", "size=110m", "none", str(tmp_path)):
        pytest.skip("only root may mount a small disk")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # the database's user goes through it
    user = User(tmp_path / "data")
    try:
        with psycopg.connect(user.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
            _fill(tmp_path / "taken")
            with pytest.raises(psycopg.OperationalError):
                _write_much(connection)
        wait_until(lambda: not _answers(user.url), "PostgreSQL to stop")
        (tmp_path / "taken").unlink()
        wait_until(lambda: _answers(user.url), "PostgreSQL to come back")
        with psycopg.connect(user.url) as connection:
            assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]
    finally:
        user.end(signal.SIGKILL)
        wait_until(lambda: not _answers(user.url), "PostgreSQL to end")
        _run("umount", "--lazy", str(tmp_path))


def _write_much(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    for _ in range(50):  # each needs a new file of 16 MB
        connection.execute("UPDATE note SET text = text")
        connection.execute("SELECT pg_switch_wal()")


def _fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 65_536)


def _run(*command: str) -> int:
    done = subprocess.run(command, check=False, capture_output=True)  # noqa: S603  # the system's own
    return done.returncode
