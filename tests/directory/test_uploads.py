"""Uploads: what is kept, in which shape, and what is refused."""

import hashlib
import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import Session

from accounts.models import Person
from core import clock
from core.errors import Gone, Invalid, NotFound, TooMany
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
from directory.listings.portrait import SIDE
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
        assert (image.size, image.format) == ((SIDE, SIDE), "JPEG")
        assert not image.getexif()
        red, blue = image.getpixel((SIDE // 2, 20)), image.getpixel((SIDE // 2, SIDE - 20))
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
        assert image.size == (SIDE, SIDE)


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
    ("size", "kind", "options"),
    [
        ((500, 300), "WEBP", {}),
        ((501, 303), "WEBP", {"lossless": True}),
        ((500, 300), "WEBP", {"exif": b"Exif\x00\x00"}),  # in the extended format
        ((640, 1), "PNG", {}),
        ((300, 700), "JPEG", {"progressive": True}),
    ],
)
def test_the_header_tells_the_size(
    size: tuple[int, int], kind: str, options: dict[str, object]
) -> None:
    out = io.BytesIO()
    Image.new("RGB", size, "blue").save(out, kind, **options)
    assert photos._size_of(out.getvalue()) == size


def large(kind: str) -> bytes:
    """7000 × 7000 points in less than 200 kB."""
    if kind == "WEBP":  # its header alone, with the size in the extended format
        head = b"VP8X" + (10).to_bytes(4, "little") + bytes(4) + 2 * (6999).to_bytes(3, "little")
        return b"RIFF" + (4 + len(head)).to_bytes(4, "little") + b"WEBP" + head
    out = io.BytesIO()
    Image.new("L", (7000, 7000)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_large_picture_is_refused_by_its_header(
    session: Session, dana: Provider, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(photos, "_made_apart", refuse)
    data = large(kind)
    with ThreadPoolExecutor(12) as pool:
        tries = [pool.submit(photos._portrait, data) for _ in range(12)]
        problems = [one.exception() for one in tries]
    for problem in problems:
        assert isinstance(problem, Invalid)
        assert "too many pixels" in str(problem.fields)


def test_the_largest_picture_fits_into_the_bounds() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (5712, 4284)).save(out, "PNG")
    with Image.open(io.BytesIO(photos._portrait(out.getvalue()))) as image:
        assert image.size == (SIDE, SIDE)


def test_a_decoder_that_wants_more_memory_than_a_picture_needs_has_none() -> None:
    greedy = "from directory.listings import portrait as p; p.bound_this_process(); {}"
    for want, ends in (("bytes(100 << 20)", 0), ("bytes(p.MEMORY)", 1), ("open('x', 'w')", 0)):
        done = subprocess.run(  # noqa: S603  # our own program
            [sys.executable, "-c", greedy.format(want)],
            cwd=photos._ROOT,
            stderr=subprocess.PIPE,
            check=False,
        )
        assert done.returncode == ends, want
        assert b"MemoryError" in done.stderr or not ends


def test_the_decoder_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(command: list[str], **options: Any) -> Any:
        return subprocess.CompletedProcess(command, 0, " ".join(options["env"]).encode())

    monkeypatch.setenv("SECRET_KEYS", "secret")
    monkeypatch.setattr("directory.listings.photos.subprocess.run", look)
    assert set(photos._made_apart(b"").decode().split()) <= set(photos._ENVIRONMENT)


def test_pictures_wait_for_each_other_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, at_work = Event(), []

    def work(_: bytes) -> bytes:
        at_work.append(1)
        let_go.wait(10)
        return b"made"

    monkeypatch.setattr(photos, "_made_apart", work)
    monkeypatch.setattr(photos, "PATIENCE", 0.1)
    with ThreadPoolExecutor(12) as pool:
        tries = [pool.submit(photos._portrait, picture()) for _ in range(12)]
        refused = [one.exception() for one in islice(as_completed(tries, timeout=10), 11)]
        assert len(at_work) == 1
        let_go.set()
    assert all(isinstance(one, TooMany) and one.retry_after for one in refused)
    assert photos._portrait(picture()) == b"made"


def test_other_processes_wait_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "PATIENCE", 0.1)
    holding = subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-c", _HOLD, str(settings().folder("photos").with_name("photos.lock"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holding.stdout is not None
    holding.stdout.readline()
    with pytest.raises(TooMany):
        photos._portrait(picture())
    holding.communicate(b"")
    monkeypatch.setattr(photos, "PATIENCE", 30)  # the tests beside this one have pictures, too
    assert photos._portrait(picture())


_HOLD = """
import sys
from fasteners import InterProcessLock
with InterProcessLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


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
