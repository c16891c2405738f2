"""A disk without room: uploads are refused in words, and nothing is left of them."""

import io
import os
import random
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import Session

from accounts.models import Person
from core import clock
from core.settings import settings
from core.web.caller import ADMIN
from directory.models import Provider
from directory.uploads import keep_file
from tests.factories import make_person, make_provider, sign_in

PDF = b"%PDF-1.7\n"
FORM = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def dana(session: Session) -> Provider:
    return make_provider(session, now=clock.now())


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder on a disk of one megabyte, of which most is taken."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    if _run("mount", "-t", "tmpfs", "-o", "size=1m", "none", str(tmp_path)):
        pytest.skip("this machine mounts no small disk")
    config = settings().model_copy(update={"data_dir": tmp_path})
    monkeypatch.setattr("directory.uploads.settings", lambda: config)
    (tmp_path / "taken").write_bytes(b"0" * 1_000_000)
    yield tmp_path
    _run("umount", "--lazy", str(tmp_path))


def _run(*command: str) -> int:
    return subprocess.run(command, check=False, capture_output=True).returncode  # noqa: S603  # the system's own


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """What the system refuses to this process beyond so many bytes a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def noisy() -> bytes:
    """A picture that no JPEG makes small."""
    out = io.BytesIO()
    Image.frombytes("RGB", (480, 480), random.Random(1).randbytes(480 * 480 * 3)).save(out, "PNG")
    return out.getvalue()


def left_in(place: Path) -> list[str]:
    return sorted(one.name for one in place.rglob("*") if one.is_file())


def test_a_portrait_that_finds_no_room_is_refused(
    full: Path, client: TestClient, session: Session, dana: Provider
) -> None:
    headers = sign_in(None, session, session.get_one(Person, dana.person_id))
    answer = client.put("/api/v1/me/photo", headers=headers, files={"photo": ("a.png", noisy())})
    assert answer.status_code == 507
    assert answer.json()["code"] == "insufficient_storage"
    assert "no room" in answer.json()["detail"]
    assert left_in(full) == ["taken"]
    session.expire_all()
    assert session.get_one(Provider, dana.id).photo is None
    (full / "taken").unlink()  # the operator made room
    again = client.put("/api/v1/me/photo", headers=headers, files={"photo": ("a.png", noisy())})
    assert again.status_code == 200
    assert len(left_in(full)) == 1


def test_people_are_told_on_a_page(
    full: Path, client: TestClient, session: Session, dana: Provider
) -> None:
    sign_in(client, session, session.get_one(Person, dana.person_id))
    answer = client.post(
        "/provider/photo", headers=FORM, files={"photo": ("a.png", noisy(), "image/png")}
    )
    assert answer.status_code == 507
    assert "There is no room for that file" in answer.text
    assert left_in(full) == ["taken"]


@pytest.mark.parametrize("size", [900_000, 1_500_000])  # the second is on disk while it is read
def test_evidence_that_is_cut_off_leaves_nothing(
    client: TestClient, session: Session, size: int
) -> None:
    headers = sign_in(None, session, make_person(session, "desk@example.com", [ADMIN]))
    place = settings().folder("evidence")
    before = left_in(place)
    with files_at_most(800_000):
        answer = client.post(
            "/api/v1/admin/evidence",
            headers=headers,
            files={"evidence": ("a", PDF + b"0" * size)},
        )
    assert answer.status_code == 507
    assert left_in(place) == before


def test_a_file_is_for_the_application_alone() -> None:
    keep_file("evidence", "mine", b"kept")
    path = settings().folder("evidence") / "mine"
    assert path.read_bytes() == b"kept"
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
