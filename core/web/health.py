"""Is the process up, can it serve, and how is it doing."""

import ipaddress

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from core.crypto import WrongKey
from core.errors import NotFound
from core.lookup import check_key
from core.web.caller import public
from core.web.lanes import at_once, from_memory
from core.web.transactions import Router
from core.web.visit import Visiting

router = Router(include_in_schema=False)


@router.get("/healthz")
@public
@at_once
def healthz() -> Response:
    """The process answers."""
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz")
@public
def readyz(visit: Visiting) -> Response:
    """The process can serve: the database answers, SECRET_KEYS opens it, and everything that is
    needed is loaded."""
    try:
        check_key(visit.session)
    except WrongKey as error:
        return Response(f"{error}\n", 503, media_type="text/plain")
    waiting = [name for name, ready in visit.request.app.state.readiness.items() if not ready()]
    if waiting:
        return Response(f"waiting for {', '.join(waiting)}\n", 503, media_type="text/plain")
    return Response("ready\n", media_type="text/plain")


@router.get("/metrics")
@public
@from_memory
def metrics(visit: Visiting) -> Response:
    """Prometheus' text format; answered on loopback only, and not through a proxy."""
    client = visit.request.client
    proxied = {"x-forwarded-for", "forwarded"} & set(visit.request.headers)
    if proxied or client is None or not _is_loopback(client.host):
        raise NotFound
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
