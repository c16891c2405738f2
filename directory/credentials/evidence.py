"""Files that show what an admin saw. They lie outside everything that is served as static, and
only admins may have them back."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from core.database import uuid7
from core.errors import Gone, Invalid, NotFound
from core.retention import runs_nightly
from core.settings import settings
from directory.models import EvidenceFile
from directory.uploads import forget_unknown, keep_file

EVIDENCE_BYTES: Final = 10 * 1024 * 1024
FOLDER: Final = "evidence"
_LONGEST_NAME = 120

# What a file is, is told by how it begins, not by what it is called.
_BEGINNINGS: Final = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


@dataclass(frozen=True)
class Upload:
    """A file as it was sent; neither its name nor its content is to be believed."""

    name: str
    data: bytes


def upload_problem(data: bytes) -> str | None:
    """Why this cannot be kept as evidence, or None."""
    if len(data) > EVIDENCE_BYTES:
        return "That file is larger than 10 MB."
    return None if _kind_of(data) else "Attach a PDF, PNG, JPEG or WebP file."


def save_evidence(
    session: Session, name: str, data: bytes, uploaded_by: UUID, now: datetime
) -> EvidenceFile:
    """Keep a PDF, PNG, JPEG or WebP of at most 10 MB. Raises Invalid and InsufficientStorage."""
    if problem := upload_problem(data):
        raise Invalid([("evidence", problem)])
    file = EvidenceFile(
        id=uuid7(),
        name=_plain_name(name),
        content_type=_kind_of(data),
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
        uploaded_by=uploaded_by,
        uploaded_at=now,
    )
    keep_file(FOLDER, file.id.hex, data)
    session.add(file)
    session.flush()
    return file


def find_evidence(session: Session, file_id: UUID) -> EvidenceFile | None:
    return session.get(EvidenceFile, file_id)


def get_evidence(session: Session, file_id: UUID) -> tuple[EvidenceFile, Path]:
    """A kept file and where it lies. Raises NotFound, or Gone where it is not in its place."""
    file = find_evidence(session, file_id)
    if file is None:
        raise NotFound
    if not _path(file_id).is_file():
        raise Gone("This file is on record, but it is not in the folder of evidence.")
    return file, _path(file_id)


@runs_nightly
def forget_unused(session: Session) -> None:
    """Files whose decision was never kept."""
    known = session.exec(select(col(EvidenceFile.id)))
    forget_unknown(FOLDER, {one.hex for one in known})


def _path(file_id: UUID) -> Path:
    return settings().folder(FOLDER) / file_id.hex


def _plain_name(name: str) -> str:
    """What a download is called; never where it is stored."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w. ()-]", "_", last).lstrip(". ")[-_LONGEST_NAME:] or "evidence"


def _kind_of(data: bytes) -> str:
    """The media type; empty for what is not kept."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _BEGINNINGS.items() if data.startswith(start)), "")
