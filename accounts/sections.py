"""The admin's pages that stand side by side, as tabs."""

from typing import Any, Final

from core.mail import count_refused
from core.web.visit import Visit

DESK: Final = "/admin"
PEOPLE: Final = "/admin/people"
AUDIT: Final = "/admin/audit"
LETTERS: Final = "/admin/letters"


def sections(visit: Visit, current: str) -> list[dict[str, Any]]:
    """Items for the macro `tabs`. Letters are among them only while some were refused, or where
    one looks at them."""
    refused = count_refused(visit.session)
    pages: list[tuple[str, str, int | None]] = [
        (DESK, "Desk", None),
        (PEOPLE, "People", None),
        (AUDIT, "Audit log", None),
    ]
    if refused or current == LETTERS:
        pages.append((LETTERS, "Emails refused", refused))
    return [
        {"url": url, "label": label, "count": number, "current": url == current}
        for url, label, number in pages
    ]
