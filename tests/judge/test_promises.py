"""What the judge promises over whole trials, tried on simulated canaries (see bench/judge.py for large figures).

Every share below is of seeded runs; its bound leaves room for two to three standard errors of that many runs.
"""

from dataclasses import replace

import pytest

from kanaria.judge.sequential import SequentialTest
from kanaria.vocabulary import Verdict
from simulated_canary import Canary, judged, trials

PLAIN = SequentialTest(dispersion=1)
CAREFUL = SequentialTest()  # the default dispersion, 2
HEALTHY = Canary()


def by_steps(minute: int) -> float:
    return (0.05, 0.10, 0.25, 0.50)[minute // 15]


def rising(minute: int) -> float:
    return 0.01 + 0.02 * minute / 59


def eleven_percent(_minute: int) -> float:
    return 0.11


def with_an_incident(minute: int) -> float:
    return 0.05 if 20 <= minute < 30 else 0.01


@pytest.mark.parametrize(
    "canary",
    [
        pytest.param(HEALTHY, id="steady"),
        pytest.param(replace(HEALTHY, weight=by_steps, base=rising), id="weight steps while both arms get worse"),
        pytest.param(replace(HEALTHY, weight=eleven_percent), id="11 % where 10 % was asked"),
        pytest.param(replace(HEALTHY, base=with_an_incident), id="an incident common to both arms"),
        pytest.param(replace(HEALTHY, rps=2), id="little traffic"),
    ],
)
def test_an_equally_good_candidate_is_seldom_rolled_back(canary: Canary) -> None:
    false_alarms, _ = trials(canary, PLAIN, Verdict.FAILED, runs=200)

    assert false_alarms <= PLAIN.alpha


@pytest.mark.parametrize(
    ("ratio", "test", "within"),
    [
        pytest.param(2, PLAIN, 5, id="twice as bad"),
        pytest.param(3, PLAIN, 3, id="three times as bad"),
        pytest.param(2, CAREFUL, 9, id="twice as bad, dispersion 2"),
        pytest.param(3, CAREFUL, 4, id="three times as bad, dispersion 2"),
    ],
)
def test_a_worse_candidate_is_rolled_back_within_minutes(ratio: float, test: SequentialTest, within: int) -> None:
    found, median = trials(replace(HEALTHY, ratio=ratio), test, Verdict.FAILED, runs=200)

    assert found >= 0.99
    assert median <= within


@pytest.mark.parametrize(
    ("canary", "at_least"),
    [
        pytest.param(HEALTHY, 0.98, id="equal"),
        pytest.param(replace(HEALTHY, ratio=0.7), 0.99, id="better"),
        pytest.param(replace(HEALTHY, ratio=0.7, weight=by_steps, base=rising), 0.99, id="better, with weight steps"),
    ],
)
def test_a_healthy_candidate_passes_within_the_hour(canary: Canary, at_least: float) -> None:
    passed, median = trials(canary, PLAIN, Verdict.PASSED, runs=100)

    assert passed >= at_least
    assert median <= 16


@pytest.mark.parametrize(
    "canary",
    [
        pytest.param(replace(HEALTHY, ratio=1.5), id="steady"),
        pytest.param(replace(HEALTHY, ratio=1.5, weight=by_steps, base=rising), id="weight steps"),
    ],
)
def test_a_candidate_on_the_margin_seldom_passes(canary: Canary) -> None:
    passed, _ = trials(canary, PLAIN, Verdict.PASSED, runs=200)

    assert passed <= PLAIN.beta


def test_a_candidate_at_the_accepted_rate_seldom_passes_by_it() -> None:
    everywhere = replace(HEALTHY, base=lambda _minute: 0.001, ratio=1, minutes=60)
    test = replace(PLAIN, accept_below=0.001, promote_below=0.01)  # the ratio test can prove nothing here

    passed, _ = trials(everywhere, test, Verdict.PASSED, runs=200)

    assert passed <= test.beta


@pytest.mark.parametrize("clump", [2, 5])
def test_bursts_mislead_the_plain_test_and_not_one_that_knows_their_dispersion(clump: int) -> None:
    bursty = replace(HEALTHY, clump=clump)

    plain, _ = trials(bursty, PLAIN, Verdict.FAILED, runs=200)
    knowing, _ = trials(bursty, replace(PLAIN, dispersion=clump), Verdict.FAILED, runs=200)

    assert plain > PLAIN.alpha
    assert knowing <= 1.2 * PLAIN.alpha


def test_a_trial_stops_at_whichever_verdict_comes_first() -> None:
    both = (Verdict.FAILED, Verdict.PASSED)

    assert judged(replace(HEALTHY, ratio=5), PLAIN, 1, both).verdict is Verdict.FAILED
    assert judged(replace(HEALTHY, ratio=0.5), PLAIN, 1, both).verdict is Verdict.PASSED


@pytest.mark.slow
def test_over_many_trials_alpha_and_beta_hold() -> None:
    false_alarms, _ = trials(HEALTHY, PLAIN, Verdict.FAILED, runs=4000)
    wrongly_passed, _ = trials(replace(HEALTHY, ratio=1.5), PLAIN, Verdict.PASSED, runs=4000)

    assert false_alarms <= 0.025
    assert wrongly_passed <= 0.04
