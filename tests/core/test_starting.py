"""Several processes that start at the same moment on an empty folder."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROCESSES = 6
# Each waits at the line until all have read their modules, and stays until all are through.
_START = """
import sys, time
from pathlib import Path
from core.postgres import ensure_database
from core.settings import Settings

folder = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
settings = Settings(data_dir=folder, secret_keys="")
settings.make_key()
print(settings.encryption_keys()[0].hex(), ensure_database(folder), flush=True)
sys.stdin.readline()
"""


@pytest.mark.race
def test_processes_that_start_at_once_share_one_database_and_one_key() -> None:
    umask = os.umask(0o022)  # the embedded server may run as another user, who must reach it
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
            Path(made).chmod(0o755)
            found = _start_at_once(Path(made) / "data")
    finally:
        os.umask(umask)
    assert len(found) == PROCESSES
    assert len(set(found)) == 1
    key, address = found[0].split()
    assert len(bytes.fromhex(key)) == 32
    assert address.startswith("postgresql://")


def _start_at_once(folder: Path) -> list[str]:
    processes = [
        subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-c", _START, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    try:
        assert [_line(one) for one in processes] == ["ready"] * PROCESSES
        for one in processes:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        return [_line(one) for one in processes]
    finally:
        for one in processes:
            one.communicate()


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
