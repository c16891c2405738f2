"""Which browser asks: the one that asked for a code, and those that signed in before.

Codes belong to the browser that asked, so that nobody else's wrong tries use them up; and browsers
in which someone signed in before have limits of their own, so that strangers cannot use up theirs.
(OWASP's cheat sheet on credential stuffing calls them device cookies.)
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.crypto import token
from core.lookup import keyed_digest
from core.web.visit import Visit, personal_cookie

_ASKED: Final = personal_cookie("code-request")
_ASKED_FOR: Final = timedelta(minutes=15)
OF_LONG_CODE: Final = "-long"
"""How a request ends that was answered with a long code."""
_DEVICE: Final = "device"
_DEVICE_LASTS: Final = timedelta(days=365)
_DEVICES: Final = 3
"""People who share a browser and stay known to it."""


@dataclass(frozen=True)
class Browser:
    """Who asks for a code, or tries one. `request_id`: what its earlier request was answered with,
    empty where there was none; `site`: its network (`core.web.visit.Visit.site`); `device`: what
    it is known by, empty for strangers; `names_request`: a client said it, and means no other."""

    request_id: str
    site: str
    device: str = ""
    names_request: bool = False

    @property
    def is_stranger(self) -> bool:
        return not self.device


def browser_of(visit: Visit, email: str, request_id: str = "") -> Browser:
    """The one that this visit comes from, as far as it is known to `email`, in its normal form.
    `request_id`: as a client said it; browsers have it in a cookie."""
    return Browser(
        request_id or visit.cookie(_ASKED) or "",
        visit.site,
        known_device(visit, email),
        names_request=bool(request_id),
    )


def known_device(visit: Visit, email: str) -> str:
    """What this browser is known by to `email`; empty where they never signed in in it."""
    if visit.caller.email == email:
        return f"session {visit.caller.sign_in_id}"
    return next((one for one in _devices(visit) if _is_of(one, email)), "")


def remember_request(visit: Visit, request_id: str) -> None:
    """The code that is sent now is this browser's."""
    visit.set_cookie(_ASKED, request_id, _ASKED_FOR)


def awaits_long_code(visit: Visit) -> bool:
    """Whether the code that this browser asked for has letters as well."""
    return (visit.cookie(_ASKED) or "").endswith(OF_LONG_CODE)


def forget_request(visit: Visit) -> None:
    if visit.cookie(_ASKED) is not None:
        visit.drop_cookie(_ASKED)


def remember_device(visit: Visit, email: str) -> None:
    """Somebody signed in here. The cookie tells nobody who: it is random, and a keyed digest."""
    others = [one for one in _devices(visit) if not _is_of(one, email)]
    nonce = token()[:16]
    devices = [f"{nonce}.{_mark(nonce, email)}", *others][:_DEVICES]
    visit.set_cookie(_DEVICE, "~".join(devices), _DEVICE_LASTS)


def _devices(visit: Visit) -> list[str]:
    return (visit.cookie(_DEVICE) or "").split("~")[:_DEVICES]


def _is_of(device: str, email: str) -> bool:
    nonce, _, mark = device.partition(".")
    return mark.isascii() and hmac.compare_digest(mark, _mark(nonce, email))


def _mark(nonce: str, email: str) -> str:
    return base64.urlsafe_b64encode(keyed_digest("device", f"{nonce} {email}")[:16]).decode()
