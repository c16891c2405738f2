"""A licence is revoked, and the worker dies while it tells people: everybody has one letter."""

from collections import Counter

import pytest

from tests.whole.revocation import AT_ONCE, revoke_with, staged

pytestmark = [pytest.mark.long, pytest.mark.race, pytest.mark.xdist_group("race")]


def test_everybody_is_told_once_although_the_worker_dies_in_between() -> None:
    with staged(10) as stage:
        revoke_with(stage, kill_after=2)
        assert stage.sink.told() == Counter(stage.expected)
        assert stage.sink.repeated() <= AT_ONCE
