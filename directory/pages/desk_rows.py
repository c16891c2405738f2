"""The lines of the desk's table, in ready words."""

import zlib
from collections.abc import Sequence
from typing import Any, Final

from core.web import formats
from core.web.visit import Visit
from directory.credentials.cases import Case
from directory.credentials.views import Asked
from directory.listings.listing import TINTS, monogram
from directory.pages.desk_address import query_of
from directory.rules.requirements import Lack, Mark
from directory.taxonomy import CREDENTIAL_KINDS

SHORT_KINDS: Final = {
    "npi": "NPI",
    "state_license": "Licence",
    "board_certification": "Board",
    "dea": "DEA",
}
_STANDINGS: Final = {
    "verified": "verified",
    "pending": "waiting for us",
    "expired": "expired",
    "refused": "refused",
    "missing": "missing",
}
_LACKS: Final = {
    "no_services": "Services",
    "no_hours": "Hours",
    "no_meeting_link": "Meeting link",
    "not_attested": "Confirmation",
    "suspended": "Suspended",
    "closed": "Closed",
}
# Columns: (title, by what it sorts, or "" where it does not).
_NAME, _PROFESSION, _STATES, _CREDENTIALS = (
    ("Name", "name"),
    ("Profession", "profession"),
    ("States", "state"),
    ("Credentials", ""),
)
_LONGEST_STATES: Final = 4
_LINE: Final = 24
"""Characters of a name that stay in one line; a longer one breaks, for a name is never cut."""


def headings(asked: Asked, *, is_sorted: bool) -> list[dict[str, str]]:
    """A column's title, the address that sorts by it, or turns that order round, and `aria-sort`;
    both empty where it cannot be sorted."""
    by_age = asked.view not in ("expiring", "overdue")
    columns = [
        _NAME,
        _PROFESSION,
        _STATES,
        _CREDENTIALS,
        ("Days", "place" if by_age else ""),
        ("Due", "" if by_age else "place"),
        ("With", "who"),
    ]
    may_sort = is_sorted and asked.view != "everyone"
    return [_heading(title, key if may_sort else "", asked) for title, key in columns]


def _heading(title: str, key: str, asked: Asked) -> dict[str, str]:
    if not key:
        return {"title": title, "url": "", "sort": ""}
    now = {key: "ascending", f"-{key}": "descending"}.get(asked.sort, "none")
    turned = f"-{key}" if now == "ascending" else key
    if title == "Days" and now != "none":
        # The oldest come first: that is the greatest number of days.
        now = "descending" if now == "ascending" else "ascending"
    return {"title": title, "url": f"/admin{query_of(asked, sort=turned)}", "sort": now}


def row(case: Case, asked: Asked, visit: Visit, *, is_search: bool) -> dict[str, Any]:
    """A line of the table."""
    view = "everyone" if is_search else asked.view
    is_ours = case.pending > 0 or bool(case.asks_for) or view in ("expiring", "overdue")
    return {
        "id": str(case.provider_id),
        "url": f"/admin/providers/{case.provider_id}{'' if is_search else query_of(asked)}",
        "name": case.name,
        "is_long": len(case.name) > _LINE,
        "letters": case.letters,
        "monogram": monogram(case.name),
        "tint": zlib.crc32(case.provider_id.bytes) % TINTS,
        "profession": case.profession,
        "states": _states(case.states),
        "marks": marks(case.marks, case.asks_for),
        "lacks": _lacks(case.missing),
        "days": max(0, (visit.now - case.waiting_since).days),
        "since": formats.short_day(case.waiting_since.date()),
        "due": f"{case.due_on:%b} {case.due_on.day}" if is_ours else _theirs(case),
        "is_late": is_ours and case.due <= visit.now,
        "session": formats.short_day(case.session_at.date())
        if case.is_urgent and case.session_at
        else "",
        "holder": holder(case.holder, visit),
    }


def urgent(case: Case) -> dict[str, str]:
    """A renewal that a booked session waits for."""
    at = case.session_at.date() if case.session_at else case.due_on
    return {
        "url": f"/admin/providers/{case.provider_id}",
        "name": case.name,
        "line": f"first session {formats.short_day(at)}",
    }


def marks(standing: Sequence[Mark], asks_for: str) -> list[dict[str, str]]:
    """What waits for us first; of each a short word, how it stands, and both in full."""
    found = [
        {
            "label": SHORT_KINDS[one.kind],
            "standing": one.standing,
            "words": f"{CREDENTIAL_KINDS[one.kind]}: {_STANDINGS[one.standing]}",
        }
        for one in standing
    ]
    if asks_for:
        words = f"Change of {asks_for}: {_STANDINGS['pending']}"
        found.append({"label": "Name", "standing": "pending", "words": words})
    return sorted(found, key=lambda one: one["standing"] != "pending")


def _lacks(missing: Sequence[Lack]) -> str:
    """What else is missing, besides credentials."""
    return ", ".join(_LACKS[one.code] for one in missing if one.code in _LACKS)


def _states(codes: Sequence[str]) -> str:
    shown = " ".join(codes[:_LONGEST_STATES])
    rest = len(codes) - _LONGEST_STATES
    return f"{shown} +{rest}" if rest > 0 else shown


def holder(email: str, visit: Visit) -> dict[str, Any]:
    """Who has it: `name` is short, the admin's own is "You"."""
    is_me = bool(email) and email == visit.caller.email
    return {"name": "You" if is_me else email.partition("@")[0], "email": email, "is_me": is_me}


def _theirs(case: Case) -> str:
    return "Listed" if case.is_shown else "Theirs"
