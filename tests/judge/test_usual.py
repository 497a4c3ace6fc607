"""What is usual of stable's requests is measured, bounded, and not carried away by an incident."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanaria.judge.counts import Counts
from kanaria.judge.usual import (
    ASSUMED,
    BLOCK,
    HIGHEST,
    NOTHING_USUAL,
    OLD,
    Usual,
    document_of,
    halves_of,
    usual_of,
    watch_usual,
)


def after(windows: int, *, clump: int = 1, requests: int = 2700, rate: float = 0.01, seed: int = 0) -> Usual:
    random, known = np.random.default_rng(seed), NOTHING_USUAL
    for _ in range(windows):
        known = watch_usual(known, 15, requests, clumped(random, requests, rate, clump))
    return known


def clumped(random: np.random.Generator, requests: int, rate: float, clump: int) -> Counts:
    return Counts(requests, min(requests, clump * int(random.binomial(requests, rate / clump))))


@pytest.mark.parametrize("clump", [1, 2, 5, 10])
def test_clumps_are_measured_and_rather_over_than_under(clump: int) -> None:
    found = [after(100, clump=clump, seed=seed).dispersion.value for seed in range(20)]

    assert clump <= np.mean(found) <= 1.35 * clump
    assert min(found) >= 0.6 * clump


@pytest.mark.parametrize(
    ("windows", "rate"),
    [
        pytest.param(BLOCK - 1, 0.01, id="too few windows"),
        pytest.param(BLOCK, 0.0, id="no bad request"),
        pytest.param(5 * BLOCK, 0.00001, id="too few bad requests"),
    ],
)
def test_with_too_little_seen_it_is_assumed(windows: int, rate: float) -> None:
    dispersion = after(windows, rate=rate).dispersion

    assert (dispersion.value, dispersion.measured) == (ASSUMED, False)


def test_an_incident_does_not_blow_it_up() -> None:
    random, known = np.random.default_rng(1), after(100)
    for _ in range(30):
        known = watch_usual(known, 15, 2700, clumped(random, 2700, 0.10, 1))
    for _ in range(10):
        known = watch_usual(known, 15, 2700, clumped(random, 2700, 0.01, 1))

    assert known.dispersion.value < 1.6


def test_a_rate_that_drifts_makes_it_larger_and_never_smaller() -> None:
    random, known = np.random.default_rng(1), NOTHING_USUAL
    for window in range(100):
        known = watch_usual(known, 15, 2700, clumped(random, 2700, 0.01 + 0.002 * (window % 20), 1))

    assert known.dispersion.value > 2


def test_halves_of_pods_see_what_one_pod_does_alone_and_not_what_all_do() -> None:
    random, known = np.random.default_rng(2), NOTHING_USUAL
    for window in range(60):
        rate = 0.01 if window % 2 else 0.05  # all Pods alike: an incident now and then
        halves = clumped(random, 1000, rate, 5), clumped(random, 1000, rate, 5)
        known = watch_usual(known, 15, 2000, NO_STABLE, halves)

    assert known.dispersion.measured
    assert 4 <= known.dispersion.value <= 8


NO_STABLE = Counts(0, 0)


def test_pods_are_dealt_into_two_halves_and_one_pod_has_none() -> None:
    pods = {"c": Counts(30, 3), "a": Counts(10, 1), "b": Counts(20, 2)}

    assert halves_of(pods) == (Counts(40, 4), Counts(20, 2))
    assert halves_of({"a": Counts(10, 1)}) is None


def test_traffic_and_rate_are_of_lately() -> None:
    known = after(OLD, rate=0.0)
    for _ in range(3 * OLD):
        known = watch_usual(known, 15, 3000, Counts(2700, 27))

    assert known.per_second == pytest.approx(200, rel=0.02)
    assert known.rate == pytest.approx(0.01, rel=0.2)


windows = st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(lambda pair: Counts(max(pair), min(pair)))


@given(st.lists(windows, max_size=60))
@settings(max_examples=30)
def test_whatever_is_counted_it_stays_within_bounds_and_is_taken_up_as_it_was(counted: list[Counts]) -> None:
    known = NOTHING_USUAL
    for window in counted:
        known = watch_usual(known, 15, window.total, window, (window, window))

    document = json.dumps(document_of(known))
    again = usual_of(json.loads(document))
    assert 1 <= known.dispersion.value <= HIGHEST
    assert again.dispersion.value == pytest.approx(known.dispersion.value, rel=0.01)
    assert replace(again, block=known.block, blocks=known.blocks, halves=known.halves) == known
    assert len(document) <= 1024


def test_the_document_of_a_long_life_is_small() -> None:
    assert len(json.dumps(document_of(after(5000, clump=7, requests=10_000_000)))) <= 1024


@pytest.mark.parametrize("document", [{}, {"block": "x"}, {"block": [1, 2, 3], "traffic": []}], ids=str)
def test_a_document_that_cannot_be_read_is_as_nothing_known(document: dict[str, object]) -> None:
    assert usual_of(document) == NOTHING_USUAL
