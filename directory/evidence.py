"""Files that show what an admin saw. They lie outside everything that is served as static, and
only admins may have them back."""

import hashlib
import re
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from core.database import uuid7
from core.errors import Invalid, NotFound
from core.settings import settings
from directory.models import EvidenceFile

EVIDENCE_BYTES = 10 * 1024 * 1024

# What a file is, is told by how it begins, not by what it is called.
_BEGINNINGS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


def save_evidence(
    session: Session, name: str, data: bytes, uploaded_by: UUID, now: datetime
) -> EvidenceFile:
    """Keep a PDF, PNG, JPEG or WebP of at most 10 MB. Raises Invalid."""
    kind = _kind_of(data)
    if kind is None:
        raise Invalid([("evidence", "Attach a PDF, PNG, JPEG or WebP file.")])
    if len(data) > EVIDENCE_BYTES:
        raise Invalid([("evidence", "That file is larger than 10 MB.")])
    file = EvidenceFile(
        id=uuid7(),
        name=re.sub(r"[^\w. ()-]", "_", Path(name).name)[:120] or "evidence",
        content_type=kind,
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
        uploaded_by=uploaded_by,
        uploaded_at=now,
    )
    (settings().folder("evidence") / file.id.hex).write_bytes(data)
    session.add(file)
    session.flush()
    return file


def get_evidence(session: Session, file_id: UUID) -> tuple[EvidenceFile, Path]:
    """A kept file and where it lies. Raises NotFound."""
    file = session.get(EvidenceFile, file_id)
    path = settings().folder("evidence") / file_id.hex
    if file is None or not path.is_file():
        raise NotFound
    return file, path


def _kind_of(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _BEGINNINGS.items() if data.startswith(start)), None)
