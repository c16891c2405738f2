"""Around every request: an id, security headers, a same-site check, one log line, the metrics.

One plain ASGI class rather than a stack of wrappers: each costs time on every request.
"""

import time
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.database import uuid7
from core.errors import NotAllowed
from core.settings import settings
from core.web.problems import log_unhandled, respond, respond_500

log = structlog.get_logger("openchair.request")

REQUESTS = Counter("openchair_requests_total", "Answers given", ["method", "route", "status"])
SECONDS = Histogram(
    "openchair_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}
SAFE = {"GET", "HEAD", "OPTIONS"}
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE"}


class CrossSite(NotAllowed):
    code = "cross_site"
    message = "This came from another site, so nothing was changed. Open Openchair and try again."


class RequestMiddleware:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        # A copy: inside, HEAD is a GET whose body is then dropped; outside, it stays a HEAD.
        is_head = scope["method"] == "HEAD"
        scope = {**scope, "request_id": uuid7().hex[-12:]}
        if is_head:
            scope["method"] = "GET"
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(MutableHeaders(scope=message), scope, status)
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            if is_cross_site(scope):
                await respond(Request(scope), CrossSite())(scope, receive, send_with_headers)
            else:
                await self.app(scope, receive, send_with_headers)
        except Exception as error:
            # Caught here, not by the framework's own layer further out, which would answer
            # without our headers and hand the exception (with people's data) to the server's log.
            log_unhandled(error, scope["request_id"])
            if status:
                raise Cut from None  # half an answer is out; the server closes the connection
            await respond_500(Request(scope))(scope, receive, send_with_headers)
        finally:
            _record(scope, status or 500, time.perf_counter() - started)


class Cut(Exception):
    """An answer broke off after it had begun."""


def _add_headers(headers: MutableHeaders, scope: Scope, status: int) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if settings().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    headers["X-Request-ID"] = scope["request_id"]
    # Whoever brings no cookie and gets none saw a public page: the browser may keep it for its
    # back button, and asks again otherwise. All else is nobody's to keep, unless it says so.
    is_public = status == 200 and scope["method"] == "GET" and "set-cookie" not in headers
    is_public = is_public and _is_unknown(Headers(scope=scope))
    headers.setdefault("Cache-Control", "private, no-cache" if is_public else "no-store")


def _is_unknown(headers: Headers) -> bool:
    cookies = cookie_parser(headers.get("cookie", ""))
    return "authorization" not in headers and not (cookies.keys() - {"zone"})


def is_cross_site(scope: Scope) -> bool:
    """Whether a changing request comes from another site's page.

    Ours come from our own pages, or from a client that is no browser. Browsers send
    Sec-Fetch-Site; older ones at least Origin. See OWASP's CSRF cheat sheet, "Fetch Metadata
    headers".
    """
    if scope["method"] in SAFE:
        return False
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    if origin is not None:
        ours = {headers.get("host", ""), urlsplit(settings().public_url).netloc} - {""}
        return _host_of(origin) not in ours
    return False


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _record(scope: Scope, status: int, seconds: float) -> None:
    route = route_of(scope)
    # Methods and routes are of a known set: a label per invention would fill the memory.
    method = scope["method"] if scope["method"] in METHODS else "other"
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(route).observe(seconds)
    if route not in ("/healthz", "/readyz", "/static"):
        log.info(
            "request",
            id=scope["request_id"],
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
        )


def route_of(scope: Scope) -> str:
    """The route's template ("/providers/{slug}"), never the path: paths can name people."""
    if scope["path"].startswith("/static/"):
        return "/static"
    route = scope.get("route")
    return str(getattr(route, "path", "unmatched"))
