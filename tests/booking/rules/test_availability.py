"""What a provider may write into their hours, and the sentence when they may not."""

import pytest
from pydantic import ValidationError

from booking.rules.availability import Availability


def week(*ranges: tuple[int, str, str]) -> dict[str, object]:
    weekly = [{"weekday": d, "start": s, "end": e} for d, s, e in ranges]
    return {"time_zone": "America/Chicago", "weekly": weekly}


REFUSED = [
    (week((0, "12:00", "09:00")), "ends before it starts"),
    (week((0, "9:00", "10:00")), "not a time"),
    (week((0, "22:00", "30:01")), "latest end is 30:00"),
    (week((0, "24:00", "25:00")), "start on their own day"),
    (week((0, "05:00", "29:30")), "longer than a day"),
    (week((0, "0٩:00", "10:00")), "not a time"),  # a digit, but not one of ours
    (week((0, "09:00", "12:00"), (0, "11:00", "13:00")), "overlap"),
    (week((0, "22:00", "26:00"), (1, "01:00", "03:00")), "overlap"),  # past midnight
    (week((6, "22:00", "26:00"), (0, "00:00", "03:00")), "overlap"),  # Sunday into Monday
    ({"time_zone": "Mars/Olympus"}, "not a time zone"),
    (
        week() | {"overrides": [{"date": "2026-12-24"}, {"date": "2026-12-24"}]},
        "there twice",
    ),
    (
        week() | {"time_off": [{"starts_at": "2026-12-24T10:00Z", "ends_at": "2026-12-24T09:00Z"}]},
        "ends after it starts",
    ),
    (
        week((1, "22:00", "26:00"))
        | {"overrides": [{"date": "2026-11-25", "ranges": [{"start": "01:00", "end": "03:00"}]}]},
        "overlap",  # Tuesday's night is still open
    ),
    (week() | {"overrides": [{"date": 0}]}, "Write the date out"),
    (week() | {"overrides": [{"date": "0001-01-01"}]}, "out of reach"),
    (week() | {"notice_minutes": True}, "valid integer"),
    (week() | {"surprise": 1}, "Extra inputs"),
]


@pytest.mark.parametrize(("document", "words"), REFUSED)
def test_impossible_hours_are_refused_with_a_sentence(
    document: dict[str, object], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        Availability.model_validate(document)


def test_hours_may_touch_and_run_past_midnight() -> None:
    kept = Availability.model_validate(
        week((1, "09:00", "12:00"), (0, "22:00", "25:30"), (1, "12:00", "13:00"))
    )
    assert [str(r) for r in kept.weekly] == [
        "Monday 22:00–25:30",
        "Tuesday 09:00–12:00",
        "Tuesday 12:00–13:00",
    ]
    assert Availability.model_validate(kept.model_dump(mode="json")) == kept
