"""Alerts: asked for below a search, then confirmed, renewed and ended through the link in the mail.

Whoever has the link may use it; it was sent to one address only. GET never changes anything, for
mail programs open links by themselves.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from core.errors import Conflict, Invalid
from core.web import flash, formats
from core.web.caller import public, signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from core.web.zones import DEFAULT, reader_zone
from directory import alerts, presenters
from directory.addresses import address_of
from directory.models import SearchAlert
from directory.search import GROUPS, SearchQuery, read_kindly
from directory.search.query import RANGES
from directory.taxonomy import STATES

router = Router(include_in_schema=False)

ENDED = flash.declare("alert-ended", "The alert has ended. We write no more about it.")

_PRIVATE: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_FILTERS: Final = {*GROUPS, *RANGES}
_STATES: Final = [(code, state.name) for code, state in STATES.items()]


@router.get("/alerts")
@public
def offer(visit: Visiting) -> Response:
    """The form for the search that the address asks, which stands below the results, too."""
    query, _ = read_kindly(
        pair for pair in visit.request.query_params.multi_items() if pair[0] in _FILTERS
    )
    return _form(visit, "", query, [])


@router.post("/alerts")
@public
def ask(
    visit: Visiting,
    email: Annotated[str, Form(max_length=2000)] = "",
    search: Annotated[str, Form(max_length=8000)] = "",
    state: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Ask for an alert of `search` (as an address asks it), from anyone for any mailbox. The page
    that follows is the same whether the address is known or not."""
    pairs = [*parse_qsl(search), *([("state", state)] if state else [])]
    query, _ = read_kindly(pair for pair in pairs if pair[0] in _FILTERS)
    try:
        address = alerts.request_alert(
            visit.session, email, query, _zone(visit, query), visit.site, visit.now
        )
    except Invalid as error:
        return _form(visit, email, query, error.extra["errors"])
    return render(
        visit,
        "directory/alerts/sent.html",
        headers=_PRIVATE,
        email=address,
        chosen=_in_words(query),
        back_url=address_of(query),
        days=alerts.LASTS.days,
    )


@router.get("/alerts/{token}")
@public
def show(visit: Visiting, token: str) -> Response:
    """What the alert is for and until when; before it is confirmed, the button that does it."""
    alert = alerts.find_alert(visit.session, token, visit.now)
    return _page(visit, alert) if alert else _ended(visit, 404)


@router.get("/alerts/{token}/search")
@public
def show_search(visit: Visiting, token: str) -> Response:
    """On to the results: letters link here, so that no condition stands in their addresses."""
    alert = alerts.find_alert(visit.session, token, visit.now)
    if alert is None:
        return _ended(visit, 404)
    query, _ = read_kindly(parse_qsl(alert.search))
    return RedirectResponse(address_of(query), 303, headers=_PRIVATE)


@router.post("/alerts/{token}/confirm")
@public
def confirm(visit: Visiting, token: str) -> Response:
    """From now on there are letters."""
    alert = alerts.find_alert(visit.session, token, visit.now)
    if alert is None:
        return _ended(visit, 404)
    try:
        alerts.confirm(visit.session, alert, visit.now)
    except Conflict as error:
        return _page(visit, alert, error.message, 409)
    return RedirectResponse(f"/alerts/{token}", 303)


@router.post("/alerts/{token}/renew")
@public
def renew(visit: Visiting, token: str) -> Response:
    """As long again from today. One that nobody confirmed is not kept longer by this."""
    alert = alerts.find_alert(visit.session, token, visit.now)
    if alert is None or alert.confirmed_at is None:
        return _ended(visit, 404)
    alerts.renew(visit.session, alert, visit.now)
    return RedirectResponse(f"/alerts/{token}{flash.SAVED}", 303)


@router.get("/alerts/{token}/end")
@public
def ask_end(visit: Visiting, token: str) -> Response:
    """A button, for whoever followed the link in a letter."""
    alert = alerts.find_alert(visit.session, token, visit.now)
    if alert is None:
        return _ended(visit, 404)
    return render(visit, "directory/alerts/end.html", headers=_PRIVATE, url=f"/alerts/{token}")


@router.post("/alerts/{token}/end")
@public
def end(visit: Visiting, token: str) -> Response:
    """End it: by that button, or by a mail program's own (RFC 8058), which sends no cookie and
    may send twice."""
    alerts.end(visit.session, token)
    return _ended(visit, 200)


@router.post("/account/alerts/{alert_id}/end")
@signed_in
def end_own(visit: Visiting, alert_id: UUID) -> Response:
    """End one of the signed-in person's alerts, from their list."""
    alerts.end_own(visit.session, visit.caller.email or "", alert_id)
    return RedirectResponse(f"/appointments{ENDED}", 303)


def _zone(visit: Visit, query: SearchQuery) -> str:
    states = query.choices.get("state", ())
    return reader_zone(visit.request, STATES[states[0]].zone if states else DEFAULT)


def _form(
    visit: Visit, email: str, query: SearchQuery, errors: Sequence[dict[str, str]]
) -> Response:
    """What was typed, and what is missing."""
    return render(
        visit,
        "directory/alerts/ask.html",
        422 if errors else 200,
        headers=_PRIVATE,
        email=email,
        search=alerts.search_text(query),
        states=[] if query.choices.get("state") else _STATES,
        chosen=_in_words(query),
        errors=errors,
        days=alerts.LASTS.days,
    )


def _page(visit: Visit, alert: SearchAlert, refusal: str = "", status: int = 200) -> Response:
    query, _ = read_kindly(parse_qsl(alert.search))
    name = "confirm" if alert.confirmed_at is None else "alert"
    return render(
        visit,
        f"directory/alerts/{name}.html",
        status,
        headers=_PRIVATE,
        url=f"/alerts/{alert.token}",
        email=alert.email,
        chosen=_in_words(query),
        refusal=refusal,
        asked_on=_day(alert.created_at, alert.zone),
        ends_on=_day(alert.ends_at, alert.zone),
        told_on=_day(alert.told_at, alert.zone) if alert.told_at else "",
        days=alerts.LASTS.days,
    )


def _in_words(query: SearchQuery) -> list[str]:
    return [chip["label"] for chip in presenters.chips(query)]


def _day(at: datetime, zone: str) -> str:
    return formats.full_date(formats.local_date(at, zone))


def _ended(visit: Visit, status: int) -> Response:
    """Nothing is sent, whether it was ended now, earlier, or never was."""
    return render(visit, "directory/alerts/ended.html", status, headers=_PRIVATE)
