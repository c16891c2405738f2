"""How a request becomes a transaction: one thread, one session, one caller.

`TransactionalRoute` wraps an endpoint so that, in the endpoint's own thread, the session opens, the
caller is identified, the route's declared access is checked, the endpoint runs, and the
transaction commits before the answer leaves. An answer of 400 or above rolls back, as raising
does. (A yield dependency would commit after the answer and cost a thread hop of its own.) What is
only read, by GET, needs no transaction. Which threads run it: `core.web.lanes`.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Form, ParamTypes
from fastapi.routing import APIRoute, APIRouter, iter_route_contexts
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from core.database import (
    NeedsDatabase,
    WithoutDatabase,
    for_reading,
    request_engine,
    within_request,
)
from core.errors import DomainError, Invalid
from core.web.bodies import (
    FORM_LIMITS,
    BodyLimit,
    check_json,
    limit_of,
    limited,
    refuse_announced,
)
from core.web.caller import Access
from core.web.lanes import Lane, is_at_once, is_from_memory, run_in
from core.web.replica_reads import read_from_replica
from core.web.visit import Reading, Visit, Visiting


class TransactionalRoute(APIRoute):
    """A route that declares its access and runs as one transaction (see the module)."""

    access: Access
    limit: BodyLimit

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        access = getattr(endpoint, "__access__", None)
        if not isinstance(access, Access):
            raise TypeError(f"{endpoint.__qualname__} does not declare who may call it")
        self.access = access
        self.limit = limit_of(endpoint, path)
        options.setdefault("form_limits", FORM_LIMITS)
        is_read = set(options.get("methods") or ("GET",)) == {"GET"}
        is_open_read = access.anyone and is_read
        if (is_from_memory(endpoint) or is_at_once(endpoint)) and not is_open_read:
            raise TypeError(f"{endpoint.__qualname__}: only public GETs may do without a database")
        super().__init__(path, _in_one_transaction(endpoint, access, is_read), **options)
        if may_lag(endpoint) and not (access.anyone and self.methods == {"GET"}):
            raise TypeError(f"{endpoint.__qualname__}: only public GETs may read from a replica")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As inherited; what is too large is refused, and by API routes query parameters that they
        do not know."""
        handle = super().get_route_handler()
        is_api = self.path.startswith("/api/")
        known = _query_parameters(self) if is_api else frozenset()
        reads_json = is_api and self.body_field is not None and not _is_form(self)

        async def bounded(request: Request) -> Response:
            if is_api and (strange := [n for n in request.query_params if n not in known]):
                raise Invalid([(_shown(name), "There is no such parameter.") for name in strange])
            refuse_announced(request, self.limit)
            receive = limited(request.receive, self.limit)
            request = Request(request.scope, receive, request._send)
            request.scope["read_request"] = request
            if reads_json:
                check_json(await request.body(), self.limit)
            try:
                return await handle(request)
            except HTTPException as error:
                if isinstance(error.__cause__, DomainError):  # FastAPI calls it 400
                    raise error.__cause__ from None
                raise

        return bounded


def _is_form(route: APIRoute) -> bool:
    return route.body_field is not None and isinstance(route.body_field.field_info, Form)


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
    answer = _way_of(endpoint, access, is_read)

    async def run(**arguments: Any) -> Any:
        visit: Visit = arguments[asked] if asked else arguments.pop("_visit")
        return await answer(visit, functools.partial(endpoint, **arguments))

    # Not `functools.wraps`: what it would name as wrapped does not run on the event loop.
    for name in ("__module__", "__name__", "__qualname__", "__doc__", "__access__"):
        setattr(run, name, getattr(endpoint, name))
    if asked is None:
        parameters.append(
            inspect.Parameter("_visit", inspect.Parameter.KEYWORD_ONLY, annotation=Visiting)
        )
    keywords = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    run.__signature__ = signature.replace(parameters=keywords)  # type: ignore[attr-defined]
    return run


Call = Callable[[], Any]
Way = Callable[[Visit, Call], Awaitable[Any]]


def _way_of(endpoint: Callable[..., Any], access: Access, is_read: bool) -> Way:
    """How an endpoint is run: in which lane, and with which database."""
    if is_at_once(endpoint):
        return _at_once
    lags, is_kept = may_lag(endpoint), is_from_memory(endpoint)
    lane = Lane.READING if is_read else Lane.CHANGING

    def in_thread(visit: Visit, call: Call) -> Any:
        once = functools.partial(run_once, visit, access, call)
        if lags:
            return read_from_replica(visit, once)
        return once(for_reading(request_engine()) if is_read else request_engine())

    async def answer(visit: Visit, call: Call) -> Any:
        if is_kept and visit.is_strangers:
            try:
                return await run_in(Lane.MEMORY, functools.partial(run_from_memory, visit, call))
            except NeedsDatabase:
                visit.start_over()
        return await run_in(lane, functools.partial(in_thread, visit, call))

    return answer


async def _at_once(_: Visit, call: Call) -> Any:
    return call()


def run_once(visit: Visit, access: Access, call: Call, database: Engine) -> Any:
    """Who calls, whether they may, and the endpoint's answer, in one transaction."""
    with within_request(), Session(database, expire_on_commit=False) as session:
        visit._session = session
        try:
            caller = visit.request.app.state.identify(session, visit.request)
            visit.caller = access.admit(caller)
            answer = _with_cookies(visit, call())
            if isinstance(answer, Response) and answer.status_code >= 400:
                session.rollback()
                return answer
            session.commit()
            return answer
        finally:
            visit._session = None


def run_from_memory(visit: Visit, call: Call) -> Any:
    """A stranger's answer. Raises NeedsDatabase."""
    with WithoutDatabase() as session:
        visit._session = session
        try:
            return _with_cookies(visit, call())
        finally:
            visit._session = None


def _with_cookies(visit: Visit, answer: Any) -> Any:
    if isinstance(answer, Response):
        answer.raw_headers.extend(
            header for header in visit.response.raw_headers if header[0] == b"set-cookie"
        )
    return answer
