"""Names, found in spite of accents and typos."""

import pytest
from sqlmodel import Session

from directory.search.names import find_named
from tests.directory.search.listings import add_listing

NAMES = ("Dana Lee", "Noor Johnson", "Luis García Márquez", "Amara Okafor", "Tove Lindqvist")


@pytest.fixture
def people(session: Session) -> dict[object, str]:
    found: dict[object, str] = {add_listing(session, name=name): name for name in NAMES}
    add_listing(session, name="Hidden Okafor", published=False)
    return found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("dana lee", {"Dana Lee"}),
        ("dan", {"Dana Lee"}),  # a beginning
        ("d", {"Dana Lee"}),
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
        ("'; --", set()),
    ],
)
def test_a_name_is_found(
    session: Session, people: dict[object, str], asked: str, found: set[str]
) -> None:
    assert {people[one] for one in find_named(session, asked)} == found
