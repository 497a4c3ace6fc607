"""A canary's traffic, drawn at random from a seed: what the judge and its rivals are tried on.

Poisson requests an arm and minute, binomial bad ones, the same base rate in both arms whatever it does over time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from kanaria.judge.counts import Counts, Window
from kanaria.judge.evidence import Evidence, nothing_seen, observe
from kanaria.judge.sequential import SequentialTest, verdict
from kanaria.vocabulary import Verdict

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_tenth(_minute: int) -> float:
    return 0.10


def one_percent(_minute: int) -> float:
    return 0.01


@dataclass(frozen=True)
class Canary:
    """How much traffic there is, how it is split, and how often it goes wrong, minute by minute."""

    rps: float = 50
    weight: Callable[[int], float] = a_tenth
    base: Callable[[int], float] = one_percent
    ratio: float = 1.0
    clump: int = 1  # bad requests come in bursts of this many
    minutes: int = 60

    def windows(self, seed: int) -> Iterator[Window]:
        random = np.random.default_rng(seed)
        for minute in range(self.minutes):
            weight, base, total = self.weight(minute), self.base(minute), self.rps * 60
            candidate = self._arm(random, total * weight, base * self.ratio)
            stable = self._arm(random, total * (1 - weight), base)
            yield Window(NOON + minute * MINUTE, NOON + (minute + 1) * MINUTE, candidate, stable)

    def _arm(self, random: np.random.Generator, expected: float, rate: float) -> Counts:
        total = int(random.poisson(expected))
        bad = min(total, self.clump * int(random.binomial(total, min(1.0, rate) / self.clump)))
        return Counts(total, bad)


@dataclass(frozen=True)
class Outcome:
    """How a trial ended: the first decisive verdict, after how many minutes, with how many bad answers given."""

    verdict: Verdict
    minutes: int
    bad: int


def judged(canary: Canary, test: SequentialTest, seed: int, stop_at: tuple[Verdict, ...]) -> Outcome:
    evidence: Evidence = nothing_seen(test.grid)
    for minute, window in enumerate(canary.windows(seed), start=1):
        evidence = observe(evidence, window)
        found = verdict(evidence, test).verdict
        if found in stop_at:
            return Outcome(found, minute, evidence.candidate.bad)
    return Outcome(Verdict.INCONCLUSIVE, canary.minutes, evidence.candidate.bad)


def trials(
    canary: Canary, test: SequentialTest, stop_at: Verdict, runs: int, first_seed: int = 0
) -> tuple[float, float]:
    """The share of runs that ever reach the verdict, and the median minutes until those do."""
    outcomes = [judged(canary, test, first_seed + run, (stop_at,)) for run in range(runs)]
    reached = [outcome.minutes for outcome in outcomes if outcome.verdict is stop_at]
    return len(reached) / runs, float(np.median(reached)) if reached else float("inf")
