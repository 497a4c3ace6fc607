"""A mesh that does not send the candidate what was asked is found, one that does is left alone."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanaria.judge.counts import Counts, Window
from kanaria.judge.split import STRETCH, Split, check

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def window(candidate: int, stable: int) -> Window:
    return Window(NOON, NOON, Counts(candidate, 0), Counts(stable, 0))


def found_after(share: float, *, weight: int = 10, requests: int = 750, windows: int = 60, seed: int = 0) -> int | None:
    random, split = np.random.default_rng(seed), Split()
    for count in range(1, windows + 1):
        candidate = int(random.binomial(requests, share))
        split = check(split, weight, window(candidate, requests - candidate))
        if split.off:
            return count
    return None


@pytest.mark.parametrize("share", [0.0, 0.03, 0.2, 0.5, 1.0], ids=str)
def test_another_share_is_found_within_a_few_windows(share: float) -> None:
    found = found_after(share)

    assert found is not None
    assert found <= 5


@pytest.mark.parametrize("share", [0.1, 0.11, 0.09, 0.12], ids=str)
def test_what_is_near_enough_is_never_found_to_be_off(share: float) -> None:
    assert [found_after(share, seed=seed) for seed in range(30)] == [None] * 30


def test_requests_that_come_by_fours_are_no_mismatch() -> None:
    random, alarms = np.random.default_rng(3), 0
    for _ in range(100):
        split = Split()
        for _ in range(60):
            candidate = 4 * int(random.binomial(200, 0.1))
            split = check(split, 10, window(candidate, 800 - candidate))
            alarms += split.off

    assert alarms == 0


def test_a_change_of_weight_is_followed() -> None:
    split = Split()
    for weight in (5, 5, 25, 25, 50, 50):
        split = check(split, weight, window(10 * weight, 1000 - 10 * weight))

    assert not split.off


def test_a_mended_mesh_is_seen_within_a_stretch() -> None:
    split = check(Split(), 10, window(500, 500))
    off = split.off
    for _ in range(STRETCH):
        split = check(split, 10, window(100, 900))

    assert off
    assert not split.off


def test_it_is_told_in_numbers() -> None:
    assert check(Split(), 10, window(500, 500)).sentence == (
        "the candidate gets 50 % of the requests where 10 % was asked"
    )


@pytest.mark.parametrize("weight", [0, 100])
def test_where_all_go_one_way_there_is_no_split(weight: int) -> None:
    assert check(Split(), weight, window(0, 500)) == Split()


@given(st.integers(1, 99), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), max_size=40))
@settings(max_examples=30)
def test_whatever_comes_the_state_is_bounded(weight: int, counts: list[tuple[int, int]]) -> None:
    split = Split()
    for candidate, stable in counts:
        split = check(split, weight, window(candidate, stable))

    assert split.windows < STRETCH
    assert not split.off or 0 <= split.seen <= 1
