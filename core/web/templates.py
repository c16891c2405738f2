"""Jinja pages. What every template may use is set here; undefined names raise."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.settings import settings
from core.web import flash, formats
from core.web.caller import NOBODY
from core.web.visit import Visit

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"


JOINED: Final = {
    "css/site.css": ("css/tokens.css", "css/base.css", "css/components.css", "css/pages.css"),
}
"""Files that every page needs, sent as one: a request for each would cost a phone more than they
weigh."""


def read_static(name: str) -> bytes:
    """A file of ours as it is sent."""
    return b"".join((STATIC / part).read_bytes() for part in JOINED.get(name, (name,)))


@lru_cache(maxsize=256)
def asset(name: str) -> str:
    """The address of a static file, versioned by its content so that it can be cached forever."""
    content = hashlib.sha256(read_static(name)).hexdigest()[:10]
    return f"/static/{name}?v={content}"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one Jinja environment."""
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(default=True, disabled_extensions=("txt",)),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.globals["asset"] = asset
    env.filters.update(formats.FILTERS)
    return env


def render(
    visit: Visit,
    template: str,
    /,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page for the caller of `visit`."""
    page = environment().get_template(template)
    html = page.render(**_shared(visit.request, visit.caller), **context)
    return HTMLResponse(html, status, headers=dict(headers or {}))


def render_bare(
    request: Request, template: str, /, status: int, headers: Mapping[str, str], **context: Any
) -> HTMLResponse:
    """A page where no session is at hand (errors)."""
    page = environment().get_template(template)
    html = page.render(**_shared(request, NOBODY), **context)
    return HTMLResponse(html, status, headers=dict(headers))


def text(template: str, /, **context: Any) -> str:
    """A template that is not a page: the body of a mail."""
    return environment().get_template(template).render(**context)


_STAFF_PAGES = ("/admin", "/provider", "/account")
_GOES_WITHOUT = (
    "This is the demo, so you may go on without a second step at sign-in and are not asked again"
    " who you are. A real installation asks admins and providers for both."
)


def _shared(request: Request, caller: Any) -> dict[str, Any]:
    said = flash.asked_for(request)
    notices = [{"kind": "done", "text": said}] if said else []
    if caller.goes_without and request.url.path in _STAFF_PAGES:
        notices.append({"kind": "warn", "text": _GOES_WITHOUT})
    return {
        "caller": caller,
        "path": request.url.path,
        "demo": settings().demo,
        "contact": settings().contact,
        "page_title": "Openchair",
        "notices": notices,
    }
