"""Uploaded files: kept whole or not at all, and dropped by the nightly job once nothing refers to
them any more."""

import os
import tempfile
from collections.abc import Container
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from core import clock
from core.errors import InsufficientStorage, is_disk_full
from core.settings import settings

UNUSED_FOR: Final = timedelta(days=1)
"""A page, or a transaction that is still open, may refer to a file for a while."""


def keep_file(folder: str, name: str, data: bytes) -> None:
    """Write a file of `folder`. It has its name once all of it is on the disk, so that a reader, a
    backup or a crash finds it whole or not at all. Raises InsufficientStorage."""
    place = settings().folder(folder)
    written: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".", delete=False) as file:
            written = Path(file.name)  # readable by us alone
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        written.replace(place / name)
        _sync(place)
    except OSError as error:
        if written is not None:
            with suppress(OSError):
                written.unlink(missing_ok=True)
        if is_disk_full(error):
            raise InsufficientStorage from error
        raise


def _sync(place: Path) -> None:
    """The name, too, is on the disk then (fsync(2), of folders)."""
    if os.name != "posix":
        return
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def forget_unknown(folder: str, known: Container[str | None]) -> None:
    """Delete the files of a folder that are older than a day and not among `known`."""
    before = (clock.now() - UNUSED_FOR).timestamp()
    for path in settings().folder(folder).iterdir():
        with suppress(FileNotFoundError):  # somebody else dropped it just now
            if path.name not in known and path.stat().st_mtime < before:
                path.unlink()
