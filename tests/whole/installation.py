"""An installation as docs/operations.md makes one: what an operator has, and may do to it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import psycopg
from aiosmtpd.controller import Controller
from psycopg import sql

from tests.whole.replicas import PROGRAMS
from tests.whole.servers import READY_WITHIN, ROOT, database_named, free_port


@dataclass
class Installation:
    """What an operator has after reading the document: a database with two roles, a folder, a
    mail server, a key, and perhaps a process that serves."""

    superuser: str
    folder: Path
    names: dict[str, str]
    environment: dict[str, str]
    serving: subprocess.Popen[bytes] | None = None
    done: list[str] = field(default_factory=list)
    asked: str = ""

    def filled(self, text: str) -> str:
        """With our own names for what the document names or leaves open."""
        for word, name in self.names.items():
            text = re.sub(word, name, text)
        return text

    def shell(self, text: str) -> str:
        return subprocess.run(  # noqa: S603  # our own document
            ["/bin/bash", "-euc", text],
            cwd=self.folder,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def check(self, text: str) -> None:
        """Nothing is to be mended but that the tests' server need not survive a power cut."""
        first, *_ = self.shell(f"{text} || true").split("\n\n")
        assert first.splitlines()[0] == "To mend:"
        found = [line for line in first.splitlines() if line.startswith("  - ")]
        assert [line for line in found if not line.startswith("  - fsync")] == []

    def make_key(self, text: str) -> None:
        self.environment["SECRET_KEYS"] = self.shell(text).strip()

    def pretend(self, text: str) -> None:
        """What would be done: this environment is installed already, and stays as it is."""
        where = "--no-index" if text.startswith("pip ") else f"-C {ROOT}"
        self.shell(f"{text} --dry-run {where}")

    def restore(self, text: str) -> None:
        """Everything is stopped, and the database made anew."""
        self.stop()
        self.drop()
        (making,) = (one for one in self.done if one.startswith("CREATE DATABASE"))
        self.ask_as_superuser(self.filled(making))
        self.shell(text)

    def ask_as_superuser(self, query: str) -> None:
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            connection.execute(query.encode())

    def ask(self, query: str) -> None:
        self.asked = query
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(query.encode())

    def ask_again(self, condition: str) -> None:
        """The same with another condition."""
        self.ask(re.sub(r"status = '\w+'", condition, self.asked))

    def serve(self, _: str = "") -> None:
        self.stop()
        self.serving = self._start("serve")
        self._wait(lambda: self._status("/readyz") == 200, self.serving)

    def work(self, text: str) -> None:
        """Until it has taken up its work; then it ends in order."""
        owner = self.environment["DATABASE_OWNER_URL"]
        with psycopg.connect(owner, autocommit=True) as connection:

            def workers() -> int:
                with suppress(psycopg.errors.UndefinedTable):  # it migrates first
                    return connection.execute("SELECT FROM procrastinate_workers").rowcount
                return 0

            before = workers()
            process = self._start(text.rsplit(" ", 1)[1])
            self._wait(lambda: workers() > before, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)

    def get(self, text: str) -> None:
        assert self._status(text.removeprefix("GET ")) == 200

    def stop(self) -> None:
        if self.serving is not None:
            self.serving.send_signal(signal.SIGTERM)
            self.serving.wait(timeout=30)
            self.serving = None

    def drop(self) -> None:
        name = sql.Identifier(self.names[r"\bopenchair\b"])
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _status(self, path: str) -> int:
        with suppress(OSError):
            address = f"http://127.0.0.1:{self.environment['PORT']}{path}"
            with urlopen(address, timeout=5) as answer:  # our own
                return int(answer.status)
        return 0

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, str(ROOT / "main.py"), name],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )

    @staticmethod
    def _wait(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not is_so():
            assert process.poll() is None, f"it stopped with {process.returncode}"
            assert time.monotonic() < deadline, f"not within {READY_WITHIN} s"
            time.sleep(0.05)


class Taking:
    """A mail server that takes every letter."""

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802  # named by aiosmtpd
        return "250 OK"


@contextmanager
def installed(owner_url: str, folder: Path, document: str) -> Iterator[Installation]:
    """On the server that `owner_url` names, with roles, a database and a folder of its own; all is
    gone afterwards."""
    number = os.getpid()
    names = {
        r"\bopenchair_owner\b": f"operations_owner_{number}",
        r"\bopenchair_app\b": f"operations_app_{number}",
        r"\bopenchair\b": f"operations_{number}",
        r"\bREADER\b": f"operations_app_{number}",
        r"\bEMAIL\b": "you@example.com",
        r"= …": "= '00000000-0000-0000-0000-000000000000'",
        r"\bmain\.py\b": str(ROOT / "main.py"),
        r"\brequirements\.lock\b": str(ROOT / "requirements.lock"),
    }
    mail_port = free_port()
    controller = Controller(Taking(), "127.0.0.1", mail_port)
    controller.start()
    programs = f"{Path(sys.executable).parent}:{PROGRAMS}:{os.environ['PATH']}"
    data_dir = folder / "data"
    unset = {"TEST_DATABASE_URL", "SECRET_KEYS"}
    environment = {name: value for name, value in os.environ.items() if name not in unset} | {
        "PATH": programs,
        "PORT": str(free_port()),
        "DATA_DIR": str(data_dir),
        "BASE_URL": "https://care.example.com",
        "SMTP_URL": f"smtp+plain://127.0.0.1:{mail_port}",
        "MAIL_FROM": "Openchair <hello@care.example.com>",
        "CONTACT": "help@care.example.com",
        "DEMO": "false",
    }
    superuser = database_named(owner_url, "postgres")
    made = Installation(superuser, folder, names, environment)
    environment |= _addresses(document, made)
    yield made
    made.stop()
    controller.stop()
    made.drop()
    with psycopg.connect(superuser, autocommit=True) as connection:
        for name in ("app", "owner"):
            role = sql.Identifier(f"operations_{name}_{number}")
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


def _addresses(document: str, made: Installation) -> dict[str, str]:
    """DATABASE_URL and DATABASE_OWNER_URL as the document writes them, on the tests' server."""
    found = re.findall(r"`(DATABASE_\w+)=(postgresql://[^`]+@)HOST/(\w+)`", document)
    return {
        setting: database_named(made.superuser, made.filled(name)).replace(
            made.superuser.partition("@")[0] + "@", made.filled(user)
        )
        for setting, user, name in found
    }
