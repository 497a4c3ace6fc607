"""What the plan promises is what simulated trials then take."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanaria.judge.power import NEVER, Stage, Traffic, power
from kanaria.judge.sequential import SequentialTest
from kanaria.vocabulary import Verdict
from simulated_canary import Canary, trials

DAY = (Stage(10, 86_400),)
USUAL = Traffic(50, 0.01)


@pytest.mark.parametrize("dispersion", [1.0, 2.0])
def test_a_worse_candidate_takes_the_time_that_was_told(dispersion: float) -> None:
    test = SequentialTest(dispersion=dispersion)
    _, median = trials(Canary(ratio=2, minutes=60), test, Verdict.FAILED, runs=100)

    assert power(test, 1, USUAL, DAY).rollback / 60 == pytest.approx(median - 0.5, rel=0.35)


def test_a_healthy_candidate_takes_the_time_that_was_told() -> None:
    test = SequentialTest(dispersion=1)
    _, median = trials(Canary(minutes=120), test, Verdict.PASSED, runs=100)

    assert power(test, 1, USUAL, DAY).passing / 60 == pytest.approx(median - 0.5, rel=0.35)


@pytest.mark.parametrize(("bound", "requests"), [(0.001, 6212), (0.01, 618), (0.05, 121)], ids=str)
def test_without_bad_requests_it_passes_by_its_own_rate(bound: float, requests: int) -> None:
    found = power(SequentialTest(accept_below=bound), 1, Traffic(50, 0), DAY)

    assert found.passing * 50 * 0.10 == pytest.approx(requests, rel=0.02)
    assert (found.rollback, found.detectable) == (NEVER, None)


def test_without_bad_requests_and_without_an_accepted_rate_nothing_is_ever_proven() -> None:
    assert power(SequentialTest(), 1, Traffic(50, 0), DAY).passing == NEVER


def test_a_rate_near_the_accepted_one_takes_long_and_one_above_never_comes() -> None:
    test = SequentialTest(accept_below=0.01, promote_below=1.01)
    near, below = (power(test, 1, Traffic(50, rate), DAY).passing for rate in (0.008, 0.002))

    assert below < near
    assert power(replace(test, promote_below=1.001), 1, Traffic(1, 0.02), DAY).passing == NEVER


def test_the_stages_are_gone_through_one_after_the_other() -> None:
    stages = (Stage(0, 600), Stage(5, 60), Stage(50, 3600))
    found = power(SequentialTest(), 1, USUAL, stages)

    assert 660 < found.rollback < 660 + 60 * 4


def test_the_least_ratio_that_is_told_is_one_that_is_told() -> None:
    stages = (Stage(10, 600),)
    least = power(SequentialTest(), 1, USUAL, stages).detectable

    assert least is not None
    assert 1.5 < least < 2.5
    assert power(SequentialTest(), 1, USUAL, (Stage(10, 60 * 60 * 24 * 7),)).detectable < least  # type: ignore[operator]


weights, rates = st.integers(1, 99), st.floats(0.0001, 0.2)


@settings(max_examples=40)
@given(weights, rates, st.floats(0.1, 500), st.floats(1, 10), st.integers(1, 5))
def test_more_requests_never_take_longer_and_more_caution_never_less(
    weight: int, rate: float, per_second: float, dispersion: float, metrics: int
) -> None:
    stages = (Stage(weight, 1e9),)
    test = SequentialTest(accept_below=0.3, dispersion=dispersion)
    found = power(test, metrics, Traffic(per_second, rate), stages)
    busier = power(test, metrics, Traffic(2 * per_second, rate), stages)
    warier = power(replace(test, dispersion=dispersion + 1), metrics + 1, Traffic(per_second, rate), stages)

    assert 0 < busier.rollback <= found.rollback <= warier.rollback
    assert 0 < busier.passing <= found.passing <= warier.passing
    assert found.detectable is not None
    assert busier.detectable is not None
    assert busier.detectable <= found.detectable + 1e-6
    assert math.isfinite(found.rollback)
