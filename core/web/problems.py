"""Errors as answers: problem+json (RFC 9457) under /api, a helpful page elsewhere."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, create_model
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from core.errors import (
    ConfirmationNeeded,
    Conflict,
    DomainError,
    FactorMissing,
    FactorNeeded,
    InsufficientStorage,
    Invalid,
    NotAllowed,
    NotFound,
    SignInNeeded,
    TooMany,
    Unavailable,
    is_disk_full,
    status_of,
)
from core.web.templates import render_bare

log = structlog.get_logger("openchair.errors")


class FieldProblem(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details; `code` is stable, `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = None


_members: dict[str, Any] = {}


def declare_member(name: str, kind: Any) -> None:
    """Some problems say more (RFC 9457's extension members): for the API's description."""
    _members[name] = (kind | None, None)


def described_problem() -> type[Problem]:
    """The shape of every problem, with all members that packages declared."""
    made: type[Problem] = create_model(
        "Problem",
        __base__=Problem,
        __doc__=Problem.__doc__,
        **_members,
        retry_after=(int | None, None),
    )
    return made


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for a route's problem answers (every API route names its own)."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


TITLES = {
    400: "Refused",
    401: "Sign in needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Expired",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported kind of content",
    422: "Invalid input",
    429: "Too many requests",
    500: "Our mistake",
    503: "Unavailable",
    507: "Insufficient storage",
}


def is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def respond(request: Request, error: DomainError) -> Response:
    """The answer to an error: JSON for the API, a page (or the way to sign in) for people."""
    status = status_of(error)
    headers = {}
    if isinstance(error, TooMany | Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if is_api(request):
        return _problem(status, error.code, error.message, error.extra, headers)
    if isinstance(error, SignInNeeded | FactorNeeded | ConfirmationNeeded):
        return _ask_who(request, error)
    return render_bare(
        request,
        "errors/error.html",
        status=status,
        headers=headers,
        heading=HEADINGS.get(status, "That did not work"),
        detail=error.message,
        actions=[
            {"url": "/find", "label": "Find someone with time"},
            {"url": "/", "label": "Start page"},
        ],
        request_id=request.scope.get("request_id", ""),
    )


def _ask_who(request: Request, error: DomainError) -> Response:
    """The way to prove who one is, and back; what was typed goes along."""
    is_get = request.method == "GET"
    back = request.url.path if is_get else "/"
    if is_get and request.url.query:
        back += "?" + request.url.query
    if isinstance(error, FactorMissing):
        return RedirectResponse("/account/factors?notice=factor-needed", status_code=303)
    if isinstance(error, ConfirmationNeeded) and not is_get:
        context = {"next": request.url.path, "typed": _typed(request)}
        return render_bare(request, "errors/confirm.html", status=403, headers={}, **context)
    way = "/sign-in" if isinstance(error, SignInNeeded) else "/confirm"
    return RedirectResponse(f"{way}?next={quote(back)}", status_code=303)


def _typed(request: Request) -> str:
    """The form that came with a request, as JSON pairs; without its files."""
    read = request.scope.get("read_request", request)  # from it the endpoint's parameters came
    form = getattr(read, "_form", None)
    pairs = form.multi_items() if form is not None else []
    return json.dumps([pair for pair in pairs if isinstance(pair[1], str)])


HEADINGS = {
    403: "This page is not for your account",
    404: "We cannot find that page",
    405: "That did not work",
    409: "That has just changed",
    410: "That has expired",
    412: "That has just changed",
    413: "That file is too large",
    422: "Something needs another look",
    429: "Please wait a little",
    500: "Something went wrong on our side",
    503: "Openchair is away for a moment",
    507: "There is no room for that file",
}


def _problem(
    status: int, code: str, detail: str, extra: Mapping[str, Any], headers: Mapping[str, str]
) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
        "code": code,
        **jsonable_encoder(extra),
    }
    return JSONResponse(body, status, headers=dict(headers), media_type="application/problem+json")


def _from_validation(error: RequestValidationError) -> Invalid:
    fields = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"] if part not in ("body", "query"))
        message = str(problem["msg"]).removeprefix("Value error, ")
        fields.append((_printable(where) or "body", _printable(message)))
    return Invalid(fields)


def _printable(text: str) -> str:
    """Names and messages may repeat what was sent, such as half a surrogate pair."""
    return text[:200].encode(errors="replace").decode()


_HTTP_KINDS: dict[int, type[DomainError]] = {401: SignInNeeded, 403: NotAllowed, 404: NotFound}


_CODES = {405: "method_not_allowed", 413: "too_large", 415: "unsupported_content"}


def add_error_handlers(app: FastAPI) -> None:
    """Map the exceptions that are foreseen to one of the two kinds of answer; House does the
    rest."""

    @app.exception_handler(DomainError)
    async def domain(request: Request, error: DomainError) -> Response:
        return respond(request, error)

    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, error: RequestValidationError) -> Response:
        return respond(request, _from_validation(error))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return _from_framework(request, error)

    @app.exception_handler(StatementError)
    async def database(request: Request, error: StatementError) -> Response:
        return respond(request, _from_database(error))

    @app.exception_handler(UnicodeEncodeError)
    async def unpaired(request: Request, error: UnicodeEncodeError) -> Response:  # noqa: ARG001
        return respond(request, _unstorable())

    @app.exception_handler(ClientDisconnect)
    async def hung_up(request: Request, error: ClientDisconnect) -> Response:  # noqa: ARG001
        return Response(status_code=400)  # nobody is there to read it

    @app.exception_handler(PoolTimeout)
    async def pool(request: Request, error: PoolTimeout) -> Response:  # noqa: ARG001
        return respond(request, Unavailable())


def _from_framework(request: Request, error: HTTPException) -> Response:
    """What the framework itself refuses: an unknown path, a method, a kind of content."""
    if is_disk_full(error.__cause__):  # while it kept a large body
        return respond(request, InsufficientStorage())
    kind = _HTTP_KINDS.get(error.status_code)
    if kind is not None:
        return respond(request, kind())
    if is_api(request):
        title = TITLES.get(error.status_code, "Refused")
        code = _CODES.get(error.status_code, "refused")
        return _problem(error.status_code, code, title + ".", {}, error.headers or {})
    return render_bare(
        request,
        "errors/error.html",
        status=error.status_code,
        headers=dict(error.headers or {}),
        heading=HEADINGS.get(error.status_code, "That did not work"),
        detail="Go back and try it another way.",
        actions=[{"url": "/", "label": "Start page"}],
        request_id=request.scope.get("request_id", ""),
    )


def _unstorable() -> Invalid:
    """For text that no database keeps: a NUL, or half a surrogate pair."""
    return Invalid([("body", "A value cannot be stored: is there a stray character?")])


def _from_database(error: StatementError) -> DomainError:
    """What a refused statement means for the person: a race lost, or a database away.

    Raises the error again where it is our mistake.
    """
    original = error.orig
    if isinstance(original, psycopg.DataError | UnicodeEncodeError):
        return _unstorable()
    if isinstance(
        original,
        psycopg.errors.ExclusionViolation
        | psycopg.errors.DeadlockDetected
        | psycopg.errors.SerializationFailure
        | psycopg.errors.UniqueViolation,
    ):
        return Conflict()
    is_away = isinstance(error, OperationalError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
    # What waited longer than `REQUEST_LIMITS` is an OperationalError, too; but for this one.
    if is_away or isinstance(original, psycopg.errors.IdleInTransactionSessionTimeout):
        log.warning("database_away", kind=type(original).__name__)
        return Unavailable()
    raise error


def respond_500(request: Request) -> Response:
    message = "We have been told. Nothing you entered was kept half-way; please try again."
    if is_api(request):
        return _problem(500, "our_mistake", message, {}, {})
    return render_bare(
        request,
        "errors/error.html",
        status=500,
        headers={},
        heading=HEADINGS[500],
        detail=message,
        actions=[{"url": "/", "label": "Start page"}],
        request_id=request.scope.get("request_id", ""),
    )


def log_unhandled(error: Exception, request_id: str) -> None:
    """One line for an error that nobody foresaw, with where it happened."""
    log.error("unhandled", id=request_id, kind=type(error).__name__, exc_info=error)
