"""What is suggested while someone types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.search.query import read_query
from directory.taxonomy import CONDITIONS, PROFESSIONS, STATES
from directory.typed_search import Suggestion, suggestions
from directory.typed_search.labels import label_of
from directory.typed_search.lexicon import PHRASES

THERAPY = tuple(key for key, entry in PROFESSIONS.items() if entry.kind == "therapy")


def labels(text: str) -> list[str]:
    return [one.label for one in suggestions(text)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("psychiatrist in wa", "Psychiatrist in Washington"),  # by its letters
        ("psychiatrist in was", "Psychiatrist in Washington"),  # by its name
        ("psychiatrist in ", "Psychiatrist in California"),  # where most people are
        ("psychiatrist in", "Psychiatrist in California"),
        ("psychiatrist in ind", "Psychiatrist in Indiana"),
        ("therapist for", "Therapist for anxiety"),
        ("psychiatrist", "Psychiatrist"),
        ("psychiatrist in i", "Psychiatrist in Idaho"),  # "i" is going on
        ("anx", "Anxiety"),
        ("panic att", "Panic"),
        ("cbt for te", "CBT for teenagers"),
        ("therapist for anx", "Therapist for anxiety"),
        ("therapist speaking sp", "Therapist speaking Spanish"),
        ("therapist takes ci", "Therapist taking Cigna"),
        ("shri", "Psychiatrist"),
        ("psychatr", "Psychiatrist"),  # a beginning with a slip
        ("anxeity", "Anxiety"),  # a word with one
        ("fear of f", "Phobias"),
        ("texas", "Texas"),
        ("anxiety or dep", "Anxiety or depression"),
        ("ESPAÑ", "Spanish"),
    ],
)
def test_the_likeliest_comes_first(text: str, first: str) -> None:
    assert labels(text)[0] == first


@pytest.mark.parametrize("text", ["", "   ", "lopez", "dr maria lo", "zzz", "1234567893", "\x00"])
def test_nothing_is_made_up(text: str) -> None:
    assert suggestions(text) == []


def test_beginnings_of_the_whole_come_before_those_of_later_words() -> None:
    assert labels("anx")[:2] == ["Anxiety", "Social anxiety"]


def test_a_suggestion_says_what_it_is_and_asks_the_search_for_it() -> None:
    assert suggestions("anx")[0] == Suggestion("Anxiety", "Help with", (("condition", "anxiety"),))
    assert suggestions("shri") == [
        Suggestion("Psychiatrist", "for “shrink”", (("profession", "psychiatrist"),))
    ]
    assert suggestions("psychiatrist in wa")[0].pairs == (
        ("state", "WA"),
        ("profession", "psychiatrist"),
    )


def test_a_profession_is_offered_in_states_and_a_state_with_professions() -> None:
    assert {"Psychologist in California", "Psychologist in Texas"} <= set(labels("psychologist"))
    assert {"Therapist in Oregon", "Psychiatrist in Oregon"} <= set(labels("oregon"))


def test_nobody_asks_for_two_states_or_professions_at_once() -> None:
    for one in suggestions("therapist psy", 50) + suggestions("texas cal", 50):
        named = [name for name, _ in one.pairs if name == "state"]
        assert len(named) <= 1
    assert not any("Psychologist" in label for label in labels("psychiatrist psycholo"))


def test_what_is_dangerous_is_not_completed() -> None:
    assert suggestions("suicid") == []


def test_there_are_as_many_as_asked_and_each_once() -> None:
    for text in "abcdefghijklmnopqrstuvwxyz":
        found = suggestions(text, 5)
        assert len(found) <= 5
        assert len({one.pairs for one in found}) == len(found)


@pytest.mark.parametrize(
    ("choices", "label"),
    [
        ({}, ""),
        ({"profession": THERAPY}, "Therapist"),
        ({"profession": THERAPY, "condition": ("anxiety",)}, "Therapist for anxiety"),
        ({"condition": ("adhd", "ocd"), "state": ("TX",)}, "ADHD or OCD in Texas"),
        ({"modality": ("cbt",), "condition": ("grief",)}, "CBT for grief and loss"),
        ({"weekday": ("sat",), "time": ("evening",)}, "Saturday after 5 pm"),
        ({"state": ("CA", "OR", "WA", "NV")}, "California or 3 more"),
        ({"accepts_new": ("yes",)}, "Room for new patients"),
        ({"insurance": ("aetna",), "language": ("es",)}, "Spanish taking Aetna"),
    ],
)
def test_choices_are_said_in_words(choices: dict[str, tuple[str, ...]], label: str) -> None:
    assert label_of(choices) == label


@given(st.one_of(st.text(max_size=40), st.sampled_from([one.text for one in PHRASES])))
def test_any_suggestion_is_a_search(text: str) -> None:
    for one in suggestions(text):
        assert one.label
        assert read_query(one.pairs).choices


@given(st.sampled_from([*CONDITIONS]), st.sampled_from([*STATES]))
def test_what_is_typed_whole_is_suggested_first(condition: str, state: str) -> None:
    first = suggestions(f"{CONDITIONS[condition].title} in {STATES[state].name}")[0]
    assert first.pairs == (("state", state), ("condition", condition))
