"""How a request becomes a transaction: one thread, one session, one caller.

`TransactionalRoute` wraps an endpoint so that, in the endpoint's own thread, the session opens, the
caller is identified, the route's declared access is checked, the endpoint runs, and the
transaction commits before the answer leaves. An answer of 400 or above rolls back, as raising
does. (A yield dependency would commit after the answer and cost a thread hop of its own.) What is
only read, by GET, needs no transaction.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute, APIRouter, iter_route_contexts
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.routing import Match
from starlette.types import Scope

from core.database import engine, for_reading
from core.errors import Invalid
from core.web.caller import Access
from core.web.replica_reads import read_from_replica
from core.web.visit import Reading, Visit, Visiting


class TransactionalRoute(APIRoute):
    """A route that declares its access and runs as one transaction (see the module)."""

    access: Access

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        access = getattr(endpoint, "__access__", None)
        if not isinstance(access, Access):
            raise TypeError(f"{endpoint.__qualname__} does not declare who may call it")
        self.access = access
        is_read = set(options.get("methods") or ("GET",)) == {"GET"}
        super().__init__(path, _in_one_transaction(endpoint, access, is_read), **options)
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


class Router(APIRouter):
    """Routes that declare their access. Asked for a path that none of its own can be, it says so
    without trying them one by one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=TransactionalRoute, **options)
        self._starts: frozenset[str] | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As inherited."""
        if self._starts is None:
            self._starts = frozenset(self._starts_of_all())
        if "" not in self._starts and _start(scope["path"]) not in self._starts:
            return Match.NONE, {}
        return super().matches(scope)

    def _starts_of_all(self) -> Iterator[str]:
        for context in iter_route_contexts(self.routes):
            yield _start(str(getattr(context.original_route, "path", "")))


def _start(path: str) -> str:
    """The first part of a path that tells it from others; empty where that may be anything."""
    first = path.removeprefix("/api/v1").split("/")[1:2]
    return "" if not first or "{" in first[0] else first[0]


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


def _in_one_transaction(
    endpoint: Callable[..., Any], access: Access, is_read: bool
) -> Callable[..., Any]:
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
        once = functools.partial(run_once, visit, access, functools.partial(endpoint, **arguments))
        if lags:
            return read_from_replica(visit, once)
        return once(for_reading(engine()) if is_read else engine())

    if asked is None:
        parameters.append(
            inspect.Parameter("_visit", inspect.Parameter.KEYWORD_ONLY, annotation=Visiting)
        )
    keywords = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    run.__signature__ = signature.replace(parameters=keywords)  # type: ignore[attr-defined]
    return run


def run_once(visit: Visit, access: Access, call: Callable[[], Any], database: Engine) -> Any:
    with Session(database, expire_on_commit=False) as session:
        visit._session = session
        try:
            caller = visit.request.app.state.identify(session, visit.request)
            visit.caller = access.admit(caller)
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
