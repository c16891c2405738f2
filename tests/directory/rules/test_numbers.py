"""NPI and DEA numbers: good ones pass, every slip of one digit is caught and named."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from directory.rules.numbers import (
    dea_problem,
    is_valid_npi,
    make_dea,
    make_npi,
    normalise_dea,
    normalise_licence_number,
    normalise_npi,
    npi_problem,
)

nine_digits = st.from_regex(r"[12][0-9]{8}", fullmatch=True)
dea_prefixes = st.from_regex(r"[A-Z][A-Z9]", fullmatch=True)
six_digits = st.from_regex(r"[0-9]{6}", fullmatch=True)


@pytest.mark.parametrize(
    "npi",
    [
        *("1234567893", "1993999998", "1558598797", "1245319599", "1003000126"),
        *("1000000004", "2000000002", "2345678900", "2234567891"),
        *("123 456 7893", "123-456-7893", "１２３４５６７８９３", "\u200b1234567893\n"),
    ],
)
def test_a_good_npi_passes_however_it_was_pasted(npi: str) -> None:
    assert npi_problem(npi) is None


@pytest.mark.parametrize(
    ("npi", "says"),
    [
        ("1234567890", "last digit"),
        ("1234567891", "last digit"),
        ("0234567893", "begins with 1 or 2"),
        ("9941339100", "begins with 1 or 2"),
        ("123456789", "has 10 digits; this one has 9"),
        ("12345678930", "has 10 digits; this one has 11"),
        ("123456789X", "digits only"),
        ("١٢٣٤٥٦٧٨٩٣", "digits only"),  # other scripts' digits are not what registries hold
        ("  ", "Enter your NPI"),
    ],
)
def test_a_bad_npi_is_refused_with_the_reason(npi: str, says: str) -> None:
    problem = npi_problem(npi)
    assert problem is not None
    assert says in problem


@pytest.mark.parametrize(
    "dea",
    ["AB1234563", "F91234563", "AP5836727", "MB1234563", "BB1388568", "ab 123 4563", "ab-1234563"],
)
def test_a_good_dea_number_passes(dea: str) -> None:
    assert dea_problem(dea) is None


@pytest.mark.parametrize(
    ("dea", "says"),
    [
        ("AB1234567", "last digit"),
        ("AL2649362", "last digit"),
        ("9A1234563", "two letters and seven digits"),
        ("AB123456", "two letters and seven digits"),
        ("", "Enter your DEA number"),
    ],
)
def test_a_bad_dea_number_is_refused_with_the_reason(dea: str, says: str) -> None:
    problem = dea_problem(dea)
    assert problem is not None
    assert says in problem


@given(nine_digits)
def test_a_made_npi_is_valid(digits: str) -> None:
    assert is_valid_npi(make_npi(digits))


@given(nine_digits, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_never_makes_another_valid_npi(digits: str, place: int, by: int) -> None:
    npi = make_npi(digits)
    wrong = npi[:place] + str((int(npi[place]) + by) % 10) + npi[place + 1 :]
    assert not is_valid_npi(wrong)


@given(dea_prefixes, six_digits)
def test_a_made_dea_number_is_valid_and_no_other_last_digit_is(prefix: str, digits: str) -> None:
    dea = make_dea(prefix, digits)
    valid = [last for last in "0123456789" if dea_problem(dea[:8] + last) is None]
    assert valid == [dea[8]]


@pytest.mark.parametrize("digits", ["12345678", "323456789", "1234567890", "12345678x"])
def test_no_npi_is_made_from_what_cannot_begin_one(digits: str) -> None:
    with pytest.raises(ValueError, match="nine digits"):
        make_npi(digits)


@pytest.mark.parametrize(("prefix", "digits"), [("A", "B123456"), ("ab", "123456"), ("AB", "12")])
def test_no_dea_number_is_made_from_wrong_parts(prefix: str, digits: str) -> None:
    with pytest.raises(ValueError, match="two letters and six digits"):
        make_dea(prefix, digits)


@example("¯¸")  # two accents that stand on spaces, and change places once these are gone
@given(st.text())
def test_any_text_gets_an_answer_and_normalising_twice_changes_nothing(text: str) -> None:
    assert npi_problem(text) is None or npi_problem(text)
    assert normalise_npi(normalise_npi(text)) == normalise_npi(text)
    if dea_problem(text) is None:
        assert normalise_dea(text).isascii()


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("LH 0060-1234", "lh.601234", True),
        ("PSY012345", "PSY 12345", True),
        ("12-0034", "120034", True),
        ("LH601234", "LW601234", False),  # the letters are part of the number
        ("601230", "60123", False),  # zeros count at the end
    ],
)
def test_licence_numbers_are_compared_as_boards_print_them(
    one: str, other: str, alike: bool
) -> None:
    assert (normalise_licence_number(one) == normalise_licence_number(other)) == alike


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("lh 0060-1234", "LH601234"),
        ("XL-0012", "XL12"),
        ("0", ""),  # nothing is left of zeros
        ("00a00", "A"),
        ("a0b10", "AB10"),  # each run of digits loses its own zeros
        ("LH_60/12.34", "LH601234"),
        ("１２", "12"),  # full-width digits
        ("", ""),
    ],
)
def test_a_licence_number_for_comparing(number: str, kept: str) -> None:
    assert normalise_licence_number(number) == kept


@pytest.mark.parametrize(
    ("npi", "problem"),
    [
        ("", "Enter your NPI."),
        ("12345678x3", "An NPI is made of digits only."),
        ("12345678x", "An NPI is made of digits only."),  # before its length is told
        ("312345678", "An NPI has 10 digits; this one has 9."),  # before its beginning is
        ("3123456789", "An NPI begins with 1 or 2."),
        (
            "1234567894",
            "This NPI has a slip in it: its last digit does not fit the others.",
        ),
    ],
)
def test_the_problem_of_an_npi_is_a_sentence(npi: str, problem: str) -> None:
    assert npi_problem(npi) == problem


@pytest.mark.parametrize(
    ("dea", "problem"),
    [
        ("-", "Enter your DEA number."),
        ("AB12345630", "A DEA number has two letters and seven digits, such as AB1234563."),
        ("A01234563", "A DEA number has two letters and seven digits, such as AB1234563."),
        (
            "AB1234564",
            "This DEA number has a slip in it: its last digit does not fit the others.",
        ),
    ],
)
def test_the_problem_of_a_dea_number_is_a_sentence(dea: str, problem: str) -> None:
    assert dea_problem(dea) == problem
