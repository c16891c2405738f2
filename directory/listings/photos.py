"""Portraits of providers: anyone may see them; what the camera noted in them is gone."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Final

from fasteners import InterProcessLock
from PIL import Image
from sqlmodel import Session, col, select

from core.crypto import token
from core.errors import Invalid, NotFound, TooMany
from core.retention import runs_nightly
from core.settings import settings
from directory.listings import portrait
from directory.listings.listing import refresh_listing
from directory.models import Provider
from directory.uploads import forget_unknown, keep_file

PHOTO_LEAST: Final = 200  # pixels a side; less is no face
PHOTO_BYTES: Final = 8 * 1024 * 1024
PHOTO_PIXELS: Final = 24 * 1024 * 1024
"""What telephones take unless asked for more: 5712 by 4284."""
FOLDER: Final = "photos"
PATIENCE: Final = 1.5
"""Seconds that one waits for the picture before."""
_ROOT: Final = Path(__file__).parents[2]
_ENVIRONMENT: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP")
"""What the other process learns of ours; no secrets."""
_NAME = re.compile(r"[A-Za-z0-9_-]{20,64}\.jpg")


def save_photo(session: Session, provider: Provider, data: bytes, now: datetime) -> None:
    """Keep a portrait: turned upright, cropped square, small, and written anew, so that nothing
    the camera noted (place, device) stays. Raises Invalid, TooMany while others wait, and
    InsufficientStorage."""
    _replace(session, provider, keep_portrait(_portrait(data)), now)


def keep_portrait(made: bytes) -> str:
    """Write what `make_portrait` made; its name, which tells nothing. Raises
    InsufficientStorage."""
    name = f"{token()[:32]}.jpg"
    keep_file(FOLDER, name, made)
    return name


def remove_photo(session: Session, provider: Provider, now: datetime) -> None:
    """Back to the drawn monogram."""
    _replace(session, provider, None, now)


def photo_path(name: str) -> Path:
    """Where a photo lies. Raises NotFound."""
    if not _NAME.fullmatch(name):
        raise NotFound
    path = settings().folder(FOLDER) / name
    if not path.is_file():
        raise NotFound
    return path


@runs_nightly
def forget_unused(session: Session) -> None:
    """Photos that were replaced. (Not at once: a page, or a rollback, may still show them.)"""
    known = session.exec(select(col(Provider.photo)).where(col(Provider.photo).is_not(None)))
    forget_unknown(FOLDER, set(known))


def _replace(session: Session, provider: Provider, name: str | None, now: datetime) -> None:
    provider.photo = name
    session.add(provider)
    session.flush()
    refresh_listing(session, provider.id, now)


def _portrait(data: bytes) -> bytes:
    _check(data)
    with _alone():
        return _made_apart(data)


def _check(data: bytes) -> None:
    """By the header; nothing is decoded for it. Raises Invalid."""
    if len(data) > PHOTO_BYTES:
        raise Invalid([("photo", "That picture is larger than 8 MB.")])
    width, height = _size_of(data)
    if width * height > PHOTO_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < PHOTO_LEAST:
        raise _too_small(width, height)


def _size_of(data: bytes) -> tuple[int, int]:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _size_of_webp(data)  # the library would make room for all of it first
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            return image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception:  # decoders trip over broken files in ways of their own
        raise _no_picture() from None


def _size_of_webp(data: bytes) -> tuple[int, int]:
    """RFC 9649, 2.5 to 2.7: the first chunk has the size."""
    kind, rest = data[12:16], data[20:30]
    if len(rest) < 10 or kind not in (b"VP8X", b"VP8L", b"VP8 "):
        raise _no_picture()
    if kind == b"VP8X":
        return 1 + int.from_bytes(rest[4:7], "little"), 1 + int.from_bytes(rest[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(rest[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = (int.from_bytes(rest[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return width, height


_queue: Final = BoundedSemaphore(2)
_turn: Final = Lock()  # what a file's lock keeps apart are processes, not threads


@contextmanager
def _alone() -> Iterator[None]:
    """One picture at a time on this machine, and one more of this process may wait. Raises
    TooMany."""
    if not _queue.acquire(blocking=False):
        raise _no_turn()
    try:
        if not _turn.acquire(timeout=PATIENCE):
            raise _no_turn()
        try:
            with _alone_of_processes():
                yield
        finally:
            _turn.release()
    finally:
        _queue.release()


@contextmanager
def _alone_of_processes() -> Iterator[None]:
    lock = _lock_in(settings().folder(FOLDER).with_name("photos.lock"))
    if not lock.acquire(timeout=PATIENCE, delay=0.05, max_delay=0.05):
        raise _no_turn()
    try:
        yield
    finally:
        lock.release()


@lru_cache
def _lock_in(path: Path) -> InterProcessLock:
    """One of each process: what is not acquired keeps its file open."""
    return InterProcessLock(path)


def _made_apart(data: bytes) -> bytes:
    try:
        made = subprocess.run(  # noqa: S603  # nosec B603  # our own program
            [sys.executable, "-m", portrait.__name__],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            timeout=portrait.SECONDS + 5,  # of a machine that has other things to do
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise _no_picture() from None
    return made.stdout


def _no_turn() -> TooMany:
    return TooMany("Another picture is being worked on. Try again in a moment.", retry_after=5)


def _no_picture() -> Invalid:
    return Invalid([("photo", "Choose a JPEG, PNG or WebP picture.")])


def _too_small(width: int, height: int) -> Invalid:
    least = f"{PHOTO_LEAST} by {PHOTO_LEAST}"
    return Invalid(
        [("photo", f"That picture has {width} by {height} pixels. Send one of at least {least}.")]
    )


def _too_many_pixels() -> Invalid:
    return Invalid([("photo", "That picture has too many pixels. Send a smaller one.")])
