"""What patients are called is kept as they write it."""

from datetime import UTC, date, datetime

import pytest

from booking.appointments.patient_details import PatientDetails, checked_details
from core.errors import Invalid

START = datetime(2026, 11, 30, 18, tzinfo=UTC)


def details(name: str) -> PatientDetails:
    return PatientDetails(name, date(1990, 4, 12), "WA", None)


@pytest.mark.parametrize(
    "name",
    [
        "علی\u200cرضا کریمی",
        "ක්\u200dරිස්ටිනා පෙරේරා",
        "Todd O’Bryan",
        "Maria de la Cruz",
        "O",
        "W" * 60,
        "Dr. Ng",  # a patient may be one
        "Nguyễn Văn An",
        "山田 太郎",
    ],
)
def test_names_of_many_kinds_are_kept(name: str) -> None:
    assert checked_details(details(name), START).name == name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (" ", "Enter your name, at most"),
        ("Robin \u202e Example", "There is a sign in it that cannot be seen."),
        ("Ro\u200cbin", "There is a sign in it that cannot be seen."),
        ("Robin 😀", "Leave out “😀”"),
    ],
)
def test_what_is_no_name_is_told(name: str, problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_details(details(name), START)
    ((field, message),) = refused.value.fields
    assert field == "name"
    assert message.startswith(problem)
