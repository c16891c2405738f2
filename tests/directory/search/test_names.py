"""Names, found in spite of accents and typos."""

import pytest
from sqlmodel import Session, select

from directory.models import Listing
from directory.search.names import find_named, is_alike
from tests.directory.search.listings import add_listing

NAMES = (
    "Dana Lee",
    "Noor Johnson",
    "Luis García Márquez",
    "Amara Okafor",
    "Tove Lindqvist",
    "Ana Smith-Jones",
)


@pytest.fixture
def people(session: Session) -> dict[int, str]:
    """Number of the listing → name."""
    for name in NAMES:
        add_listing(session, name=name)
    add_listing(session, name="Hidden Okafor", published=False)
    return {row.number: row.name for row in session.exec(select(Listing))}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("dana lee", {"Dana Lee"}),
        ("dan", {"Dana Lee"}),  # a beginning
        ("d", {"Dana Lee"}),
        ("le dan", {"Dana Lee"}),  # two beginnings, in any order
        ("jones", {"Ana Smith-Jones"}),
        ("Garcia", {"Luis García Márquez"}),  # accents
        ("MÁRQUEZ", {"Luis García Márquez"}),
        ("jonson", {"Noor Johnson"}),  # a letter missing
        ("okafro", {"Amara Okafor"}),  # two swapped
        ("lindkvist", {"Tove Lindqvist"}),  # one wrong
        ("nour johnsen", {"Noor Johnson"}),  # one in each word
        ("lea", set()),  # another name, not a slip
        ("lee dana", {"Dana Lee"}),  # family name first
        ("zzz", set()),
        ("%", set()),  # no pattern
        ("d_na", set()),
        ("\\", set()),
        (" ", set()),
        ("'; --", set()),
    ],
)
def test_a_name_is_found(
    session: Session, people: dict[int, str], asked: str, found: set[str]
) -> None:
    assert {people[one] for one in find_named(session, asked)} == found


@pytest.mark.parametrize(
    ("asked", "name", "alike"),
    [
        ("pryce", "dana price", True),  # one wrong of five: 8 of 10 letters agree
        ("dena", "dana lee", True),  # one wrong of four: 6 of 8, just enough
        ("lea", "dana lee", False),  # one wrong of three: 4 of 6
        ("le", "dana lee", True),  # one missing of three: 4 of 5
        ("okafro", "amara okafor", True),  # two that changed places
        ("hdadad", "omar haddad", True),  # two that changed places beside their double
        ("lee dena", "dana lee", True),  # in any order
        ("dana prise", "dana lee", False),  # each word must be there
        ("smith-jonse", "ana smith-jones", True),  # both halves
        ("jonse", "ana smith-jones", True),  # or one of them
    ],
)
def test_a_word_is_alike_when_three_quarters_of_its_letters_agree(
    asked: str, name: str, *, alike: bool
) -> None:
    assert is_alike(asked, name) is alike
