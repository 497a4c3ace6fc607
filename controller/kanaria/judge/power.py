"""Is the traffic enough to tell a worse candidate, and to prove a healthy one, in the time a trial may take?

Under a true rate ratio R the log-likelihood ratio against a bound B grows, for each second at weight w, by

    g = requests a second * bad rate * (1 - w + w R) * KL(q(R) || q(B)),        q(R) = w R / (w R + 1 - w)

and a proof takes phi log(1/error) plus what the mixture over unknown alternatives costs. Simulated (the median of
trials with weights of 5 to 50 %, ratios of 1.5 to 5, phi of 1 to 5) that cost is 1.3 for a rollback and 0.5 for a
promotion; the times then lie within a quarter of the simulated medians, where they are longer than a few windows.

By `acceptBelow` r a candidate of bad rate p passes after (phi log(1/beta) + cost) / g requests of its own, with
g = p log s + (1 - p) log((1 - s r) / (1 - r)) for the best s of the test's mixture.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from kanaria.judge.rate import MIXTURE
from kanaria.judge.sequential import SequentialTest

ROLLBACK_COST = 1.3
PROMOTE_COST = 0.5
TOLD_RATIO = 2.0
LARGEST = 50.0
NEVER = math.inf
_HALF = math.log(2)


@dataclass(frozen=True, slots=True)
class Stage:
    """So long at this percent of the requests, as far as requests are counted there."""

    weight: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was seen of it: requests a second of all arms, and the share of them that is bad in stable."""

    per_second: float
    rate: float


@dataclass(frozen=True, slots=True)
class Power:
    """In how many seconds about half of such candidates are told; `NEVER` where the stages end before."""

    rollback: float  # one twice as bad
    passing: float  # one as good as stable
    detectable: float | None  # the least ratio that is told within the stages


def power(test: SequentialTest, metrics: int, traffic: Traffic, stages: tuple[Stage, ...]) -> Power:
    """What may be expected of a trial that goes through these stages."""
    twice = TOLD_RATIO * test.rollback_above
    return Power(
        rollback=_reached(stages, _needed_to_roll_back(test, metrics), _worse(test, traffic, twice)),
        passing=min(
            _reached(stages, test.dispersion * math.log(1 / test.beta) + PROMOTE_COST, _better(test, traffic)),
            _accepted(test, traffic, stages),
        ),
        detectable=_detectable(test, metrics, traffic, stages),
    )


def _reached(stages: tuple[Stage, ...], needed: float, growth: Callable[[float], float]) -> float:
    """After how many seconds the growth has come to what is needed."""
    passed = 0.0
    for stage in stages:
        rate = growth(stage.weight / 100)
        if rate > 0 and needed <= rate * stage.seconds:
            return passed + needed / rate
        needed -= rate * stage.seconds
        passed += stage.seconds
    return NEVER


def _needed_to_roll_back(test: SequentialTest, metrics: int) -> float:
    return test.dispersion * math.log(metrics / test.alpha) + ROLLBACK_COST


def _worse(test: SequentialTest, traffic: Traffic, ratio: float) -> Callable[[float], float]:
    return lambda weight: _growth(traffic, weight, ratio, test.rollback_above)


def _better(test: SequentialTest, traffic: Traffic) -> Callable[[float], float]:
    return lambda weight: _growth(traffic, weight, min(1.0, test.promote_below), test.promote_below)


def _growth(traffic: Traffic, weight: float, ratio: float, bound: float) -> float:
    if not 0 < weight < 1 or ratio == bound:
        return 0.0
    ours, theirs = (weight * r / (weight * r + 1 - weight) for r in (ratio, bound))
    apart = ours * math.log(ours / theirs) + (1 - ours) * math.log((1 - ours) / (1 - theirs))
    return traffic.per_second * min(1.0, traffic.rate) * (1 - weight + weight * ratio) * apart


def _accepted(test: SequentialTest, traffic: Traffic, stages: tuple[Stage, ...]) -> float:
    bound = test.accept_below
    if bound is None:
        return NEVER
    enough = test.dispersion * math.log(1 / test.beta)
    requests = NEVER
    for share, weight in MIXTURE:
        good = (1 - traffic.rate) * (math.log1p(-share * bound) - math.log1p(-bound))
        needed = enough - math.log(weight)
        if share == 0:  # passes only while there is no bad request at all
            count = needed / -math.log1p(-bound)
            requests = min(requests, count if traffic.rate * count <= _HALF else NEVER)
        elif good + traffic.rate * math.log(share) > 0:
            requests = min(requests, needed / (good + traffic.rate * math.log(share)))
    if math.isinf(requests):
        return NEVER
    return _reached(stages, requests, lambda weight: traffic.per_second * weight)


def _detectable(test: SequentialTest, metrics: int, traffic: Traffic, stages: tuple[Stage, ...]) -> float | None:
    """By halving: the larger the ratio, the sooner it is told."""
    needed, low, high = _needed_to_roll_back(test, metrics), 1.0, LARGEST
    if math.isinf(_reached(stages, needed, _worse(test, traffic, high * test.rollback_above))):
        return None
    for _ in range(20):
        middle = math.sqrt(low * high)
        told = not math.isinf(_reached(stages, needed, _worse(test, traffic, middle * test.rollback_above)))
        low, high = (low, middle) if told else (middle, high)
    return high * test.rollback_above
