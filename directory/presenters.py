"""What pages show of listings, searches and credentials: ready words and addresses, no rules."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from core.web import formats
from core.web.formats import clock_time, zoned_time
from directory.addresses import address_from, address_of
from directory.credentials.follow_through import EndedSession
from directory.models import Credential, SearchAlert
from directory.rules.identity import Change, Identity
from directory.rules.numbers import is_valid_npi
from directory.search.day_times import WEEKDAYS, AskedTimes
from directory.search.entries import Opening, Shown, instant
from directory.search.query import (
    DAY_STEPS,
    FEE_STEPS,
    GROUPS,
    SearchQuery,
    pairs_of,
    read_kindly,
)
from directory.search.results import Loosening, SearchResults
from directory.taxonomy import CREDENTIAL_KINDS, MODALITIES, PROFESSIONS, STATES, CareKind

Pairs = Iterable[tuple[str, str]]

CARE: dict[CareKind, str] = {"therapy": "A therapist", "psychiatry": "A psychiatrist or prescriber"}
OF_CARE: dict[CareKind, frozenset[str]] = {
    kind: frozenset(key for key, entry in PROFESSIONS.items() if entry.kind == kind)
    for kind in CARE
}
TITLES = {
    "within_days": "First opening",
    "weekday": "Day, next two weeks",
    "time": "Time of day",
    "condition": "Help with",
    "profession": "Profession",
    "modality": "Kind of treatment",
    "max_fee": "Fee",
    "insurance": "Insurance",
    "language": "Language",
    "kind": "Kind of session",
    "ages": "Ages seen",
    "accepts_new": "New patients",
}
"""The groups of filters in the order people need them."""
RANGED = ("within_days", "max_fee")
MOST_ENDED = 12
SORT_TITLES = {"soonest": "Soonest opening", "fee": "Lowest fee", "name": "Name"}


# ---------------------------------------------------------------------- cards


class Slot(NamedTuple):
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    """What `provider_card` shows (templates/components/cards.html). Templates read attributes
    much quicker than keys."""

    slug: str
    url: str
    name: str
    credentials: str
    profession: str
    licensed_line: str
    voice: str
    focus: str
    fee: str
    portrait_url: str | None
    monogram: str
    tint: int
    slots: list[Slot]
    all_url: str
    online_line: str


def own_zone(shown: Shown) -> str:
    """That of the first state in which a listing may see people."""
    return STATES[shown.states[0]].zone


def card(shown: Shown, query: SearchQuery, zone: str, today: date) -> Card:
    """A provider in the results of `query`. Times are in `zone`; where none is known, in the
    listing's own, and each says so."""
    entry, facts = shown.entry, shown.entry.card
    states, asked = query.choices.get("state", ()), query.asked_times
    url = f"/providers/{entry.slug}{'?' if asked.pairs else ''}{urlencode(asked.pairs)}"
    clock = (zone, clock_time) if zone else (own_zone(shown), zoned_time)
    return Card(
        slug=entry.slug,
        url=url,
        name=entry.name,
        credentials=facts["letters"],
        profession=facts["profession"],
        licensed_line=licensed_line(shown.public_states, states),
        voice=facts["headline"],
        focus=", ".join(facts["focus"]),
        fee=fee_line(facts),
        portrait_url=facts["photo"],
        monogram=facts["monogram"],
        tint=facts["tint"],
        slots=[slot(opening, *clock, today) for opening in shown.openings],
        all_url=url,
        online_line="online" if facts["accepts_new"] else "online, no new patients just now",
    )


def credential_title(one: Credential) -> str:
    """State licence, Washington"""
    place = f", {STATES[one.state].name}" if one.state in STATES else ""
    return f"{CREDENTIAL_KINDS[one.kind]}{place}"


def short_credential_title(one: Credential) -> str:
    """State licence, WA"""
    return CREDENTIAL_KINDS[one.kind] + (f", {one.state}" if one.state else "")


