"""The admin's desk: who waits for a decision or will need attention soon, oldest first."""

from datetime import datetime
from typing import Any

from fastapi import Response

from core.errors import NotFound
from core.mail import count_refused
from core.numbers import read_whole
from core.web import formats
from core.web.caller import ADMIN, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting
from directory.credentials import cases
from directory.pages.case import find_decided
from directory.rules.requirements import Lack
from directory.taxonomy import CREDENTIAL_KINDS

router = Router(include_in_schema=False)

VIEWS = {
    "waiting": "Waiting",
    "expiring": "Running out",
    "overdue": "To be confirmed",
    "everyone": "Everyone",
}
PER_PAGE = 50
MOST_PASSED = 1_000_000
_PENDING = "_pending"


@router.get("/admin")
@allow(ADMIN)
def desk(visit: Visiting, view: str = "waiting", after: str = "", decided: str = "") -> Response:
    """The queue, or who will need attention soon."""
    if view not in VIEWS:
        raise NotFound
    start = read_whole(after, MOST_PASSED) or 0
    found = cases.list_cases(visit.session, view, visit.now, start, PER_PAGE)
    counts = cases.count_cases(visit.session, visit.now)
    return render(
        visit,
        "directory/desk/queue.html",
        views=[
            {
                "url": f"/admin?view={name}",
                "label": title,
                "count": counts[name],
                "current": name == view,
            }
            for name, title in VIEWS.items()
        ],
        decided=find_decided(visit, decided),
        refused=formats.count(count_refused(visit.session), "refused letter"),
        cases=[_row(case, view, visit.now) for case in found],
        urgent=[
            {"url": f"/admin/providers/{one.provider_id}", "line": _urgent(one)}
            for one in cases.find_urgent(visit.session, visit.now)
        ],
        line=f"{start + 1} to {start + len(found)} of {counts[view]}",
        next_url=_page_url(view, start + PER_PAGE) if start + PER_PAGE < counts[view] else "",
        previous_url=_page_url(view, max(0, start - PER_PAGE)) if start else "",
    )


def _urgent(case: cases.Case) -> str:
    at = case.session_at.date() if case.session_at else case.due_on
    return f"{case.name}: the first session that waits for it is on {formats.short_day(at)}"


def _page_url(view: str, after: int) -> str:
    return f"/admin?view={view}&after={after}"


def _row(case: cases.Case, view: str, now: datetime) -> dict[str, Any]:
    days = (now - case.waiting_since).days
    is_ours = case.pending > 0 or bool(case.asks_for) or view in ("expiring", "overdue")
    return {
        "url": f"/admin/providers/{case.provider_id}",
        "name": case.name,
        "profession": case.profession,
        "missing": _missing(case.missing, case.asks_for),
        "since": f"{formats.short_day(case.waiting_since.date())} ({formats.count(days, 'day')})",
        "due": formats.short_day(case.due_on) if is_ours else _theirs(case),
        "is_late": is_ours and case.due <= now,
        "session": formats.short_day(case.session_at.date())
        if case.is_urgent and case.session_at
        else "",
    }


def _missing(lacks: list[Lack], asks_for: str) -> str:
    """In one line, what waits for the desk first and told together."""
    waiting = [one.code.removesuffix(_PENDING) for one in lacks if one.code.endswith(_PENDING)]
    changes = [f"change of {asks_for}"] if asks_for else []
    titles = ", ".join([*(CREDENTIAL_KINDS[kind] for kind in waiting), *changes])
    others = [one.message.rstrip(".") for one in lacks if not one.code.endswith(_PENDING)]
    return "; ".join([*([f"To check: {titles}"] if titles else []), *others]) or "Nothing"


def _theirs(case: cases.Case) -> str:
    return "Listed" if case.is_shown else "Up to them"
