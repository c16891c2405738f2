"""Searches as people make them: a state, what hurts, and one to three things more."""

from collections.abc import Iterator
from random import Random
from urllib.parse import urlencode

from demo.population import PEOPLE, PROFESSIONS
from directory.search import SearchQuery, pairs_of
from directory.search.query import DAY_STEPS, FEE_STEPS, GROUPS
from directory.taxonomy import STATES

FURTHER = (
    *("condition", "condition", "condition", "profession", "insurance", "insurance"),
    *("modality", "language", "ages", "accepts_new", "weekday", "time", "within_days", "max_fee"),
)


def questions(dice: Random) -> Iterator[SearchQuery]:
    """Endless; each has two to four filters, nine of ten a state."""
    while True:
        names = set(dice.sample(FURTHER, dice.choice((1, 2, 3))))
        state = dice.choices(list(PEOPLE), list(PEOPLE.values()))[0]
        choices: dict[str, tuple[str, ...]]
        choices = {"state": (state,)} if dice.random() < 0.9 or len(names) < 2 else {}
        for group in sorted(names & set(GROUPS)):
            choices[group] = _some(dice, group)
        yield SearchQuery(
            choices={group: choices[group] for group in GROUPS if group in choices},
            within_days=dice.choice(DAY_STEPS) if "within_days" in names else None,
            max_fee=dice.choice(FEE_STEPS) if "max_fee" in names else None,
            zone=STATES[state].zone if "state" in choices else SearchQuery.zone,
            sort=dice.choice(("soonest", "soonest", "soonest", "fee", "name")),
        )


def repeated(dice: Random, different: int) -> Iterator[SearchQuery]:
    """Endless, out of so many different ones, the nth a nth as often as the first (Zipf)."""
    asking = questions(dice)
    few = [next(asking) for _ in range(different)]
    weights = [1 / (place + 1) for place in range(different)]
    while True:
        yield from dice.choices(few, weights, k=100)


def in_json(query: SearchQuery) -> str:
    """Where the API is asked this."""
    return f"/api/v1/providers?{urlencode(pairs_of(query))}"


def _some(dice: Random, group: str) -> tuple[str, ...]:
    if group == "profession":
        return (dice.choices(list(PROFESSIONS), list(PROFESSIONS.values()))[0],)
    chosen = dice.sample(list(GROUPS[group]), 1 + (dice.random() < 0.15 and len(GROUPS[group]) > 1))
    return tuple(key for key in GROUPS[group] if key in chosen)
