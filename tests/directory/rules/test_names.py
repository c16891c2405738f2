"""Names are compared as a kind registrar would: accents, initials and order do not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.names import compare_names, family_initial


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("Jane Smith", "JANE SMITH", "same"),
        ("José Núñez", "Jose Nunez", "same"),
        ("Søren Łukasik", "Soren Lukasik", "same"),
        ("Jane Q. Smith", "Jane Smith", "same"),  # a middle name may be left out
        ("J. Smith", "Jane Smith", "same"),
        ("J.Q. Smith", "Jane Quinn Smith", "same"),
        ("SMITH, JANE Q", "Jane Quinn Smith", "same"),
        ("Dr. Jane Smith, Ph.D.", "Jane Smith", "same"),
        ("Jane Smith MD", "Jane Smith", "same"),
        ("John Smith Jr.", "John Smith", "same"),
        ("Siobhan O’Brien", "Siobhan O'Brien", "same"),
        ("Ana García-López", "Ana Garcia Lopez", "same"),
        ("Nguyen Van An", "An Van Nguyen", "same"),  # family name first
        ("Linh Do, DO", "Do, Linh", "same"),  # a family name that is also a degree
        ("Ana García-López", "Ana García", "close"),
        ("Bob Smith", "Robert Smith", "close"),  # nicknames are for the admin to judge
        ("Jane A. Smith", "Jane B. Smith", "close"),
        ("Jane Smith", "Jane Jones", "different"),
        ("Linh Do", "Linh Tran", "different"),
        ("", "Jane Smith", "different"),
        ("", "", "different"),
    ],
)
def test_two_ways_to_write_a_name(one: str, other: str, likeness: str) -> None:
    assert compare_names(one, other) == likeness
    assert compare_names(other, one) == likeness


@given(st.text(), st.text())
def test_comparing_is_the_same_both_ways(one: str, other: str) -> None:
    assert compare_names(one, other) == compare_names(other, one)


@pytest.mark.parametrize(
    ("name", "initial"),
    [("Ana Ørsted", "O"), ("SMITH, JANE", "S"), ("Jane Smith MD", "S"), ("", "")],
)
def test_the_initial_of_the_family_name(name: str, initial: str) -> None:
    assert family_initial(name) == initial
