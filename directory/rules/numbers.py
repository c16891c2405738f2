"""NPI and DEA numbers: how they are written, and whether the check digit fits.

A number that passes here is well formed and no more; that it belongs to someone is for the primary
source to say.
"""

import re
import unicodedata
from typing import Final

_NOT_TYPED: Final = re.compile(r"[\s.\-\u2010-\u2015\u2212\u200b\ufeff]+")
_NPI: Final = re.compile(r"[12][0-9]{9}")
# The second character is the surname's initial, or 9 where a business registered.
_DEA: Final = re.compile(r"[A-Z][A-Z9][0-9]{7}")


def _compact(text: str) -> str:
    # NFKC turns the full-width digits that some keyboards and PDFs give into plain ones. Once more
    # at the end, since accents that a space kept apart may now meet: normal text stays as it is.
    plain = _NOT_TYPED.sub("", unicodedata.normalize("NFKC", text))
    return unicodedata.normalize("NFKC", plain)


def normalise_npi(text: str) -> str:
    """As stored: without spaces, dots and dashes. Does not judge."""
    return _compact(text)


def normalise_dea(text: str) -> str:
    """As stored: upper case, without spaces, dots and dashes. Does not judge."""
    return _compact(text).upper()


def normalise_licence_number(text: str) -> str:
    """For comparing two licence numbers: letters and digits only, upper case, no leading zeros.

    Boards print the same number as "LH 0060-1234", "LH00601234" or "lh.601234".
    """
    plain = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).upper())
    parts = re.findall(r"[0-9]+|[^0-9]+", plain)
    return "".join(part.lstrip("0") for part in parts)


def npi_problem(text: str) -> str | None:
    """Why this is not an NPI, as a sentence, or None when it is well formed.

    Ten digits beginning with 1 or 2; Luhn check over 80840 followed by the NPI (CMS, 45 CFR
    162.406).
    """
    npi = normalise_npi(text)
    if not npi:
        return "Enter your NPI."
    if not re.fullmatch(r"[0-9]+", npi):
        return "An NPI is made of digits only."
    if len(npi) != 10:
        return f"An NPI has 10 digits; this one has {len(npi)}."
    if not _NPI.fullmatch(npi):
        return "An NPI begins with 1 or 2."
    if _npi_check_digit(npi[:9]) != npi[9]:
        return "This NPI has a slip in it: its last digit does not fit the others."
    return None


def is_valid_npi(text: str) -> bool:
    return npi_problem(text) is None


def dea_problem(text: str) -> str | None:
    """Why this is not a DEA registration number, as a sentence, or None when it is well formed.

    Two letters (the second may be 9) and seven digits; the last is the unit of
    d1+d3+d5 + 2(d2+d4+d6) (DEA Diversion Control Division).
    """
    dea = normalise_dea(text)
    if not dea:
        return "Enter your DEA number."
    if not _DEA.fullmatch(dea):
        return "A DEA number has two letters and seven digits, such as AB1234563."
    if _dea_check_digit(dea[2:8]) != dea[8]:
        return "This DEA number has a slip in it: its last digit does not fit the others."
    return None


def make_npi(nine_digits: str) -> str:
    """The NPI that begins with these nine digits. Raises ValueError when none can."""
    if not _NPI.fullmatch(nine_digits + "0"):
        raise ValueError(f"nine digits beginning with 1 or 2 are needed, not {nine_digits!r}")
    return nine_digits + _npi_check_digit(nine_digits)


def make_dea(prefix: str, six_digits: str) -> str:
    """The DEA number with these letters and digits. Raises ValueError when there is none."""
    if not _DEA.fullmatch(prefix + six_digits + "0") or len(prefix) != 2:
        raise ValueError(f"two letters and six digits are needed, not {prefix!r}, {six_digits!r}")
    return prefix + six_digits + _dea_check_digit(six_digits)


def _npi_check_digit(nine_digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed("80840" + nine_digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _dea_check_digit(six_digits: str) -> str:
    digits = [int(digit) for digit in six_digits]
    return str((sum(digits[0::2]) + 2 * sum(digits[1::2])) % 10)
