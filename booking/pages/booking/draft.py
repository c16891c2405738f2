"""What someone typed while nothing is booked yet: kept for an hour in a cookie that only the server
can read. So it outlives a hold that ran out, and of someone who does not book nothing is kept here.
"""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import timedelta

from cryptography.exceptions import InvalidTag

from core.crypto import decrypt, encrypt
from core.web.visit import Visit, personal_cookie

_COOKIE = personal_cookie("draft")
_KEPT = timedelta(hours=1)
_LONGEST = 400  # characters of a field, so that the cookie stays one that browsers take


@dataclass(frozen=True)
class Draft:
    """What was typed, as it was typed. `zone` only where it was chosen by hand."""

    name: str = ""
    email: str = ""
    date_of_birth: str = ""
    state: str = ""
    zone: str = ""


def read_draft(visit: Visit) -> Draft:
    """An empty one where there is none, or none that we made."""
    try:
        sealed = base64.urlsafe_b64decode(visit.cookie(_COOKIE) or "")
        return Draft(**json.loads(decrypt(sealed)))
    except (binascii.Error, InvalidTag, KeyError, TypeError, ValueError):
        return Draft()


def keep_draft(visit: Visit, draft: Draft) -> None:
    short = {name: value[:_LONGEST] for name, value in asdict(draft).items()}
    sealed = encrypt(json.dumps(short))
    visit.set_cookie(_COOKIE, base64.urlsafe_b64encode(sealed).decode(), _KEPT)


def drop_draft(visit: Visit) -> None:
    if visit.cookie(_COOKIE) is not None:
        visit.drop_cookie(_COOKIE)
