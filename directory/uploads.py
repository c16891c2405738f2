"""Uploaded files that nothing refers to any more are dropped by the nightly job."""

from collections.abc import Container
from datetime import timedelta
from typing import Final

from core import clock
from core.settings import settings

UNUSED_FOR: Final = timedelta(days=1)
"""A page, or a transaction that is still open, may refer to a file for a while."""


def forget_unknown(folder: str, known: Container[str | None]) -> None:
    """Delete the files of a folder that are older than a day and not among `known`."""
    before = (clock.now() - UNUSED_FOR).timestamp()
    for path in settings().folder(folder).iterdir():
        if path.name not in known and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
