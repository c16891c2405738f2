"""Whom to tell of a weakness (RFC 9116). Where there is no CONTACT, there is nobody to name."""

from datetime import timedelta
from typing import Final
from urllib.parse import quote

from fastapi import Response

from core import clock
from core.settings import settings
from core.times import write_instant
from core.web.caller import public
from core.web.lanes import at_once
from core.web.transactions import Router

PATH: Final = "/.well-known/security.txt"
_STANDS_FOR: Final = timedelta(days=90)  # the RFC asks for less than a year

router = Router(include_in_schema=False)


@router.get(PATH)
@public
@at_once
def security_txt() -> Response:
    """The address of CONTACT."""
    fields = {
        "Contact": f"mailto:{quote(settings().contact, safe='@+')}",
        "Expires": write_instant(clock.now() + _STANDS_FOR),
        "Preferred-Languages": "en",
        "Canonical": f"{settings().public_url}{PATH}",
    }
    lines = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return Response(lines, media_type="text/plain")
