"""How a request becomes a transaction: one thread, one session, one caller.

`HouseRoute` wraps an endpoint so that, in the endpoint's own thread, the session opens, the
caller is identified, the route's declared access is checked, the endpoint runs, and the
transaction commits before the answer leaves. An answer of 400 or above rolls back, as raising
does. (A yield dependency would commit after the answer and cost a thread hop of its own.)
"""

import functools
import inspect
import ipaddress
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from sqlmodel import Session

from core import clock
from core.crypto import digest, token
from core.database import engine
from core.errors import Invalid, NotAllowed, NotFound, SignInNeeded
from core.replica import AWAY, READS, Replica
from core.settings import settings

PATIENT, PROVIDER, ADMIN = "patient", "provider", "admin"
ROLES = (PATIENT, PROVIDER, ADMIN)


PERSONAL_COOKIES = ("session", "sign-in", "visitor", "draft")


@dataclass(frozen=True)
class Caller:
    """Who asks. Nobody in particular until they sign in."""

    person_id: UUID | None = None
    email: str | None = None
    roles: frozenset[str] = frozenset()
    sign_in_id: UUID | None = None
    signed_in_at: datetime | None = None

    @property
    def is_signed_in(self) -> bool:
        return self.person_id is not None

    def has(self, role: str) -> bool:
        return role in self.roles


NOBODY = Caller()


class Identify(Protocol):
    """Finds the caller of a request; accounts provides it, `app.state.identify` holds it."""

    def __call__(self, session: Session, request: Request) -> Caller: ...


@dataclass(frozen=True)
class Access:
    """Who may call a route: anyone, anyone signed in (no roles), or holders of one of `roles`."""

    anyone: bool = False
    roles: frozenset[str] = frozenset()

    def check(self, caller: Caller) -> None:
        """Raises SignInNeeded or NotAllowed."""
        if self.anyone:
            return
        if not caller.is_signed_in:
            raise SignInNeeded
        if self.roles and not self.roles & caller.roles:
            raise NotAllowed


F = TypeVar("F", bound=Callable[..., Any])


def _declare(access: Access) -> Callable[[F], F]:
    def mark(endpoint: F) -> F:
        endpoint.__access__ = access  # type: ignore[attr-defined]  # read by HouseRoute
        return endpoint

    return mark


def public(endpoint: F) -> F:
    """Anyone may call this."""
    return _declare(Access(anyone=True))(endpoint)


def signed_in(endpoint: F) -> F:
    """Anyone who signed in may call this; what they see is up to the endpoint."""
    return _declare(Access())(endpoint)


def allow(*roles: str) -> Callable[[F], F]:
    """Only people with one of these roles may call this."""
    return _declare(Access(roles=frozenset(roles)))


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

    @property
    def person_id(self) -> UUID:
        """The signed-in person. Raises SignInNeeded."""
        if self.caller.person_id is None:
            raise SignInNeeded
        return self.caller.person_id

    @property
    def address(self) -> str:
        """The caller's network address, for rate limits only; never stored or logged.

        Of IPv6 the first 64 bits: everyone has the rest to themselves and could change it.
        """
        return network_of(self.request.client.host if self.request.client else "")

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
        for name in PERSONAL_COOKIES:
            if self.cookie(name) is not None:
                self.drop_cookie(name)

    def cookie(self, name: str) -> str | None:
        return self.request.cookies.get(cookie_name(name)) or None

    @property
    def is_strangers(self) -> bool:
        """Nobody signed in, and nobody who holds a time or typed something here before."""
        is_known = any(self.cookie(name) is not None for name in PERSONAL_COOKIES)
        return not is_known and "authorization" not in self.request.headers

    def visitor(self) -> bytes:
        """This browser, known or new, as the hash that holds are kept under."""
        secret = self.cookie("visitor")
        if secret is None:
            secret = getattr(self, "_new_visitor", None) or token()
            self._new_visitor = secret
            self.set_cookie("visitor", secret, timedelta(days=1))
        return digest(secret)


