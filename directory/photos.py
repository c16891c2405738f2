"""Portraits of providers: anyone may see them; what the camera noted in them is gone."""

import io
import re
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlmodel import Session

from core.crypto import token
from core.errors import Invalid, NotFound
from core.settings import settings
from directory import listings
from directory.models import Provider

PHOTO_SIDE = 480
PHOTO_BYTES = 8 * 1024 * 1024
PHOTO_PIXELS = 50_000_000
_PHOTO_NAME = re.compile(r"[A-Za-z0-9_-]{20,64}\.jpg")


def save_photo(session: Session, provider: Provider, data: bytes, now: datetime) -> None:
    """Keep a portrait: turned upright, cropped square, 480 px, and written anew, so that nothing
    the camera noted (place, device) stays. Raises Invalid."""
    name = f"{token()[:32]}.jpg"
    path = settings().folder("photos") / name
    path.write_bytes(_portrait(data))
    _replace_photo(session, provider, name, now)


def remove_photo(session: Session, provider: Provider, now: datetime) -> None:
    """Back to the drawn monogram."""
    _replace_photo(session, provider, None, now)


def photo_path(name: str) -> Path:
    """Where a photo lies. Raises NotFound."""
    path = settings().folder("photos") / name
    if not _PHOTO_NAME.fullmatch(name) or not path.is_file():
        raise NotFound
    return path


def _replace_photo(session: Session, provider: Provider, name: str | None, now: datetime) -> None:
    old, provider.photo = provider.photo, name
    session.add(provider)
    session.flush()
    listings.refresh(session, provider.id, now)
    if old:
        (settings().folder("photos") / old).unlink(missing_ok=True)


def _portrait(data: bytes) -> bytes:
    if len(data) > PHOTO_BYTES:
        raise Invalid([("photo", "That picture is larger than 8 MB.")])
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > PHOTO_PIXELS:
                raise Invalid([("photo", "That picture has too many pixels.")])
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise Invalid([("photo", "Choose a JPEG, PNG or WebP picture.")]) from None
    square = ImageOps.fit(upright, (PHOTO_SIDE, PHOTO_SIDE))
    out = io.BytesIO()
    Image.frombytes("RGB", square.size, square.tobytes()).save(out, "JPEG", quality=85)
    return out.getvalue()
