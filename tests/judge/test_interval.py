"""The interval around a rate ratio is true to the verdict and holds the truth."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanaria.judge.counts import Counts, Window
from kanaria.judge.evidence import Evidence, nothing_seen, observe
from kanaria.judge.grid import BETTER, WORSE, log_mean_exp
from kanaria.judge.interval import RatioInterval, ratio_interval
from kanaria.judge.sequential import SequentialTest, log_better, log_worse
from simulated_canary import Canary

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PLAIN = SequentialTest(dispersion=1)


def seen(n1: int, e1: int, n0: int, e0: int) -> Evidence:
    return observe(nothing_seen(PLAIN.grid), Window(NOON, NOON + MINUTE, Counts(n1, e1), Counts(n0, e0)))


some_evidence = st.builds(
    lambda n1, e1, n0, e0: seen(n1 + e1, e1, n0 + e0, e0),
    st.integers(1, 5000), st.integers(0, 300), st.integers(1, 50_000), st.integers(0, 3000),
)  # fmt: skip


@given(some_evidence, st.integers(1, 5))
def test_the_interval_agrees_with_what_is_proven(evidence: Evidence, metrics: int) -> None:
    interval = ratio_interval(evidence, PLAIN, metrics)

    assert interval.lower <= interval.upper
    if log_worse(evidence) > math.log(metrics / PLAIN.alpha) + 1e-6:
        assert interval.lower >= PLAIN.rollback_above - 1e-9
    if log_better(evidence) > math.log(1 / PLAIN.beta) + 1e-6:
        assert interval.upper <= PLAIN.promote_below + 1e-9


@given(some_evidence)
def test_between_the_points_of_the_grid_no_ratio_is_thrown_out_too_soon(evidence: Evidence) -> None:
    interval = ratio_interval(evidence, PLAIN)
    floor = max(log_mean_exp(evidence.likelihood[half]) for half in (WORSE, BETTER)) - math.log(20)
    n1, n0 = evidence.candidate.total, evidence.stable.total
    e1, e = evidence.candidate.bad, evidence.candidate.bad + evidence.stable.bad

    for step in range(-40, 100):
        psi = step / 40
        likelihood = e1 * psi - e * math.log1p(n1 / n0 * math.exp(psi))
        if likelihood > floor + 1e-6:
            assert interval.lower <= math.exp(psi) * (1 + 1e-9)
            assert interval.upper >= math.exp(psi) * (1 - 1e-9)


def test_the_interval_is_finer_than_the_grid() -> None:
    interval = ratio_interval(seen(300, 11, 2700, 27), PLAIN)
    exact = [psi / 1000 for psi in range(-1000, 3000) if not thrown_out(300, 11, 2700, 27, psi / 1000)]

    assert interval.lower == pytest.approx(math.exp(exact[0]), rel=0.02)
    assert interval.upper == pytest.approx(math.exp(exact[-1]), rel=0.08)  # the grid is coarser out there


def thrown_out(n1: int, e1: int, n0: int, e0: int, psi: float) -> bool:
    """Whether either test's alternatives make this log ratio untenable, worked out without the grid."""
    evidence = seen(n1, e1, n0, e0)
    likelihood = e1 * psi - (e1 + e0) * math.log1p(n1 / n0 * math.exp(psi))
    return max(log_mean_exp(evidence.likelihood[half]) for half in (WORSE, BETTER)) - likelihood >= math.log(20)


@pytest.mark.parametrize("ratio", [0.7, 1.0, 2.0])
def test_the_truth_is_seldom_ever_outside(ratio: float) -> None:
    missed = sum(ever_outside(Canary(ratio=ratio, minutes=30), seed) for seed in range(100))

    assert missed <= 10


def ever_outside(canary: Canary, seed: int) -> bool:
    evidence = nothing_seen(PLAIN.grid)
    for window in canary.windows(seed):
        evidence = observe(evidence, window)
        interval = ratio_interval(evidence, PLAIN)
        if not interval.lower <= canary.ratio <= interval.upper:
            return True
    return False


def test_before_any_bad_request_every_ratio_is_possible() -> None:
    interval = ratio_interval(seen(100, 0, 900, 0), PLAIN)

    assert (interval.ratio, interval.lower, interval.upper) == (None, 0, math.inf)


def test_bad_requests_on_the_candidate_alone_bound_the_ratio_from_below_only() -> None:
    interval = ratio_interval(seen(1000, 40, 9000, 0), PLAIN)

    assert (interval.ratio, interval.upper) == (math.inf, math.inf)
    assert interval.lower > 5


def test_two_metrics_widen_the_lower_end_and_raise_the_level() -> None:
    alone, of_two = (ratio_interval(seen(300, 11, 2700, 27), PLAIN, metrics) for metrics in (1, 2))

    assert of_two.lower < alone.lower
    assert (alone.level, of_two.level) == (pytest.approx(0.9), pytest.approx(0.925))


@pytest.mark.parametrize(
    ("interval", "sentence", "short"),
    [
        pytest.param(
            RatioInterval(2.13, 1.38, 3.249, 0.90, 1240),
            "errors ×2.1, 90 % always-valid [1.4, 3.2], after 1,240 requests", "errors ×2.1 [1.4, 3.2]", id="usual",
        ),
        pytest.param(
            RatioInterval(math.inf, 5.2, math.inf, 0.925, 90, 13, 409),
            "errors: 13 in 90 requests, stable none in 409", "errors: 13 in 90 requests, stable none in 409",
            id="stable has none",
        ),
        pytest.param(
            RatioInterval(0.714, 0, 1234.5, 0.9, 9),
            "errors ×0.71, 90 % always-valid [0, 1,234], after 9 requests", "errors ×0.71 [0, 1,234]", id="wide",
        ),
        pytest.param(
            RatioInterval(None, 0, math.inf, 0.9, 3200),
            "errors: none in 3,200 requests", "errors: none in 3,200 requests", id="no bad request",
        ),
    ],
)  # fmt: skip
def test_an_interval_is_told_in_a_sentence(interval: RatioInterval, sentence: str, short: str) -> None:
    assert interval.sentence("errors") == sentence
    assert interval.short("errors") == short
