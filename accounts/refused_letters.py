"""Letters that a mail server refused for good, as admins see them: to which servers, and why."""

from datetime import UTC
from typing import Any, Final

from fastapi import Response

from accounts.sections import LETTERS, sections
from core.mail import Mail, find_refused
from core.web.caller import ADMIN, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting

router = Router(include_in_schema=False)

SHOWN = 100

# RFC 5321, 4.2.3; what most servers mean by them.
_MEANINGS: Final = {
    550: "There is no such mailbox, or it takes nothing from us.",
    551: "The mailbox has moved.",
    552: "The mailbox is full, or the letter is too large.",
    553: "The address is not a possible one.",
    554: "Refused, often as unwanted mail.",
    556: "This domain takes no mail.",
}


@router.get("/admin/letters")
@allow(ADMIN)
def refused_letters(visit: Visiting) -> Response:
    """The newest hundred of the last 30 days, without addresses or anything that was written."""
    found = find_refused(visit.session, SHOWN)
    letters = [_shown(one) for one in found]
    return render(
        visit, "accounts/letters.html", sections=sections(visit, LETTERS), letters=letters
    )


def _shown(mail: Mail) -> dict[str, Any]:
    return {
        "written": f"{mail.created_at.astimezone(UTC):%Y-%m-%d %H:%M}",
        "refused": f"{mail.refused_at.astimezone(UTC):%Y-%m-%d %H:%M}" if mail.refused_at else "",
        "domain": mail.recipient.rpartition("@")[2],
        "code": mail.refusal_code,
        "meaning": _MEANINGS.get(mail.refusal_code or 0, "Refused for good."),
    }
