"""How times are said. Where the clock is set back, one wall time stands for two instants."""

from datetime import UTC, datetime

import pytest

from core.web.formats import clock_time, short_when, when, zoned_time
from directory.provider_cards import soon

NEW_YORK, LORD_HOWE = "America/New_York", "Australia/Lord_Howe"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "zone", "said"),
    [
        ("2026-11-01 04:30", NEW_YORK, "12:30 am"),  # the hour before comes once
        ("2026-11-01 05:00", NEW_YORK, "1:00 am EDT"),
        ("2026-11-01 05:30", NEW_YORK, "1:30 am EDT"),
        ("2026-11-01 06:00", NEW_YORK, "1:00 am EST"),
        ("2026-11-01 06:30", NEW_YORK, "1:30 am EST"),
        ("2026-11-01 07:00", NEW_YORK, "2:00 am"),
        ("2026-11-02 06:30", NEW_YORK, "1:30 am"),  # the same wall time, a day later
        ("2026-03-08 06:30", NEW_YORK, "1:30 am"),  # an hour is skipped, none comes twice
        ("2026-03-08 07:00", NEW_YORK, "3:00 am"),
        ("2026-04-04 14:15", LORD_HOWE, "1:15 am"),
        ("2026-04-04 14:30", LORD_HOWE, "1:30 am UTC+11"),  # only half an hour comes twice
        ("2026-04-04 14:45", LORD_HOWE, "1:45 am UTC+11"),
        ("2026-04-04 15:00", LORD_HOWE, "1:30 am UTC+1030"),
        ("2026-04-04 15:30", LORD_HOWE, "2:00 am"),
        ("2026-11-01 09:00", "America/Phoenix", "2:00 am"),  # no change of clocks
    ],
)
def test_a_time_that_comes_twice_names_its_zone(instant: str, zone: str, said: str) -> None:
    assert clock_time(at(instant), zone) == said


def test_sentences_and_buttons_name_it_once() -> None:
    second = at("2026-11-01 06:30")
    assert short_when(second, NEW_YORK) == "Sun, Nov 1, 1:30 am EST"
    assert when(second, NEW_YORK) == "Sunday, November 1, 1:30 am EST"
    assert zoned_time(second, NEW_YORK) == "1:30 am EST"
    assert soon(second, NEW_YORK, second.date()) == "Today, 1:30 am EST"
