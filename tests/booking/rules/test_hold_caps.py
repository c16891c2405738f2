"""How much of a calendar people unknown may hold at once, and how many sessions one may have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.hold_caps import (
    PER_ADDRESS,
    PER_WIDE_NETWORK,
    Networks,
    is_crowded,
    leaves_half,
    most_held,
    most_sessions,
)


@pytest.mark.parametrize(
    ("free", "most"),
    [
        (1, 1),  # the only one can be had
        (2, 1),
        (3, 1),
        (4, 2),  # two at least, as long as that is half at most
        (19, 2),
        (30, 3),
        (152, 15),
    ],
)
def test_a_tenth_of_the_free_starts_may_be_held(free: int, most: int) -> None:
    assert most_held(free) == most


@given(st.integers(2, 10_000))
def test_never_over_half(free: int) -> None:
    assert 1 <= most_held(free) <= free / 2


def networks(address: int, wide: int) -> Networks:
    return Networks(bytes([address % 256, address // 256]), bytes([wide]))


@pytest.mark.parametrize(
    ("held", "own", "crowded"),
    [
        ([], networks(1, 1), False),
        ([networks(1, 1)] * (PER_ADDRESS - 1), networks(1, 1), False),
        ([networks(1, 1)] * PER_ADDRESS, networks(1, 1), True),
        ([networks(1, 1)] * PER_ADDRESS, networks(2, 1), False),  # a neighbour
        ([networks(n, 1) for n in range(9, 9 + PER_WIDE_NETWORK)], networks(1, 1), True),
        ([networks(n, 1) for n in range(9, 9 + PER_WIDE_NETWORK)], networks(1, 2), False),
    ],
)
def test_an_address_and_a_network_have_their_share(
    held: list[Networks], own: Networks, crowded: bool
) -> None:
    assert is_crowded(held, own, 10_000) is crowded


def test_all_together_have_a_tenth() -> None:
    held = [networks(n, n) for n in range(15)]
    assert is_crowded(held[:14], networks(99, 99), 152) is False
    assert is_crowded(held, networks(99, 99), 152) is True


@pytest.mark.parametrize(
    ("free", "left", "is_left"), [(10, 5, True), (10, 4, False), (1, 0, False)]
)
def test_half_is_left_to_the_others(free: int, left: int, is_left: bool) -> None:
    assert leaves_half(free, left) is is_left


@pytest.mark.parametrize(
    ("has_been", "allowed", "most"),
    [(False, None, 3), (True, None, 12), (False, 8, 8), (True, 1, 1)],
)
def test_few_sessions_before_the_first(has_been: bool, allowed: int | None, most: int) -> None:
    assert most_sessions(has_been, allowed) == most
