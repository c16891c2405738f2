"""Names are compared as a kind registrar would: accents, initials and order do not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.names import (
    Name,
    compare_names,
    family_initial,
    fold,
    is_plain_form,
    legal_name,
    letters_problem,
    name_problem,
    read_name,
    sought_words,
)

UNSEEN = "There is a sign in it that cannot be seen. Type it anew."
TITLED = "Leave titles and letters out of the name; letters have their own field."


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Todd O'Bryan", "Todd O Bryan"),
        ("Todd O’Bryan", "TODD OBRYAN"),
        ("Todd J. O Bryan", "Todd O'Bryan"),
        ("O'BRYAN, TODD", "Todd O Bryan"),
        ("Maria de la Cruz", "Maria Delacruz"),
        ("Jan van der Berg", "VANDERBERG, JAN"),
        ("Omar al-Rahman", "Omar Al Rahman"),
        ("Omar Al Rahman", "Omar Alrahman"),
        ("Luca D'Angelo", "Luca Dangelo"),
        ("Todd O. Bryan", "Todd Bryan"),  # here it is an initial
        ("علی‌رضا کریمی", "علیرضا کریمی"),
    ],
)
def test_a_name_is_the_same_however_its_words_are_joined(one: str, other: str) -> None:
    assert compare_names(one, other) == "same"
    assert compare_names(other, one) == "same"


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [("Al Smith", "Alsmith", "different"), ("Ben Smith", "Tom Bensmith", "different")],
)
def test_a_given_name_is_no_part_of_the_family_name(one: str, other: str, likeness: str) -> None:
    assert compare_names(one, other) == likeness


@pytest.mark.parametrize(
    "name",
    [
        "Todd O'Bryan",
        "Todd O’Bryan",
        "Anne-Marie Smith Jones",
        "Maria de la Cruz",
        "Jan van der Berg",
        "Omar al-Rahman",
        "Robert (Bob) Smith, Jr.",
        "O Ng",  # a name of one letter
        "Nino " + "W" * 60,
        "علی\u200cرضا کریمی",  # Persian: a joiner keeps two letters apart
        "ක්\u200dරිස්ටිනා",  # Sinhala: a joiner makes one sign of two
        "श्री\u200dधर राव",
        "Nguyễn Văn An",
        "山田 太郎",
        "Іван Їжакевич",
        "J. R. R. Lee",
        "Jack Ma",
        "Linh Do",
        "Jane MD",  # of two words the last is the family name
    ],
)
def test_names_are_of_many_kinds(name: str) -> None:
    assert name_problem(name, "your name") is None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "Enter your name."),
        (" \u2003 ", "Enter your name."),
        ("W" * 81, "Shorten it to at most 80 characters."),
        ("\u200cعلی", UNSEEN),  # at the beginning
        ("علی\u200c", UNSEEN),  # at the end
        ("علی\u200c رضا", UNSEEN),  # before a space
        ("علی\u200c\u200cرضا", UNSEEN),  # twice
        ("Da\u200cna Lee", UNSEEN),  # in a script that has no use for it
        ("Da\u200bna Lee", UNSEEN),
        ("Dana\u202e Lee", UNSEEN),  # turns what follows around
        ("Dana\u2066 Lee", UNSEEN),
        ("Da\u00adna Lee", UNSEEN),
        ("Dana\ufeff Lee", UNSEEN),
        ("Dana \u3164", UNSEEN),  # a letter that shows nothing
        ("Dana\ufe0f Lee", UNSEEN),
        ("Da\x00na", UNSEEN),
        ("Dana Lee 😀", "Leave out “😀”: use letters only."),
        ("Dana ★ Lee", "Leave out “★”: use letters only."),
        ("Dana <Lee>", "Leave out “<”: use letters only."),
        ("- . -", "Enter your name in letters."),
        ("Dr. Ng", TITLED),
        ("Dr Nino Ng", TITLED),
        ("Prof. Dr. Nino Ng", TITLED),
        ("Nino Ng, LCSW", TITLED),
        ("Nino Ng, Ph.D.", TITLED),
        ("Nino Ng LCSW", TITLED),
        ("Linh Do, DO", TITLED),
        ("Nino Ng, MA, LPC", TITLED),
    ],
)
def test_what_is_no_name_is_told_how_to_mend(name: str, problem: str) -> None:
    assert name_problem(name, "your name") == problem


@given(st.text(max_size=100))
def test_a_name_that_is_kept_shows_all_its_signs(text: str) -> None:
    if name_problem(text, "your name") is None:
        seen = text.replace("\u200c", "").replace("\u200d", "")
        assert " ".join(seen.split()).isprintable()


@pytest.mark.parametrize(
    ("letters", "problem"),
    [
        ("", None),
        ("PMHNP-BC, RN", None),
        ("x" * 41, "Shorten it to at most 40 characters."),
        ("MD\u202e", UNSEEN),
        ("MD ★", "Leave out “★”: use letters only."),
    ],
)
def test_letters_after_a_name(letters: str, problem: str | None) -> None:
    assert letters_problem(letters) == problem


@pytest.mark.parametrize(
    ("legal", "shown", "plain"),
    [
        # given names
        (("Robert", "Smith"), "Bob Smith", True),
        (("Bob", "Smith"), "Robert Smith", True),
        (("Robert", "Smith"), "Rob James Smith", True),  # a middle name
        (("Robert James", "Smith"), "James Smith", True),  # goes by it
        (("Robert James", "Smith"), "R. James Smith", True),
        (("Robert James", "Smith"), "R. J. Smith", True),
        (("Robert", "Smith"), "R Smith", True),
        (("Robert", "Smith"), "Albert Smith", False),
        (("Dana", "Lee"), "Sigmund Dana Lee", False),  # the first name is what one is called by
        (("Dana", "Lee"), "D. Sigmund Lee", False),
        (("D", "Lee"), "Dana Lee", False),  # an initial says no name
        (("Dana", "Lee"), "Sigmund Impostor", False),
        (("Dana", "Lee"), "Dana Kim", False),
        (("Dana", "Lee"), "Lee", False),
        (("Mary Ann", "Lee"), "Maryann Lee", True),
        (("Maryann", "Lee"), "Mary-Ann Lee", True),
        (("An", "Nguyễn"), "Nguyen An", True),  # family name first, no accents
        (("Văn An", "Nguyễn"), "Nguyễn Văn An", True),
        # family names
        (("Todd", "O'Bryan"), "Todd O Bryan", True),
        (("Todd", "O'Bryan"), "Todd OBryan", True),
        (("Todd", "O'Bryan"), "Todd Bryan", False),
        (("Maria", "Delacruz"), "Maria de la Cruz", True),
        (("Maria", "de la Cruz"), "Maria Cruz", False),
        (("Ana", "Smith-Jones"), "Ana Smith Jones", True),
        (("Ana", "Smith-Jones"), "Ana Smith", False),
        (("Luis", "García Márquez"), "Luis Garcia Marquez", True),
        (("Luis", "García Márquez"), "Luis García", False),  # half of it is for an admin
        (("Søren", "Łukasik"), "Soren Lukasik", True),
        (("John", "Smith Jr."), "John Smith", True),
        (("John", "Smith"), "John Smith, Jr.", True),
        # other scripts
        (("علی‌رضا", "کریمی"), "علیرضا کریمی", True),
        (("太郎", "山田"), "山田 太郎", True),
        (("Dana", "Lee"), "D\u0430na Lee", False),  # a Cyrillic letter that looks like it
        (("O", "X"), "O X", True),
    ],
)
def test_a_plain_form_of_a_legal_name(legal: tuple[str, str], shown: str, *, plain: bool) -> None:
    assert is_plain_form(shown, legal_name(*legal)) is plain


@pytest.mark.parametrize(
    ("typed", "ways"),
    [
        ("Dr. Ng", ["Ng"]),
        ("Nino Ng, LCSW", ["Nino Ng", "NinoNg"]),
        ("Nino Ng Ph.D.", ["Nino Ng", "NinoNg"]),
        ("O’Brien", ["OBrien"]),
        ("O Brien", ["O Brien", "OBrien"]),
        ("de la Cruz, Maria", ["de la Cruz Maria", "delaCruzMaria", "delaCruz Maria"]),
        ("Linh Do", ["Linh Do", "LinhDo"]),
        ("Dr", ["Dr"]),
        ("'; --", [";"]),
        (" ' - ", []),
    ],
)
def test_what_is_looked_for(typed: str, ways: list[str]) -> None:
    assert [" ".join(way) for way in sought_words(typed)] == ways


@pytest.mark.parametrize(
    "shown",
    [
        *("Dana Psychiatrist Whitaker", "Dana (MD) Whitaker", 'Dana "MD" Whitaker'),
        *("Dana M.D. Whitaker", "Dana Doctor Whitaker", "Dana A B P N Whitaker"),
        *("Dana Board-Certified Whitaker", "Dana Rabbi Whitaker", "Dana Phd Whitaker"),
    ],
)
def test_what_is_no_name_is_no_middle_name(shown: str) -> None:
    assert not is_plain_form(shown, legal_name("Dana", "Whitaker"))
    assert is_plain_form("Dana Marie Whitaker", legal_name("Dana", "Whitaker"))
