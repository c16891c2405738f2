"""Around every request: an id, security headers, a same-site check, one log line, the metrics.

One plain ASGI class rather than a stack of wrappers: each costs time on every request.
"""

import time
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.database import uuid7
from core.settings import settings

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


class House:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        scope["request_id"] = request_id = uuid7().hex[-12:]
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            refused = refuse_cross_site(scope)
            if refused is not None:
                await refused(scope, receive, send_with_headers)
            else:
                await self.app(scope, receive, send_with_headers)
        finally:
            _record(scope, request_id, status, time.perf_counter() - started)


def _add_headers(headers: MutableHeaders, request_id: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if settings().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    headers["X-Request-ID"] = request_id
    # Pages differ by who looks at them and some are private: nothing is kept unless it says so.
    headers.setdefault("Cache-Control", "no-store")


def refuse_cross_site(scope: Scope) -> Response | None:
    """A changing request must come from our own pages or from a client that is no browser.

    Browsers send Sec-Fetch-Site; older ones at least Origin. See OWASP's CSRF cheat sheet,
    "Fetch Metadata headers".
    """
    if scope["method"] in SAFE:
        return None
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        same = site in ("same-origin", "none")
    elif origin is not None:
        ours = {headers.get("host", ""), urlsplit(settings().public_url).netloc}
        same = urlsplit(origin).netloc in ours
    else:
        same = True
    if same:
        return None
    detail = "This came from another site, so nothing was changed. Open Openchair and try again."
    if scope["path"].startswith("/api/"):
        body = {
            "type": "about:blank",
            "title": "Not allowed",
            "status": 403,
            "detail": detail,
            "code": "cross_site",
        }
        return JSONResponse(body, 403, media_type="application/problem+json")
    return PlainTextResponse(detail, 403)


def _record(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    route = route_of(scope)
    REQUESTS.labels(scope["method"], route, status).inc()
    SECONDS.labels(route).observe(seconds)
    if route not in ("/healthz", "/readyz", "/static"):
        log.info(
            "request",
            id=request_id,
            method=scope["method"],
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
