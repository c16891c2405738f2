"""The taxonomy is whole, speaks plainly, and refuses a bad row by file and line."""

import csv
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from directory.law import PRESCRIBING_PSYCHOLOGIST_STATES, REGISTERS, find_register
from directory.taxonomy import (
    AGE_GROUPS,
    CONDITIONS,
    CREDENTIAL_KINDS,
    INSURANCE,
    LANGUAGES,
    MODALITIES,
    PROFESSIONS,
    SERVICE_KINDS,
    STATES,
)
from directory.taxonomy.tables import BadTable, read_table

DESCRIBED: list[tuple[str, Any]] = [
    (f"{type(entry).__name__}:{entry.key}", entry)
    for table in (PROFESSIONS, MODALITIES, CONDITIONS, SERVICE_KINDS, INSURANCE, AGE_GROUPS)
    for entry in table.values()
]


@pytest.mark.parametrize(
    "words",
    [
        *("psychotherapy", "CBT", "DBT", "mindfulness", "exposure", "family therapy"),
        *("couples counseling", "diagnostic assessment", "medication management", "TMS", "ECT"),
        *("grief", "relationship problems", "anxiety", "depression", "low self-esteem"),
        *("phobias", "schizophrenia and psychosis", "bipolar disorder", "clinical depression"),
        *("OCD", "ADHD", "distress tolerance", "emotion regulation"),
    ],
)
def test_every_word_of_the_article_is_in_the_taxonomy(words: str) -> None:
    everything = " ".join(f"{e.title} {e.description}" for _, e in DESCRIBED).lower()
    assert words.lower() in everything


@pytest.mark.parametrize("entry", [entry for _, entry in DESCRIBED], ids=[n for n, _ in DESCRIBED])
def test_every_description_is_one_plain_sentence(entry: Any) -> None:
    assert entry.description.endswith(".")
    assert entry.description.count(". ") == 0
    assert len(entry.description.split()) <= 30


def test_every_state_has_a_time_zone_that_exists() -> None:
    assert len(STATES) == 50 + 1 + 5  # states, the district, territories
    assert all(ZoneInfo(state.zone) for state in STATES.values())
    assert STATES["WA"].name == "Washington"


def test_keys_stand_in_the_order_of_the_file() -> None:
    assert list(PROFESSIONS)[:3] == ["psychiatrist", "child_psychiatrist", "pmhnp"]
    assert list(LANGUAGES)[:2] == ["en", "es"]


def test_physicians_need_board_certification_and_prescribers_a_dea_number() -> None:
    for profession in PROFESSIONS.values():
        assert ("board_certification" in profession.requires) == profession.is_physician
        assert ("dea" in profession.requires) == profession.is_prescriber


def test_ages_follow_each_other_without_gap_or_overlap() -> None:
    ages = list(AGE_GROUPS.values())
    assert ages[0].from_age == 0
    assert [group.to_age for group in ages] == [group.from_age - 1 for group in ages[1:]] + [None]


def test_law_speaks_only_of_states_and_professions_we_know() -> None:
    assert set(PRESCRIBING_PSYCHOLOGIST_STATES) == {"NM", "LA", "IL", "IA", "ID", "CO", "UT"}
    lines = resources.files("directory.law").joinpath("compacts.csv").read_text("utf-8")
    for row in csv.DictReader(lines.splitlines()):
        assert row["state"] in STATES
        assert row["profession"] in PROFESSIONS
        assert row["source"]
        assert row["as_of"]


@pytest.mark.parametrize("profession", PROFESSIONS)
def test_every_licence_has_a_register_where_it_is_looked_up(profession: str) -> None:
    for state in STATES:
        found = find_register("state_license", state, profession)
        assert found is not None, state
        assert found.state in (state, None)
    for kind in PROFESSIONS[profession].requires:
        assert find_register(kind, "", profession) is not None, kind


def test_registers_are_addresses_of_states_and_professions_we_know() -> None:
    assert find_register("state_license", "WA", "counselor") == REGISTERS["WA"]
    kinds = {*CREDENTIAL_KINDS, "exclusions"}
    for one in REGISTERS.values():
        assert one.url.startswith("https://"), one.key
        assert one.kind in kinds
        assert one.state is None or one.state in STATES
        assert set(one.professions) <= set(PROFESSIONS)


@dataclass(frozen=True)
class Chair:
    key: str
    legs: int
    is_soft: bool
    colour: Literal["red", "blue"]
    rooms: tuple[str, ...]
    bought_on: date | None


HEADER = "key,legs,is_soft,colour,rooms,bought_on"


def test_a_good_row_becomes_an_entry() -> None:
    table = read_table([HEADER, "a,4,yes,red,hall; study,2026-01-02", "b,3,no,blue,,"], "c", Chair)
    assert table["a"] == Chair("a", 4, True, "red", ("hall", "study"), date(2026, 1, 2))
    assert table["b"] == Chair("b", 3, False, "blue", (), None)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("a,4,yes,red,hall", "5 cells where 6 are needed"),
        ("a,4,yes,red,hall,,", "7 cells where 6 are needed"),
        (",4,yes,red,,", "key is empty"),
        ("a,four,yes,red,,", "legs: invalid literal"),
        ("a,4,Yes,red,,", "is_soft is “Yes”, not one of yes, no"),
        ("a,4,yes,green,,", "colour is “green”, not one of red, blue"),
        ("a,4,yes,red,,2026-02-30", "bought_on: day"),
        ("first,4,yes,red,,", "first stands twice"),
    ],
)
def test_a_bad_row_is_refused_with_file_and_line(line: str, complaint: str) -> None:
    with pytest.raises(BadTable, match=r"^chairs\.csv:3") as refused:
        read_table([HEADER, "first,4,yes,red,,", line], "chairs.csv", Chair)
    assert complaint in str(refused.value)


def test_a_header_that_misses_a_column_is_refused() -> None:
    with pytest.raises(BadTable, match=r"^chairs\.csv:1: the header must be key,legs"):
        read_table(["key,legs"], "chairs.csv", Chair)
