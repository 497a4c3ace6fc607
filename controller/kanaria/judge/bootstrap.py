"""How sure is it that one model's mean score is above another's, both scored on the same rows?

The paired bootstrap (B. Efron, Ann. Statist. 7, 1979; percentile intervals, Efron and Tibshirani, 1993, ch. 13): the
rows' differences are drawn with replacement as many times as there are rows, again and again, and the quantiles of
these means bound the difference. The rows that are hard for both models leave it: what is the same in both has no say.

Two one-sided bounds, each with the confidence that was asked for. Which rows are drawn follows from a seed and nothing
else: a hash's bits are the dice, so that a verdict can be computed again years later on any machine.

More rows than a second can draw from are taken together in groups of neighbours, whose means are drawn instead: as wide
where rows are independent of each other, and wider where neighbours resemble each other.

It is for scores whose mean is the metric (right or wrong, an absolute error, a log loss), of rows that say something of
their own: ten copies of a row count as ten. An area under a curve is no mean of rows.
"""

import hashlib
import itertools
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

DRAWS = 1000
ROWS_MIN = 30
"""With fewer rows the quantiles of the drawn means are no bounds worth the name."""
GROUPS_MAX = 5000
_BITS = 32


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between what a mean difference lies, each bound with the confidence asked for."""

    low: float
    high: float


def paired_bounds(candidate: Sequence[float], champion: Sequence[float], confidence: float, seed: str) -> Bounds:
    """The bounds of the mean of candidate minus champion.

    Raises:
        ValueError: if the rows differ in number, or there are too few of them.
    """
    differences = [one - other for one, other in zip(candidate, champion, strict=True)]
    if len(differences) < ROWS_MIN:
        raise ValueError(f"{len(differences)} rows; at least {ROWS_MIN} are needed")
    drawn_from = _grouped(differences)
    means = sorted(_drawn_mean(drawn_from, f"{seed}/{number}") for number in range(DRAWS))
    below = math.floor((1 - confidence) * DRAWS)
    return Bounds(means[below], means[DRAWS - 1 - below])


def _grouped(values: list[float]) -> list[float]:
    size = math.ceil(len(values) / GROUPS_MAX)
    if size == 1:
        return values
    count = len(values) // size
    ends = [number * len(values) // count for number in range(count + 1)]
    return [math.fsum(values[a:b]) / (b - a) for a, b in itertools.pairwise(ends)]


def _drawn_mean(values: Sequence[float], seed: str) -> float:
    count = len(values)
    dice = array("I")
    dice.frombytes(hashlib.shake_256(seed.encode()).digest(dice.itemsize * count))
    # The top bits of a product spread 32 bits over the rows, uneven by less than one part in 400,000.
    return sum([values[(die * count) >> _BITS] for die in dice]) / count
