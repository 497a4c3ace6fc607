"""How far is what is read now from what a model was trained on?

Each distance compares two distributions over the same bins, p of the reference and q of now. Numeric columns are
binned at the reference's deciles, so that each bin holds about a tenth of the reference; other columns have a bin for
each frequent value and one for all others. A bin of its own holds the rows without a value.

* **psi**: population stability index, sum (q - p) ln(q / p). S. Lewis, An Introduction to Credit Scoring (1994);
  N. Siddiqi, Credit Risk Scorecards (2006). Shares are floored at 0.0001, or a new value would be infinitely far.
  Usual reading: below 0.1 stable, above 0.2 changed.
* **ks**: Kolmogorov-Smirnov, the greatest difference of the two distribution functions (Smirnov 1948); of numeric
  columns only. Within 0..1.
* **linf**: L-infinity, the greatest difference of a share: what TensorFlow Data Validation calls skew. Within 0..1.
* **js**: Jensen-Shannon divergence in bits (J. Lin, IEEE Trans. Inf. Theory 37, 1991). Within 0..1, symmetric.

With few rows all of them show noise: under no change at all psi is about (bins - 1)(1/n + 1/m). Below ROWS_MIN rows
on either side nothing is compared.
"""

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kanaria.judge.profile import ColumnProfile, Profile

Method = Literal["psi", "ks", "linf", "js"]
Shares = Sequence[float]
FLOOR = 1e-4
BINS = 10
ROWS_MIN = 100


@dataclass(frozen=True, slots=True)
class Distance:
    """How far one column is from its reference."""

    column: str
    score: float


def psi(p: Shares, q: Shares) -> float:
    """The population stability index."""
    pairs = [(max(a, FLOOR), max(b, FLOOR)) for a, b in zip(p, q, strict=True)]
    return math.fsum((b - a) * math.log(b / a) for a, b in pairs)


def l_infinity(p: Shares, q: Shares) -> float:
    """The greatest difference of a share."""
    return max((abs(a - b) for a, b in zip(p, q, strict=True)), default=0.0)


def jensen_shannon(p: Shares, q: Shares) -> float:
    """The Jensen-Shannon divergence, in bits."""
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return max(0.0, (_kullback_leibler(p, middle) + _kullback_leibler(q, middle)) / 2)


def _kullback_leibler(p: Shares, q: Shares) -> float:
    # Halving the smallest of floats gives zero, hence the second condition.
    return math.fsum(a * math.log2(a / b) for a, b in zip(p, q, strict=True) if a > 0 and b > 0)


def kolmogorov_smirnov(one: Sequence[float], other: Sequence[float]) -> float:
    """The greatest difference of the distribution functions of two sorted samples."""
    if not one or not other:
        return 0.0
    points = {*one, *other}
    return max(abs(_below(one, x) - _below(other, x)) for x in points)


def _below(ordered: Sequence[float], x: float) -> float:
    return bisect.bisect_right(ordered, x) / len(ordered)


_BY_SHARES: Mapping[Method, Callable[[Shares, Shares], float]] = {
    "psi": psi,
    "linf": l_infinity,
    "js": jensen_shannon,
}


def distances(reference: Profile, now: Profile, method: Method) -> tuple[Distance, ...]:
    """The distance of each column that both have, the farthest first."""
    if min(reference.rows, now.rows) < ROWS_MIN:
        return ()
    known = {column.name: column for column in now.columns}
    pairs = [(column, known[column.name]) for column in reference.columns if column.name in known]
    found = [(one.name, distance(one, other, method)) for one, other in pairs]
    told = [Distance(name, score) for name, score in found if score is not None]
    return tuple(sorted(told, key=lambda each: (-each.score, each.column)))


def distance(reference: ColumnProfile, now: ColumnProfile, method: Method) -> float | None:
    """The distance of one column; None where the method does not apply to what it holds."""
    if method == "ks":
        if not (reference.is_numeric and now.is_numeric):
            return None
        return kolmogorov_smirnov(reference.quantiles, now.quantiles)
    p, q = shares(reference, now)
    return _BY_SHARES[method](p, q)


def shares(reference: ColumnProfile, now: ColumnProfile) -> tuple[Shares, Shares]:
    """The shares of both over the same bins, each summing to 1."""
    if reference.is_numeric and now.is_numeric:
        edges = deciles(reference.quantiles)
        p, q = _binned(reference.quantiles, edges), _binned(now.quantiles, edges)
    else:
        names = sorted({name for name, _ in (*reference.top, *now.top)})
        p, q = _named(reference, names), _named(now, names)
    return _with_nulls(p, reference.null_share), _with_nulls(q, now.null_share)


def deciles(ordered: Sequence[float]) -> tuple[float, ...]:
    """The inner edges of ten bins of equal shares; fewer where values repeat."""
    last = len(ordered) - 1
    edges = {ordered[round(last * k / BINS)] for k in range(1, BINS)}
    return tuple(sorted(edges))


def _binned(ordered: Sequence[float], edges: Sequence[float]) -> Shares:
    below = [_below(ordered, edge) for edge in edges]
    return [b - a for a, b in zip([0.0, *below], [*below, 1.0], strict=True)]


def _named(column: ColumnProfile, names: Sequence[str]) -> Shares:
    told = dict(column.top)
    found = [told.get(name, 0.0) for name in names]
    has_values = column.count > column.nulls
    return [*found, max(0.0, 1.0 - math.fsum(found)) if has_values else 0.0]


def _with_nulls(values: Shares, nulls: float) -> Shares:
    return [*(each * (1 - nulls) for each in values), nulls]
