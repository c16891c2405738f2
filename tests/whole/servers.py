"""A real server process on a port and a database of its own, for tests that need the whole."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
from sqlalchemy import create_engine
from sqlmodel import Session

from core import lookup
from core.database import dialect_url
from core.roles import make_application

ROOT = Path(__file__).parents[2]
READY_WITHIN = 60  # seconds; a shared machine may be slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_taken(port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def database_beside(server: str, name: str) -> Iterator[str]:
    """The address of a new database on the server that `server` names; dropped afterwards."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    yield database_named(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def database_named(server: str, name: str) -> str:
    """The address of another database on the same server."""
    address, _, options = server.partition("?")
    base = address.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{options}" if options else "")


@contextmanager
def lookup_key_of(url: str) -> Iterator[None]:
    """What this process writes into another database is found by whoever serves that one."""
    beside = create_engine(dialect_url(url))
    with Session(beside) as session:
        found = lookup._read(session)
    beside.dispose()
    with patch.object(lookup, "_stored", lambda: found):
        yield


class Server:
    """`python main.py serve` with the given environment; may be killed and started again.

    A DATABASE_URL among it is its owner's: the server itself runs as the application's role.
    """

    def __init__(self, **environment: str) -> None:
        if url := environment.get("DATABASE_URL"):
            roles = {"DATABASE_OWNER_URL": url, "DATABASE_URL": make_application(url)}
            environment = {**environment, **roles}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "PORT": str(self.port),
            "BASE_URL": "",
            "RATE_LIMITS": "false",
            "LOG_LEVEL": "WARNING",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> str:
        """One command of main.py to its end; what it printed. Raises CalledProcessError."""
        return subprocess.run(  # noqa: S603  # our own program
            [sys.executable, "main.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def start(self) -> None:
        """Returns once it answers. Raises RuntimeError where it does not."""
        self._process = subprocess.Popen(
            [sys.executable, "main.py", "serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )
        self.wait_until_ready()

    @property
    def pid(self) -> int:
        """Of the process. Raises RuntimeError where none runs."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise RuntimeError(f"the server stopped with {self._process.returncode}")
            if self._answers():
                return
            time.sleep(0.05)
        raise RuntimeError(f"the server was not ready within {READY_WITHIN} seconds")

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310  # our own
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def kill(self) -> None:
        """As a power cut would: no chance to finish anything."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Raises RuntimeError where it had stopped by itself."""
        if self._process is None:
            return
        if self._process.poll() is not None:
            raise RuntimeError(f"the server had stopped with {self._process.returncode}")
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None


_KEEP = """
import sys
from pathlib import Path
from core.postgres import ensure_database
print(ensure_database(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


class Cluster:
    """A PostgreSQL of its own in `folder`, with every setting at its default, fsync above all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self._keeper: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Raises RuntimeError where it does not start. After a kill, recovery happens here."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            self._keeper = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-c", _KEEP, str(self.folder)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert self._keeper.stdout is not None
            self.url = self._keeper.stdout.readline().strip()
            if self.url:
                return
            # The dead server's children may still be leaving.
            self._keeper.wait()
            time.sleep(0.5)
        raise RuntimeError("PostgreSQL did not start again")

    def kill(self) -> None:
        """End the postmaster by force; its children see it and leave without a checkpoint."""
        first_line = (self.folder / "postgres" / "postmaster.pid").read_text().split()[0]
        os.kill(int(first_line), signal.SIGKILL)
        self._let_go()

    def stop(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self._keeper is not None:
            self._keeper.communicate(timeout=30)
            self._keeper = None