def ended_sessions(ended: Sequence[EndedSession]) -> dict[str, Any]:
    """Which booked sessions a press calls off, before it is pressed."""
    patients = formats.count(len({one.patient_id for one in ended}), "patient has", "patients have")
    sessions = "a session" if len(ended) == 1 else "sessions"
    shown = [f"{formats.when(one.starts_at, one.zone)}, {one.state}" for one in ended[:MOST_ENDED]]
    rest = len(ended) - len(shown)
    return {
        "number": len(ended),
        "line": f"{patients} {sessions} that this ends." if ended else "No booked session ends.",
        "sessions": shown,
        "more": f"and {rest:,} more" if rest else "",
    }


def asked_facts(shown: Identity, asked: Change) -> list[dict[str, str]]:
    """What is asked for beside what is shown until it is decided, as rows of facts."""
    wanted = replace(shown, **asked.fields)
    rows = [
        ("Name that patients see", shown.display_name, wanted.display_name),
        ("Letters", shown.letters or "none", wanted.letters or "none"),
        ("Legal name", shown.legal_name, wanted.legal_name),
    ]
    return [
        {"label": label, "value": f"{new} (now: {old})"} for label, old, new in rows if new != old
    ]


def licensed_line(licensed: Sequence[dict[str, Any]], chosen: tuple[str, ...]) -> str:
    """Where, and when that was last checked at the source; the states asked for come first."""
    asked = [state for state in licensed if state["code"] in chosen] or list(licensed)
    names = [state["name"] for state in asked[:2]]
    more = len(licensed) - len(names)
    if more:
        names.append(formats.count(more, "more state"))
    days = [state["verified_on"] for state in asked if state["verified_on"]]
    checked = f", checked {_month_day(min(days))}" if days else ""
    return f"Licensed in {formats.listed(names)}{checked}"


@lru_cache(maxsize=1_000)
def _month_day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day:%B} {day.day}"


def fee_line(facts: Mapping[str, Any]) -> str:
    low, high = facts["fee_cents"], facts["fee_max_cents"]
    if low is None:
        return ""
    line = (
        formats.money(low)
        if high in (None, low)
        else f"{formats.money(low)} to {formats.money(high)}"
    )
    return f"{line} · sliding scale" if facts["sliding_scale"] else line


def slot(opening: Opening, zone: str, time: Callable[[datetime, str], str], today: date) -> Slot:
    start, label = _said(opening.starts, zone, time, today)
    return Slot(f"/book?service={opening.service_id}&start={start}", label)


@lru_cache(maxsize=10_000)
def _said(
    starts: int, zone: str, time: Callable[[datetime, str], str], today: date
) -> tuple[str, str]:
    """A start (seconds of the epoch) for an address and in words. Most listings share theirs."""
    return quote(instant(starts)), soon(datetime.fromtimestamp(starts, UTC), zone, today, time)


def soon(
    at: datetime, zone: str, today: date, time: Callable[[datetime, str], str] = clock_time
) -> str:
    """Today, 3:00 pm; Tomorrow, 9:00 am; Thu, Nov 26, 3:00 pm. `time` says the time of day."""
    day = formats.local_date(at, zone)
    if day == today:
        return f"Today, {time(at, zone)}"
    if day == today + timedelta(days=1):
        return f"Tomorrow, {time(at, zone)}"
    return f"{formats.short_day(day)}, {time(at, zone)}"


# ---------------------------------------------------------------------- filters


def headline(query: SearchQuery, found: SearchResults) -> str:
    """312 people may see you in Washington. 41 have time this week."""
    states = [STATES[code].name for code in query.choices.get("state", ())]
    where = f" in {formats.listed(states, 'or')}" if states else ""
    if not found.total:
        return f"Nobody matches all of this{where}."
    who = formats.count(found.total, "person", "people")
    week = found.counted.this_week
    have = "has" if week == 1 else "have"
    return f"{who} may see you{where}. {week:,} {have} time this week."


def times_words(asked: AskedTimes) -> str:
    """Monday evenings; Saturdays or Sundays; Mornings. Empty for any time."""
    days = [WEEKDAYS[key] for key in asked.weekdays]
    times = [f"{key}s" for key in asked.times]
    if not times:
        return formats.listed([f"{day}s" for day in days], "or")
    words = " ".join([formats.listed(days, "or"), formats.listed(times, "or")]).strip()
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a filter. `count`: how many it would give; None where that is not said."""

    value: str | int
    label: str
    count: int | None
    checked: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A group of filters. `kind`: radio for one choice, or checkbox."""

    name: str
    title: str
    kind: str
    options: list[Option]


