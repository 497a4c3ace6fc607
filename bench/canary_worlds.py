"""Which traffic are the judge and its rivals tried on? Thousands of trials at once, drawn from a printed seed.

Poisson requests an arm and window; bad ones are binomial, or come in clumps of several together. The base rate is the
same in both arms whatever it does over time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WINDOW = 15.0  # seconds: the default interval
Course = Callable[[float], float]  # by the share of the trial that is over


def steady(value: float) -> Course:
    return lambda _over: value


def by_steps(over: float) -> float:
    return (0.05, 0.10, 0.25, 0.50)[min(3, int(over * 4))]


def rising(over: float) -> float:
    return 0.01 + 0.02 * over


def incident(over: float) -> float:
    return 0.05 if 1 / 3 <= over < 1 / 2 else 0.01


TENTH, ONE_PERCENT = steady(0.10), steady(0.01)


@dataclass(frozen=True)
class World:
    """How much traffic there is, how it is split, and how often it goes wrong."""

    rps: float = 50
    weight: Course = TENTH
    base: Course = ONE_PERCENT
    ratio: float = 1.0
    clump: int = 1
    windows: int = 240  # an hour


@dataclass(frozen=True)
class Drawn:
    """Counts of many trials: one row a trial, one column a window."""

    n1: Floats
    e1: Floats
    n0: Floats
    e0: Floats

    @property
    def runs(self) -> int:
        return int(self.n1.shape[0])

    def by(self, windows: int) -> "Drawn":
        """The same read more seldom: so many windows make one."""
        if windows == 1:
            return self
        return Drawn(*(part.reshape(self.runs, -1, windows).sum(2) for part in (self.n1, self.e1, self.n0, self.e0)))


def drawn(world: World, runs: int, seed: int) -> Drawn:
    random = np.random.default_rng(seed)
    over = np.arange(world.windows) / world.windows
    weight = np.array([world.weight(o) for o in over])
    base = np.array([world.base(o) for o in over])
    total = world.rps * WINDOW
    n1, e1 = _arm(random, total * weight, base * world.ratio, world.clump, runs)
    n0, e0 = _arm(random, total * (1 - weight), base, world.clump, runs)
    return Drawn(n1, e1, n0, e0)


def _arm(random: np.random.Generator, expected: Floats, rate: Floats, clump: int, runs: int) -> tuple[Floats, Floats]:
    total = random.poisson(expected, (runs, expected.size))
    bad = np.minimum(total, clump * random.binomial(total, np.minimum(1.0, rate) / clump))
    return total.astype(float), bad.astype(float)
