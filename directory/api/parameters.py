"""The search's parameters, described for OpenAPI.

They are read by `directory.search.query` and not by the framework, which is several times
slower with this many and would not name an unknown parameter.
"""

from typing import Any, Final

from directory.search.query import DAY_STEPS, GROUPS, MAX_DAYS, MAX_FEE, MAX_LIMIT, MAX_NAME, SORTS

_WORDS: Final = {
    "state": "State where you will be: the provider is licensed there now.",
    "condition": "What you want help with.",
    "modality": "Kind of treatment.",
    "profession": "Profession.",
    "kind": "Kind of session that can be booked.",
    "language": "Language of the session (ISO 639-1).",
    "insurance": "Insurance accepted.",
    "ages": "Ages seen.",
    "accepts_new": "Takes new patients.",
    "weekday": "An opening in the next two weeks lies on this day, by the clock of `zone`.",
    "time": "An opening in the next two weeks lies at this time of day (on that `weekday`).",
}


def _parameter(name: str, words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


def _any_of(name: str) -> dict[str, Any]:
    schema = {"type": "array", "items": {"type": "string", "enum": list(GROUPS[name])}}
    return {**_parameter(name, _WORDS[name], schema), "style": "form", "explode": True}


SEARCH_PARAMETERS: Final[list[dict[str, Any]]] = [
    *(_any_of(name) for name in GROUPS),
    _parameter(
        "within_days",
        f"First opening within this many days of 24 hours (the pages offer {DAY_STEPS}).",
        {"type": "integer", "minimum": 1, "maximum": MAX_DAYS},
    ),
    _parameter(
        "max_fee",
        "Lowest fee at most this many US dollars.",
        {"type": "integer", "minimum": 0, "maximum": MAX_FEE},
    ),
    _parameter("q", "Name, forgiving of a typo.", {"type": "string", "maxLength": MAX_NAME}),
    _parameter(
        "sort",
        "Order: soonest opening, lowest fee or family name.",
        {"type": "string", "enum": list(SORTS), "default": "soonest"},
    ),
    _parameter(
        "zone",
        "Time zone (IANA) of `weekday` and `time`; left out, that of the first state.",
        {"type": "string", "examples": ["America/Chicago"]},
    ),
    _parameter("cursor", "`next_cursor` of the page before.", {"type": "string"}),
    _parameter(
        "limit",
        "Providers per page.",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 20},
    ),
]

OPENINGS_ASKED: Final = ("state", "weekday", "time", "zone")
"""Which of them say which openings are asked for."""
OPENINGS_PARAMETERS: Final = [one for one in SEARCH_PARAMETERS if one["name"] in OPENINGS_ASKED]