def groups(query: SearchQuery, found: SearchResults) -> list[Group]:
    """The filter groups, each choice with its exact count."""
    facets = found.counted.facets
    return [
        _ranged(name, query, facets) if name in RANGED else _grouped(name, query, facets)
        for name in TITLES
    ]


def _grouped(name: str, query: SearchQuery, facets: Any) -> Group:
    chosen, counts = query.choices.get(name, ()), facets[name]
    options = [
        Option(key, title, counts[key], key in chosen) for key, title in GROUPS[name].items()
    ]
    return Group(name, TITLES[name], "checkbox", options)


def _ranged(name: str, query: SearchQuery, facets: Any) -> Group:
    steps = DAY_STEPS if name == "within_days" else FEE_STEPS
    value = getattr(query, name)
    known = sorted({*steps, *(() if value is None else (value,))})
    options = [Option("", _range_title(name, None), None, value is None)]
    options += [
        Option(step, _range_title(name, step), facets[name].get(str(step)), step == value)
        for step in known
    ]
    return Group(name, TITLES[name], "radio", options)


def _range_title(name: str, value: int | None) -> str:
    if name == "within_days":
        return "Any time" if value is None else f"Within {formats.count(value, 'day')}"
    return "Any fee" if value is None else f"Up to {formats.money(value * 100)}"


def chips(query: SearchQuery) -> list[dict[str, str]]:
    """What is chosen; each leads to the search without it."""
    made = []
    pairs = [pair for pair in pairs_of(query) if pair[0] not in ("sort", "limit")]
    whole = whole_care(query)
    if whole:
        made.append(
            {"label": CARE[whole], "url": address_from(pairs_of(query.without("profession")))}
        )
    for pair in pairs:
        if whole and pair[0] == "profession":
            continue
        rest = [other for other in pairs_of(query) if other != pair]
        made.append({"label": value_title(*pair), "url": address_from(rest)})
    return made


def shown_alert(alert: SearchAlert) -> dict[str, Any]:
    """A running alert in a list of one's own. Its place stands outside, and all else that it looks
    for is folded: a search tells of health."""
    query, _ = read_kindly(parse_qsl(alert.search))
    states = query.choices.get("state", ())
    return {
        "place": formats.listed([STATES[code].name for code in states], "or"),
        "looks_for": [chip["label"] for chip in chips(query)],
        "until": formats.full_date(formats.local_date(alert.ends_at, alert.zone)),
        "search_url": address_of(query),
        "end_url": f"/account/alerts/{alert.id}/end",
    }


def whole_care(query: SearchQuery) -> CareKind | None:
    """Therapy or psychiatry where exactly all of its professions are chosen."""
    chosen = frozenset(query.choices.get("profession", ()))
    return next((kind for kind, professions in OF_CARE.items() if chosen == professions), None)


def value_title(name: str, value: str) -> str:
    """A chosen value in words."""
    if name in ("within_days", "max_fee"):
        return _range_title(name, int(value))
    if name == "q" and is_valid_npi(value):
        return f"NPI {value}"
    if name == "q":
        return f"Name like “{value}”"
    return MODALITIES[value].short_title if name == "modality" else GROUPS[name][value]


def suggestion(step: Loosening, query: SearchQuery) -> dict[str, str]:
    """A way to more results, as a link that says what it gives."""
    who = formats.count(step.total, "person", "people")
    url = address_from(pairs_of(step.query))
    if step.value is not None:
        return {"url": url, "label": _range_title(step.name, step.value), "gives": who}
    if step.name == "state":
        return {"url": url, "label": "Any state, if you can be there", "gives": who}
    whole = whole_care(query) if step.name == "profession" else None
    if whole:
        chosen = [CARE[whole]]
    elif step.name in GROUPS:
        chosen = [value_title(step.name, key) for key in query.choices[step.name]]
    else:
        chosen = [value_title(step.name, str(getattr(query, step.name)))]
    return {"url": url, "label": f"Without “{formats.listed(chosen, 'or')}”", "gives": who}
