"""What pages show of listings, searches and credentials: ready words and addresses, no rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from core.web import formats
from directory.addresses import address_from, address_of
from directory.credentials.follow_through import EndedSession
from directory.models import Credential, SearchAlert
from directory.rules.identity import Change, Identity
from directory.rules.numbers import is_valid_npi
from directory.search.day_times import WEEKDAYS, AskedTimes
from directory.search.query import DAY_STEPS, FEE_STEPS, GROUPS, SearchQuery, pairs_of, read_kindly
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


# ---------------------------------------------------------------------- filters


def where_line(query: SearchQuery) -> str:
    """in Washington or Oregon; empty for anywhere"""
    states = [STATES[code].name for code in query.choices.get("state", ())]
    return f"in {formats.listed(states, 'or')}" if states else ""


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