def network_of(host: str) -> str:
    """An IPv4 address, or the network of an IPv6 one; "unknown" for anything else."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)
    return str(address)


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


class HouseRoute(APIRoute):
    """A route that declares its access and runs as one transaction (see the module)."""

    access: Access

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        access = getattr(endpoint, "__access__", None)
        if not isinstance(access, Access):
            raise TypeError(f"{endpoint.__qualname__} does not declare who may call it")
        self.access = access
        super().__init__(path, _in_one_transaction(endpoint, access), **options)
        if may_lag(endpoint) and not (access.anyone and self.methods == {"GET"}):
            raise TypeError(f"{endpoint.__qualname__}: only public GETs may read from a replica")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As inherited; API routes refuse query parameters that they do not know."""
        handle = super().get_route_handler()
        if not self.path.startswith("/api/"):
            return handle
        known = _query_parameters(self)

        async def strict(request: Request) -> Response:
            if strange := [name for name in request.query_params if name not in known]:
                raise Invalid([(_shown(name), "There is no such parameter.") for name in strange])
            return await handle(request)

        return strict


def _query_parameters(route: APIRoute) -> frozenset[str]:
    """By their names in the address; those that a route reads itself are in `openapi_extra`."""
    fields = get_flat_params(route.dependant)
    own = [f.alias for f in fields if getattr(f.field_info, "in_", None) == ParamTypes.query]
    described = (route.openapi_extra or {}).get("parameters", [])
    return frozenset([*own, *(p["name"] for p in described if p["in"] == "query")])


def _shown(name: str) -> str:
    return name[:80].encode(errors="replace").decode()


def may_lag(endpoint: Callable[..., Any]) -> bool:
    """Whether an endpoint asks for `Reading`."""
    parameters = inspect.signature(endpoint, eval_str=True).parameters.values()
    return any(p.annotation == Reading for p in parameters)


def _in_one_transaction(endpoint: Callable[..., Any], access: Access) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(endpoint):
        raise TypeError(f"{endpoint.__qualname__}: endpoints are plain def; they run in a thread")
    signature = inspect.signature(endpoint, eval_str=True)
    parameters = list(signature.parameters.values())
    # Most endpoints ask for their visit; the others get one that only this function sees.
    asked = next((p.name for p in parameters if p.annotation in (Visiting, Reading)), None)
    lags = may_lag(endpoint)

    @functools.wraps(endpoint)
    def run(**arguments: Any) -> Any:
        visit: Visit = arguments[asked] if asked else arguments.pop("_visit")
        once = functools.partial(_once, visit, access, functools.partial(endpoint, **arguments))
        return _read(visit, once) if lags else once(engine())

    if asked is None:
        parameters.append(
            inspect.Parameter("_visit", inspect.Parameter.KEYWORD_ONLY, annotation=Visiting)
        )
    keywords = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    run.__signature__ = signature.replace(parameters=keywords)  # type: ignore[attr-defined]
    return run


def _once(visit: Visit, access: Access, call: Callable[[], Any], database: Engine) -> Any:
    with Session(database, expire_on_commit=False) as session:
        visit._session = session
        try:
            visit.caller = visit.request.app.state.identify(session, visit.request)
            access.check(visit.caller)
            answer = call()
            if isinstance(answer, Response):
                answer.raw_headers.extend(
                    header for header in visit.response.raw_headers if header[0] == b"set-cookie"
                )
                if answer.status_code >= 400:
                    session.rollback()
                    return answer
            session.commit()
            return answer
        finally:
            visit._session = None


def _read(visit: Visit, once: Callable[[Engine], Any]) -> Any:
    """From the replica where there is one that is current and the visitor has done nothing yet
    that they could miss. What it cannot answer, or does not know (yet), the primary is asked."""
    replica: Replica | None = getattr(visit.request.app.state, "replica", None)
    if replica is not None and visit.is_strangers and replica.is_current():
        try:
            answer = once(replica.engine)
        except NotFound:
            pass
        except AWAY as error:
            replica.set_aside(error)
        else:
            READS.labels("replica").inc()
            return answer
        del visit.response.headers["set-cookie"]
    READS.labels("primary").inc()
    return once(engine())
