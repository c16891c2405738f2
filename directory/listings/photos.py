"""Portraits of providers: anyone may see them; what the camera noted in them is gone."""

import io
import re
from datetime import datetime
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps
from sqlmodel import Session, col, select

from core.crypto import token
from core.errors import Invalid, NotFound
from core.retention import runs_nightly
from core.settings import settings
from directory.listings.listing import refresh_listing
from directory.models import Provider
from directory.uploads import forget_unknown, keep_file

PHOTO_SIDE: Final = 480
PHOTO_LEAST: Final = 200  # pixels a side; less is no face
PHOTO_BYTES: Final = 8 * 1024 * 1024
PHOTO_PIXELS: Final = 50_000_000
FOLDER: Final = "photos"
_NAME = re.compile(r"[A-Za-z0-9_-]{20,64}\.jpg")


def save_photo(session: Session, provider: Provider, data: bytes, now: datetime) -> None:
    """Keep a portrait: turned upright, cropped square, 480 px, and written anew, so that nothing
    the camera noted (place, device) stays. Raises Invalid and InsufficientStorage."""
    portrait = _portrait(data)
    name = f"{token()[:32]}.jpg"
    keep_file(FOLDER, name, portrait)
    _replace(session, provider, name, now)


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
    if len(data) > PHOTO_BYTES:
        raise Invalid([("photo", "That picture is larger than 8 MB.")])
    try:
        upright = _decoded(data)
    except Invalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception:  # decoders trip over broken files in ways of their own
        raise Invalid([("photo", "Choose a JPEG, PNG or WebP picture.")]) from None
    square = ImageOps.fit(upright, (PHOTO_SIDE, PHOTO_SIDE))
    square.info.clear()
    out = io.BytesIO()
    square.save(out, "JPEG", quality=85)
    return out.getvalue()


def _decoded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
        if image.width * image.height > PHOTO_PIXELS:
            raise _too_many_pixels()
        if min(image.size) < PHOTO_LEAST:
            raise _too_small(image.width, image.height)
        image.draft("RGB", (PHOTO_SIDE * 2, PHOTO_SIDE * 2))  # a large JPEG is decoded smaller
        return ImageOps.exif_transpose(image).convert("RGB")


def _too_small(width: int, height: int) -> Invalid:
    least = f"{PHOTO_LEAST} by {PHOTO_LEAST}"
    return Invalid(
        [("photo", f"That picture has {width} by {height} pixels. Send one of at least {least}.")]
    )


def _too_many_pixels() -> Invalid:
    return Invalid([("photo", "That picture has too many pixels. Send a smaller one.")])
