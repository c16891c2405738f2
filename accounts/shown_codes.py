"""New recovery codes until they were looked at: kept for five minutes in a cookie that only the
server can read, so that a page with them may be loaded again, and makes no others."""

import base64
import binascii
import json
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag

from core.crypto import WrongKey, decrypt, encrypt
from core.web.visit import Visit, personal_cookie

_COOKIE: Final = personal_cookie("recovery-codes")
_KEPT: Final = timedelta(minutes=5)


def keep_codes(visit: Visit, codes: list[str]) -> None:
    """For the person of this visit, and nobody else."""
    until = visit.now + _KEPT
    sealed = encrypt(json.dumps([str(visit.person_id), until.isoformat(), codes]))
    visit.set_cookie(_COOKIE, base64.urlsafe_b64encode(sealed).decode(), _KEPT)


def kept_codes(visit: Visit) -> list[str]:
    """Those made in this browser by the same person; empty where there are none, or no longer."""
    try:
        sealed = base64.urlsafe_b64decode(visit.cookie(_COOKIE) or "")
        person_id, until, codes = json.loads(decrypt(sealed))
    except (binascii.Error, InvalidTag, WrongKey, ValueError):
        return []
    is_theirs = person_id == str(visit.person_id)
    return list(codes) if is_theirs and visit.now < datetime.fromisoformat(until) else []


def drop_codes(visit: Visit) -> None:
    if visit.cookie(_COOKIE) is not None:
        visit.drop_cookie(_COOKIE)
