"""A mesh that does not send the candidate what was asked is found, one that does is left alone."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanaria.judge.counts import Counts, Window
from kanaria.judge.split import STRETCH, Split, _log_evidence, check, document_of, split_of

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


def test_what_is_kept_of_it_goes_on_where_it_was():
    random, kept, whole = np.random.default_rng(5), Split(), Split()
    for _ in range(STRETCH - 1):
        candidate = int(random.binomial(700, 0.11))
        seen = window(candidate, 700 - candidate)
        kept, whole = split_of(document_of(check(kept, 10, seen))), check(whole, 10, seen)

    assert (kept.windows, kept.arms) == (whole.windows, whole.arms)
    assert kept.asked == pytest.approx(whole.asked)
    apart = [a - b for a, b in zip(kept.likelihood, whole.likelihood, strict=True)]
    assert max(apart) - min(apart) <= 0.001 * 2 * STRETCH


def test_rounding_accuses_nobody():
    """A document taken up again and again says no more of a mismatch than the windows themselves."""
    split = check(Split(), 10, window(130, 870))
    before = _log_evidence(split.likelihood)

    for _ in range(100):
        split = split_of(document_of(split))

    assert _log_evidence(split.likelihood) <= before
    assert _log_evidence(split.likelihood) == pytest.approx(before, abs=0.003)


def test_what_was_found_off_is_kept_with_its_shares():
    off = Split(off=True, seen=0.4, wanted=0.1)
    mending = check(off, 10, window(75, 675))

    kept = split_of(document_of(mending))

    assert split_of(document_of(off)) == off
    assert (kept.off, kept.seen, kept.wanted, kept.windows) == (True, 0.4, 0.1, 1)


@pytest.mark.parametrize(
    "document",
    [{}, {"off": True}, {"logLikelihood": [1, 2], "windows": 3, "arms": [1, 1], "asked": 1}, {"windows": "x"}],
    ids=["nothing", "half", "of another version", "no numbers"],
)
def test_what_cannot_be_read_is_nothing(document: dict):
    assert split_of(document) == Split()
