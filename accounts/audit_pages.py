"""The audit log as admins read it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Response
from sqlmodel import Session

from accounts.audit import Named, action_of
from accounts.audit_log import Entry, read_entries, read_filter
from accounts.queries import audit_actions
from accounts.sections import AUDIT, sections
from core.numbers import read_whole
from core.times import read_day
from core.web.caller import ADMIN, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting

router = Router(include_in_schema=False)

PER_PAGE = 50
_LAST_ENTRY: Final = 2**31 - 1  # of the column


@router.get("/admin/audit")
@allow(ADMIN)
def audit_log(
    visit: Visiting,
    action: str = "",
    actor: str = "",
    subject: str = "",
    since: str = "",
    until: str = "",
    before: str = "",
) -> Response:
    """What was done and who looked, newest first. Days are UTC, as the entries' times are."""
    typed = {
        "action": action,
        "actor": actor.strip(),
        "subject": subject.strip(),
        "since": since,
        "until": until,
    }
    errors = _errors(typed)
    rows = [] if errors else _read(visit.session, typed, before)
    shown = rows[:PER_PAGE]
    kept = {name: value for name, value in typed.items() if value}
    more = urlencode({**kept, "before": shown[-1].row.id}) if len(rows) > PER_PAGE else ""
    return render(
        visit,
        "accounts/audit.html",
        status=422 if errors else 200,
        sections=sections(visit, AUDIT),
        typed=typed,
        errors=errors,
        actions=[(name, action_of(name).title) for name in audit_actions(visit.session)],
        entries=[_shown(row) for row in shown],
        next_url=f"/admin/audit?{more}" if more else "",
        first_url="/admin/audit?" + urlencode(kept) if before else "",
    )


def _errors(typed: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"field": field, "message": "Enter a date like 2026-11-24."}
        for field in ("since", "until")
        if typed[field] and read_day(typed[field]) is None
    ]


def _read(session: Session, typed: dict[str, str], before: str) -> list[Entry]:
    """One more than a page; the day `until` is included. `before`: an entry's id, from a link."""
    last = read_day(typed["until"])
    wanted = read_filter(
        session,
        action=typed["action"],
        actor=typed["actor"],
        subject=typed["subject"],
        since=_midnight(read_day(typed["since"])),
        until=_midnight(last + timedelta(days=1) if last and last < date.max else last),
        before_id=read_whole(before, _LAST_ENTRY),
    )
    return read_entries(session, wanted, PER_PAGE + 1)


def _shown(entry: Entry) -> dict[str, Any]:
    at = entry.row.at.astimezone(UTC)
    return {
        "day": f"{at:%A, %B %-d, %Y}",
        "at": f"{at:%H:%M:%S}",
        "actor": entry.actor.name,
        **_sentence(entry),
    }


def _sentence(entry: Entry) -> dict[str, Any]:
    """What was done: up to whom or what it was about, that with its page, and the rest. Where an
    older version wrote less than the sentence needs, the action's title stands for it."""
    action, is_own = action_of(entry.row.action), entry.actor == entry.subject
    try:
        words = action.says(entry.row.detail)
    except KeyError:
        words = f"{action.title}: {{}}"
    before, place, after = words.partition("{}")
    about = entry.subject if place else Named("")
    return {
        "before": before.rstrip(),
        "about": Named("themselves") if is_own and place else about,
        "after": after,
    }


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
