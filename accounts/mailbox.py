"""The demo's mailbox: what was sent, for everyone to see. Only the demo has its routes."""

import re
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from fastapi import Request, Response

from core.errors import NotFound
from core.mail import Mail, find_letter, find_letters
from core.start_up import is_loopback
from core.web.caller import public
from core.web.formats import short_when
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting
from core.web.zones import reader_zone

router = Router(include_in_schema=False)

SHOWN = 50
_CODE = re.compile(r"^\s*(\d{6}|\w{4}-\w{4}-\w{4})\s*$", re.MULTILINE)
_PRIVATE = {"Cache-Control": "no-store"}


@router.get("/demo/mailbox")
@public
def mailbox(visit: Visiting, to: str = "") -> Response:
    """The newest 50 letters, of one recipient where `to` names one."""
    _refuse_other_names(visit.request)
    recipient = to.strip().lower()
    zone = reader_zone(visit.request)
    return render(
        visit,
        "accounts/mailbox.html",
        headers=_PRIVATE,
        to=recipient,
        letters=[_shown(mail, zone) for mail in find_letters(visit.session, recipient, SHOWN)],
        most=SHOWN,
        here="/demo/mailbox?" + urlencode({"to": recipient}),
    )


@router.get("/demo/mailbox/{mail_id}/calendar.ics")
@public
def calendar(visit: Visiting, mail_id: UUID) -> Response:
    """The calendar entry that came with a letter."""
    _refuse_other_names(visit.request)
    mail = find_letter(visit.session, mail_id)
    if mail is None or mail.calendar is None:
        raise NotFound
    return Response(
        mail.calendar,
        media_type=f"text/calendar; charset=utf-8; method={mail.calendar_method or 'REQUEST'}",
        headers={"Content-Disposition": 'attachment; filename="invite.ics"', **_PRIVATE},
    )


def _refuse_other_names(request: Request) -> None:
    """A site whose name leads to this machine (DNS rebinding) would share an origin with us, and
    could read the codes. Raises NotFound."""
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        host = None
    if not is_loopback(host or ""):
        raise NotFound


def _shown(mail: Mail, zone: str) -> dict[str, Any]:
    code = _CODE.search(mail.text)
    return {
        "id": mail.id,
        "recipient": mail.recipient,
        "only_theirs": "/demo/mailbox?" + urlencode({"to": mail.recipient}),
        "subject": mail.subject,
        "at": short_when(mail.created_at, zone),
        "code": code.group(1) if code else "",
        "text": mail.text.strip(),
        "calendar_url": f"/demo/mailbox/{mail.id}/calendar.ics" if mail.calendar else "",
        "state": _state(mail),
    }


def _state(mail: Mail) -> str:
    if mail.refused_at:
        return "refused"
    return "sent" if mail.sent_at else "on its way"
