"""Storms: everybody wants one time, and everything dies again and again. How long it takes is
printed and asserted nowhere; `bench/storms.py` repeats them."""

import pytest

from tests.whole.stage import staged
from tests.whole.storms import rush, survive

pytestmark = [pytest.mark.long, pytest.mark.race, pytest.mark.xdist_group("race")]


def test_of_two_hundred_who_want_one_time_one_gets_it() -> None:
    with staged(WORKERS="2") as stage:
        found = rush(stage, 200, stage.times[0])
    print(f"\n200 on one time: the slowest waited {found.slowest * 1000:.0f} ms")
    assert found.answers == {201: 1, 409: 199}


def test_nothing_acknowledged_is_lost_in_ten_kills() -> None:
    with staged(WORKERS="2") as stage:
        booked = survive(stage, blows=10, bookings=10)
    print(f"\n{len(booked.promised)} bookings through ten kills")
    assert len(booked.promised) >= 110
