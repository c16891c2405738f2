"""Names are compared as a kind registrar would: accents, initials and order do not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.names import Name, compare_names, family_initial, fold, read_name


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


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Núñez-O'Brien", "nunez-obrien"),
        ("O’Brien Oʼbrien O`Brien", "obrien obrien obrien"),
        ("Straße ŁØÐÞÆŒı", "strasse lodthaeoei"),
        ("Đặng", "dang"),
    ],
)
def test_a_folded_name_has_plain_letters(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "given", "family"),
    [
        ("Jane Q. Smith, PhD", "jane q", "smith"),
        ("SMITH, JANE Q", "jane q", "smith"),
        ("Smith, PhD, Jane", "jane", "smith"),  # letters may come between
        ("Smith, Jane, Q", "jane", "smith"),  # what comes after the given names is left out
        ("Smith, , Jane", "jane", "smith"),
        (", Jane", "", ""),  # a given name alone is no name
        ("Smith-Jones, Mary-Ann", "mary ann", "smith jones"),
        ("Mary-Ann Smith-Jones", "mary ann", "smith jones"),
        ("Dr. Jane Smith", "jane", "smith"),
        ("Prof. Dr. Jane Smith", "jane", "smith"),  # more than one title
        ("Dr Smith", "", "smith"),
        ("Dr", "", "dr"),  # alone it is a name
        ("Jane Smith MD PhD", "jane", "smith"),  # more than one set of letters
        ("Jane MD", "jane", "md"),  # of two words the last is the family name
        ("Linh Do", "linh", "do"),  # a family name unless behind a comma
        ("Linh Tran, DO, MA", "linh", "tran"),
        ("J.A. Smith", "j a", "smith"),
        ("J.A.Smith", "j a", "smith"),
        ("Jane Smith Ph.D.", "jane", "smith"),
        ("Jane - Smith -", "jane", "smith"),  # dashes that join nothing
        ("Smith", "", "smith"),
        (" ", "", ""),
        ("(Jane) Smith!", "jane", "smith"),
    ],
)
def test_a_name_is_read(text: str, given: str, family: str) -> None:
    assert read_name(text) == Name(tuple(given.split()), tuple(family.split()))


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("Smith", "Smith", "same"),
        ("Smith", "Jane Smith", "close"),  # one has no given name to compare
        ("Jane Smith", "Smith Jane", "same"),  # the same words
        ("Jane Q. Smith", "Jane R. Smith", "close"),
        ("Jane Quinn Smith", "Jane Q. Smith", "same"),
        ("Jane Quinn Smith", "Jane Qu. Smith", "close"),  # two letters are no initial
        ("J. Smith", "K. Smith", "close"),
        ("Jane Smith", "Smith Jones", "close"),  # a family name as the other's given name
        ("María García Márquez", "M. Garcia", "close"),  # the second family name is left out
        ("Ana García-López", "López Marta", "close"),
        ("Jane Smith", "Jane Smithe", "different"),
    ],
)
def test_names_that_agree_in_part(one: str, other: str, likeness: str) -> None:
    assert compare_names(one, other) == likeness
    assert compare_names(other, one) == likeness


@pytest.mark.parametrize(
    ("name", "initial"),
    [("Ana Smith-Jones", "S"), ("Ana Łukasik", "L"), ("Linh Do, DO", "D"), (",", "")],
)
def test_the_initial_is_of_the_first_family_name(name: str, initial: str) -> None:
    assert family_initial(name) == initial
