"""Uploads: what is kept, in which shape, and what is refused."""

import hashlib
import io
import os
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import Session

from accounts.models import Person
from core import clock
from core.errors import Gone, Invalid, NotFound
from core.settings import settings
from core.web.caller import ADMIN
from directory.credentials import evidence
from directory.credentials.evidence import (
    EVIDENCE_BYTES,
    get_evidence,
    save_evidence,
    upload_problem,
)
from directory.listings import photos
from directory.listings.photos import PHOTO_BYTES, photo_path, remove_photo, save_photo
from directory.models import Provider
from tests.factories import make_person, make_provider, sign_in

PDF = b"%PDF-1.7\n%%EOF\n"
ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825


@pytest.fixture
def dana(session: Session) -> Provider:
    return make_provider(session, now=clock.now())


def picture(kind: str = "JPEG", size: tuple[int, int] = (600, 400), rotated: bool = False) -> bytes:
    """Upper half red, lower half blue; `rotated`: turned by the camera, and noted so."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0], size[1] // 2))
    exif = Image.Exif()
    exif[MAKER] = "SecretCamera 9"
    exif.get_ifd(GPS)[1] = "N"
    if rotated:
        image = image.rotate(90, expand=True)
        exif[ORIENTATION] = 6  # to be turned a quarter clockwise
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()


def portrait_of(session: Session, provider: Provider, data: bytes) -> Image.Image:
    save_photo(session, provider, data, clock.now())
    assert provider.photo is not None
    return Image.open(photo_path(provider.photo))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_portrait_is_square_upright_and_knows_nothing_of_the_camera(
    session: Session, dana: Provider, kind: str
) -> None:
    data = picture(kind, rotated=True)
    assert b"SecretCamera" in data
    with portrait_of(session, dana, data) as image:
        assert (image.size, image.format) == ((480, 480), "JPEG")
        assert not image.getexif()
        red, blue = image.getpixel((240, 40)), image.getpixel((240, 440))
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert red[0] > 200 > blue[0]  # red is above again
    stored = photo_path(dana.photo or "").read_bytes()
    assert b"SecretCamera" not in stored
    assert b"Exif" not in stored


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "CMYK", "I;16"])
def test_pictures_of_every_kind_of_colour_are_taken(
    session: Session, dana: Provider, mode: str
) -> None:
    out = io.BytesIO()
    Image.new(mode, (200, 900)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    with portrait_of(session, dana, out.getvalue()) as image:
        assert image.size == (480, 480)


def bomb() -> bytes:
    """12,000 × 12,000 points in a few hundred kilobytes."""
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "JPEG, PNG or WebP"),
        (b"GIF89a" + b"0" * 100, "JPEG, PNG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "JPEG, PNG or WebP"),
        (b"\xff\xd8\xff\xe0" + b"0" * 100, "JPEG, PNG or WebP"),  # begins like one, is none
        (picture()[:2000], "JPEG, PNG or WebP"),  # cut off
        (picture("PNG")[:300], "JPEG, PNG or WebP"),
        (b"\xff\xd8\xff" + b"0" * PHOTO_BYTES, "8 MB"),
        (bomb(), "too many pixels"),
    ],
    ids=["empty", "gif", "svg", "header only", "half a jpeg", "half a png", "large", "bomb"],
)
def test_what_is_no_portrait_is_refused_in_words(
    session: Session, dana: Provider, data: bytes, says: str
) -> None:
    with pytest.raises(Invalid) as refused:
        save_photo(session, dana, data, clock.now())
    ((field, message),) = refused.value.fields
    assert field == "photo"
    assert says in message
    assert dana.photo is None


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fsecret.key",
        "../evidence/x",
        "x.jpg",
        "a" * 32 + ".png",
        "." * 32 + ".jpg",
        "a" * 32 + ".jpg",  # nobody's
        "a" * 32 + ".jpg%00",
    ],
)
def test_only_portraits_are_served(client: TestClient, name: str) -> None:
    assert client.get(f"/photos/{name}").status_code == 404


def test_a_portrait_is_served_as_a_picture_and_nothing_else(
    client: TestClient, session: Session, dana: Provider
) -> None:
    save_photo(session, dana, picture(), clock.now())
    session.commit()
    answer = client.get(f"/photos/{dana.photo}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "SecretCamera" not in answer.text


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (PDF, None),
        (b"\x89PNG\r\n\x1a\n...", None),
        (b"\xff\xd8\xff\xe0...", None),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", None),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "Attach a PDF, PNG, JPEG or WebP file."),
        (b"", "Attach a PDF, PNG, JPEG or WebP file."),
        (b"<html>%PDF-1.7", "Attach a PDF, PNG, JPEG or WebP file."),
        (b"MZ\x90\x00", "Attach a PDF, PNG, JPEG or WebP file."),
        (b"PK\x03\x04", "Attach a PDF, PNG, JPEG or WebP file."),
        (PDF.ljust(EVIDENCE_BYTES, b"0"), None),
        (PDF.ljust(EVIDENCE_BYTES + 1, b"0"), "That file is larger than 10 MB."),
    ],
)
def test_evidence_is_known_by_how_it_begins(data: bytes, problem: str | None) -> None:
    assert upload_problem(data) == problem


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("seen.pdf", "seen.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\r\nSet-Cookie: x.pdf", "a__Set-Cookie_ x.pdf"),
        ('"; filename="x.exe', "__ filename__x.exe"),
        ("...", "evidence"),
        ("", "evidence"),
        ("Prüfung (1).pdf", "Prüfung (1).pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_a_name_is_only_what_the_download_is_called(
    client: TestClient, session: Session, name: str, kept: str
) -> None:
    admin = make_person(session, "desk@example.com", [ADMIN])
    file = save_evidence(session, name, PDF, admin.id, clock.now())
    session.commit()
    assert file.name == kept
    stored, path = get_evidence(session, file.id)
    assert stored.sha256 == hashlib.sha256(PDF).digest()
    assert path.parent == settings().folder("evidence")
    assert path.name == file.id.hex
    headers = sign_in(None, session, admin)
    answer = client.get(f"/admin/evidence/{file.id}", headers=headers)
    assert answer.content == PDF
    assert answer.headers["content-disposition"].startswith("attachment; filename")
    assert "set-cookie" not in answer.headers


def test_evidence_lies_outside_what_is_served(client: TestClient, session: Session) -> None:
    admin = make_person(session, "desk@example.com", [ADMIN])
    file = save_evidence(session, "seen.pdf", PDF, admin.id, clock.now())
    session.commit()
    for path in (f"/static/{file.id.hex}", f"/photos/{file.id.hex}", f"/files/{file.id.hex}"):
        assert client.get(path).status_code == 404
    other = make_provider(session, now=clock.now())
    headers = sign_in(None, session, session.get_one(Person, other.person_id))
    assert client.get(f"/admin/evidence/{file.id}", headers=headers).status_code == 403
    assert client.get(f"/admin/evidence/{UUID(int=1)}", headers=headers).status_code == 403


def test_evidence_that_is_not_in_its_place_is_said_to_be_gone(session: Session) -> None:
    admin = make_person(session, "desk@example.com", [ADMIN])
    file = save_evidence(session, "seen.pdf", PDF, admin.id, clock.now())
    _, path = get_evidence(session, file.id)
    path.unlink()
    with pytest.raises(Gone):
        get_evidence(session, file.id)
    with pytest.raises(NotFound):
        get_evidence(session, UUID(int=1))


def aged(path: Path, days: int) -> Path:
    at = clock.now().timestamp() - days * 86_400
    os.utime(path, (at, at))
    return path


def test_files_that_nothing_refers_to_go_after_a_day(session: Session, dana: Provider) -> None:
    save_photo(session, dana, picture(), clock.now())
    old = aged(photo_path(dana.photo or ""), 3)
    save_photo(session, dana, picture(), clock.now())
    new = aged(photo_path(dana.photo or ""), 3)
    fresh = settings().folder("photos") / ("f" * 32 + ".jpg")
    fresh.write_bytes(b"being written")
    lost = aged_file("evidence", UUID(int=7).hex)
    for forget in (photos.forget_unused, evidence.forget_unused):
        forget(session)
    assert not old.exists()
    assert new.exists()
    assert fresh.exists()
    assert not lost.exists()
    fresh.unlink()
    remove_photo(session, dana, clock.now())
    photos.forget_unused(session)
    assert not new.exists()


def aged_file(folder: str, name: str) -> Path:
    path = settings().folder(folder) / name
    path.write_bytes(b"left over")
    return aged(path, 3)
