"""One request as endpoints see it: its session, its caller, its cookies."""

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlmodel import Session

from core import clock
from core.errors import SignInNeeded
from core.settings import settings
from core.web.caller import NOBODY, Caller

_personal_cookies: list[str] = []


def personal_cookie(name: str) -> str:
    """Declare a cookie that says who someone is or what they typed; returns its name."""
    _personal_cookies.append(name)
    return name


@dataclass
class Visit:
    """One request: its session and caller are there once the endpoint runs."""

    request: Request
    response: Response
    now: datetime = field(default_factory=clock.now)
    caller: Caller = NOBODY
    _session: Session | None = None

    @property
    def session(self) -> Session:
        if self._session is None:
            raise RuntimeError("the session is open only while the endpoint runs")
        return self._session

    def start_over(self) -> None:
        """Before the endpoint is run again: without what it has set so far."""
        for name in list(self.response.headers.keys()):
            del self.response.headers[name]

    @property
    def person_id(self) -> UUID:
        """The signed-in person. Raises SignInNeeded."""
        if self.caller.person_id is None:
            raise SignInNeeded
        return self.caller.person_id

    @property
    def address(self) -> str:
        """The caller's network address, for limits on what is held; never stored or logged.

        Of IPv6 the first 64 bits: everyone has the rest to themselves and could change it.
        """
        return self._network(32, 64)

    @property
    def site(self) -> str:
        """As `address`, for limits on requests: of IPv6 the first 48 bits, as many as one site is
        given (RFC 6177), which could otherwise ask under 65,536 addresses."""
        return self._network(32, 48)

    @property
    def wide_network(self) -> str:
        """The neighbourhood, which carriers share among their customers: the first 24 bits of
        IPv4, 48 of IPv6. For limits that leave room for many."""
        return self._network(24, 48)

    def _network(self, of_ipv4: int, of_ipv6: int) -> str:
        client = self.request.client
        return network_of(client.host if client else "", of_ipv4, of_ipv6)

    def set_cookie(self, name: str, value: str, lasting: timedelta | None = None) -> None:
        """A cookie of ours: HttpOnly, this site only; `__Host-` and Secure under HTTPS."""
        self.response.set_cookie(
            cookie_name(name),
            value,
            max_age=int(lasting.total_seconds()) if lasting is not None else None,
            path="/",
            httponly=True,
            samesite="lax",
            secure=settings().is_https,
        )

    def drop_cookie(self, name: str) -> None:
        self.set_cookie(name, "", timedelta(0))

    def forget_browser(self) -> None:
        """Drop every cookie that says who someone is or what they typed."""
        for name in _personal_cookies:
            if self.cookie(name) is not None:
                self.drop_cookie(name)

    def cookie(self, name: str) -> str | None:
        return self.request.cookies.get(cookie_name(name)) or None

    @property
    def is_strangers(self) -> bool:
        """Nobody signed in, and nobody who holds a time or typed something here before."""
        is_known = any(self.cookie(name) is not None for name in _personal_cookies)
        return not is_known and "authorization" not in self.request.headers


def network_of(host: str, of_ipv4: int, of_ipv6: int) -> str:
    """The first bits of an address, as many as said, the others 0; "unknown" for anything else."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    bits = of_ipv4 if isinstance(address, ipaddress.IPv4Address) else of_ipv6
    return str(ipaddress.ip_network((address, bits), strict=False).network_address)


def cookie_name(name: str) -> str:
    """Browsers and clients keep `__Host-` cookies only over HTTPS; locally the plain name."""
    return f"__Host-{name}" if settings().is_https else name


async def _open_visit(request: Request, response: Response) -> Visit:
    # async on purpose: it only makes an object, and a plain def would cost a thread hop.
    return Visit(request=request, response=response)


Visiting = Annotated[Visit, Depends(_open_visit)]


async def _open_reading(request: Request, response: Response) -> Visit:
    return Visit(request=request, response=response)


Reading = Annotated[Visit, Depends(_open_reading)]
"""A visit whose session may be a replica's, and up to a second behind. For public GETs that show
the directory and decide nothing; a route that is neither public nor GET may not ask for it."""
