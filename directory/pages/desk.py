"""The admin's desk: who waits for a decision or will need attention soon, to be worked through."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from accounts.sections import DESK, sections
from core.errors import NotFound
from core.numbers import read_whole
from core.web import flash
from core.web.caller import ADMIN, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting
from directory.credentials import cases
from directory.credentials.assignments import give_back_case, take_case
from directory.credentials.figures import find_figures
from directory.credentials.queues import SPANS, Asker
from directory.credentials.views import MOST, Asked
from directory.pages import desk_charts, desk_rows
from directory.pages.case import VIEW_TITLES, find_decided
from directory.pages.desk_address import FromAddress, query_of, with_more
from directory.search.at_desk import find_at_desk
from directory.taxonomy import PROFESSIONS, STATES

router = Router(include_in_schema=False)

WHO: Final = (("nobody", "Nobody’s"), ("me", "Mine"), ("others", "Of others"))
PER_PAGE: Final = 50
MOST_PASSED: Final = 1_000_000

flash.declare("taken", "The case is yours.")
flash.declare("given-back", "The case is nobody’s again.")


@router.get("/admin")
@allow(ADMIN)
def desk(
    visit: Visiting, asked: FromAddress, q: str = "", after: str = "", decided: str = ""
) -> Response:
    """A view, or whom an admin looks for."""
    asker = Asker(visit.now, visit.caller.person_id)
    counts = cases.count_cases(visit.session, asker)
    start = read_whole(after, MOST_PASSED) or 0
    sought = q.strip()[:200]
    if sought:
        found = cases.cases_of(
            visit.session, find_at_desk(visit.session, sought, PER_PAGE), visit.now, "everyone"
        )
        total, start = len(found), 0
    else:
        page = cases.list_cases(visit.session, asked, asker, start, PER_PAGE)
        found, total = page.cases, page.total if page.total >= 0 else counts[_counted(asked)]
    query = query_of(asked)
    end = start + len(found)
    return render(
        visit,
        "directory/desk/queue.html",
        sections=sections(visit, DESK),
        views=_views(asked, counts, is_search=bool(sought)),
        spans=_spans(asked, counts) if not sought else [],
        decided=find_decided(visit, decided),
        sought=sought,
        asked=asked,
        query=query,
        caption="Found" if sought else VIEW_TITLES[asked.view],
        headings=desk_rows.headings(asked, is_sorted=not sought),
        cases=[desk_rows.row(case, asked, visit, is_search=bool(sought)) for case in found],
        filters=_filters(asked) if not sought and asked.view != "everyone" else None,
        is_narrowed=not asked.is_plain,
        urgent=[desk_rows.urgent(one) for one in cases.find_urgent(visit.session, visit.now)],
        charts=desk_charts.charts(find_figures(visit.session, visit.now, cases.WORKING_DAYS)),
        line=_line(start, end, total, asked),
        next_url=f"/admin{with_more(query, after=str(end))}" if end < total and found else "",
        previous_url=f"/admin{with_more(query, after=str(max(0, start - PER_PAGE)))}"
        if start
        else "",
    )


@router.post("/admin/assignments")
@allow(ADMIN)
def assign(
    visit: Visiting,
    asked: FromAddress,
    take: Annotated[str, Form()] = "",
    give_back: Annotated[str, Form()] = "",
    at: Annotated[str, Form()] = "",
) -> Response:
    """Take the case of a provider, or give it back. `at`: "case" where the case is looked at."""
    try:
        provider_id = UUID(take or give_back)
    except ValueError:
        raise NotFound from None
    change = take_case if take else give_back_case
    change(visit.session, provider_id, visit.person_id, visit.now)
    where = f"/admin/providers/{provider_id}" if at == "case" else "/admin"
    said = with_more(query_of(asked), notice="taken" if take else "given-back")
    return RedirectResponse(f"{where}{said}#case-{provider_id}", 303)


def _counted(asked: Asked) -> str:
    """By which name the number of a whole view goes."""
    return f"expiring-{asked.days}" if asked.view == "expiring" else asked.view


def _views(asked: Asked, counts: dict[str, int], *, is_search: bool) -> list[dict[str, Any]]:
    return [
        {
            "url": f"/admin{query_of(Asked(view=name))}",
            "label": title,
            "count": f"{counts[name]:,}",
            "current": name == asked.view and not is_search,
        }
        for name, title in VIEW_TITLES.items()
    ]


def _spans(asked: Asked, counts: dict[str, int]) -> list[dict[str, Any]]:
    """How far ahead "expiring" looks."""
    if asked.view != "expiring":
        return []
    return [
        {
            "url": f"/admin{query_of(asked, days=days)}",
            "label": f"{days} days",
            "count": f"{counts[f'expiring-{days}']:,}",
            "current": days == asked.days,
        }
        for days in SPANS
    ]


def _filters(asked: Asked) -> dict[str, Any]:
    return {
        "profession": [(key, one.title) for key, one in PROFESSIONS.items()],
        "state": [(code, one.name) for code, one in STATES.items()],
        "who": WHO if asked.view != "mine" else (),
        "kept": {
            name: value
            for name, value in (("view", asked.view), ("days", asked.days), ("sort", asked.sort))
            if value != getattr(Asked(), name)
        },
        "clear_url": f"/admin{query_of(asked, profession='', state='', who='')}",
    }


def _line(start: int, end: int, total: int, asked: Asked) -> str:
    if not total:
        return "None"
    among = f", among the first {MOST:,}" if not asked.is_plain and total >= MOST else ""
    return f"{start + 1:,} to {end:,} of {total:,}{among}"
