"""At which rate ratios (candidate / stable) is the evidence of a sequential test kept?

One list of points serves both tests and the interval, so a metric's whole evidence is one log-likelihood a point:
the two bounds themselves, and 21 alternatives on the far side of each, geometrically spaced because nobody knows
beforehand how much worse, or better, a candidate is.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

ALTERNATIVES = 21
WORSE_BY = (0.1, 2.5)  # log ratios above `rollbackAbove`: 1.1 to 12 times the bound
BETTER_BY = (0.1, 1.5)  # log ratios below `promoteBelow`: 0.9 to 0.22 times the bound

# Where in the list they stand.
ROLLBACK_BOUND = 0
WORSE = slice(1, 1 + ALTERNATIVES)
PROMOTE_BOUND = 1 + ALTERNATIVES
BETTER = slice(2 + ALTERNATIVES, 2 + 2 * ALTERNATIVES)


@dataclass(frozen=True, slots=True)
class Grid:
    """Points on the axis of log rate ratios, in the order evidence keeps them."""

    rollback_above: float
    promote_below: float
    points: tuple[float, ...]
    ratios: tuple[float, ...]  # exp of the points
    ascending: tuple[int, ...]  # indices of the points from the lowest to the highest


@lru_cache(maxsize=256)
def grid_for(rollback_above: float, promote_below: float) -> Grid:
    """The grid of a test with these two bounds."""
    low, high = math.log(rollback_above), math.log(promote_below)
    worse = (low + step for step in _geometric(*WORSE_BY))
    better = (high - step for step in _geometric(*BETTER_BY))
    points = (low, *worse, high, *better)
    ascending = tuple(sorted(range(len(points)), key=points.__getitem__))
    return Grid(rollback_above, promote_below, points, tuple(math.exp(point) for point in points), ascending)


def _geometric(first: float, last: float) -> list[float]:
    growth = (last / first) ** (1 / (ALTERNATIVES - 1))
    return [first * growth**step for step in range(ALTERNATIVES)]


def log_mean_exp(values: tuple[float, ...]) -> float:
    """The log of the mean of exp(values), without overflow: an equal-weight mixture of likelihoods."""
    top = max(values)
    return top + math.log(math.fsum([math.exp(value - top) for value in values]) / len(values))
