"""Has the stable model got worse since it was promoted, with a stated mean time between false alarms?

There is no second arm to compare with, so its rate of bad requests is compared with what was usual when it was new:
the first windows are *learned*, then the bound r is fixed, `promoteBelow` times the highest rate that fits them (and
never below `acceptBelow`). From then on an e-detector of Shiryaev and Roberts' form looks for a rate above r
(Shin, Ramdas, Rinaldo): for each alternative s r with s > 1, window by window with N requests and b bad ones,

    L = (s^b ((1 - s r) / (1 - r))^(N - b))^(1/dispersion)          M := L (1 + M)          alarm: mean of M >= A

*Why the promise holds.* For any rate up to r, L has a mean of at most 1 (see `rate`; the power 1/dispersion lowers
it), so M - (number of windows) is a supermartingale, and so is the mean of several: the mean number of windows until a
false alarm is at least A. A is `falseAlarmEvery` over the interval; windows without requests do not count, which only
lengthens the time. After an alarm the same detector looks the other way, s < 1, for the rate to be below r again.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kanaria.judge.counts import NO_REQUESTS, Counts
from kanaria.vocabulary import Verdict

WORSE = (1.25, 1.5, 2.0, 3.0, 6.0)
BETTER = (0.0, 0.25, 0.5, 0.75, 0.9)
LEARNED = 20  # windows to learn from, at least
BAD_ENOUGH = 30  # with fewer bad requests more are learned from
LONGEST = 200
SURE = 1.645  # one-sided 95 %
HIGHEST = 0.9  # a bound above this leaves no room for worse
LEAST = -60.0  # log M: what is below adds nothing to 1 + M
TOLD = 1  # the alternative, half as much again or a quarter, whose CUSUM tells since when
_NOTHING = (-math.inf,) * len(WORSE)


@dataclass(frozen=True, slots=True)
class WatchTest:
    """What a watch is asked for: bounds as in the sequential test, and after how many windows it may be wrong."""

    promote_below: float
    accept_below: float | None
    windows_between_alarms: float

    def bound(self, learned: Counts, dispersion: float) -> float:
        """The rate above which the model is worse than it was: a Poisson score bound on what was learned, times m."""
        spread = SURE * SURE * dispersion
        highest = (learned.bad + spread / 2 + math.sqrt(spread * learned.bad + spread * spread / 4)) / learned.total
        return min(HIGHEST, max(self.promote_below * highest, self.accept_below or 0.0))


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of one metric of one stable model."""

    model: str  # the predictor that serves it: another one is learned anew
    windows: int = 0
    learned: Counts = NO_REQUESTS
    bound: float | None = None  # None while it learns
    worse: bool = False  # whether the newest alarm said so
    logs: tuple[float, ...] = _NOTHING
    climb: float = 0.0  # CUSUM of one alternative: above nothing while there is evidence for a change
    since: datetime | None = None  # since when that is so
    counted: Counts = NO_REQUESTS  # what was counted since then
    last_end: datetime | None = None

    @property
    def verdict(self) -> Verdict:
        """Failed while it is worse than it was, Inconclusive while what is usual is learned."""
        if self.bound is None:
            return Verdict.INCONCLUSIVE
        return Verdict.FAILED if self.worse else Verdict.PASSED

    def sentence(self, metric: str) -> str:
        """For people, when the verdict turns."""
        if self.bound is None:
            return f"{metric}: what is usual is learned, {self.learned.total:,} requests so far"
        usual = f"{metric}: at most {_percent(self.bound)} is usual"
        if not self.counted.total:
            return f"{usual}, by {self.learned.bad:,} bad of {self.learned.total:,} requests"
        since = f" since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else ""
        word = "now" if self.worse else "again"
        rate = _percent(self.counted.bad / self.counted.total)
        return f"{usual}; {word} {rate}, {self.counted.bad:,} bad of {self.counted.total:,} requests{since}"


def watch(seen: Watched, test: WatchTest, end: datetime, window: Counts, dispersion: float) -> Watched:
    """What is known after one more window; one without requests, or counted before, changes nothing."""
    if window.total == 0 or (seen.last_end is not None and end <= seen.last_end):
        return seen
    seen = replace(seen, last_end=end)
    if seen.bound is None:
        return _learned(seen, test, window, dispersion)
    ratios = _ratios(seen, window, dispersion)
    logs = tuple(max(LEAST, r + _log_one_plus(log)) for r, log in zip(ratios, seen.logs, strict=True))
    seen = replace(_climbed(seen, end, window, ratios[TOLD]), logs=logs)
    if _log_mean(logs) < math.log(test.windows_between_alarms):
        return seen
    return replace(seen, logs=_NOTHING, climb=0.0, worse=not seen.worse)


def _learned(seen: Watched, test: WatchTest, window: Counts, dispersion: float) -> Watched:
    seen = replace(seen, windows=seen.windows + 1, learned=seen.learned.plus(window))
    enough = seen.windows >= LONGEST or (seen.windows >= LEARNED and seen.learned.bad >= BAD_ENOUGH)
    return replace(seen, bound=test.bound(seen.learned, dispersion)) if enough else seen


def _climbed(seen: Watched, end: datetime, window: Counts, ratio: float) -> Watched:
    """What is told of an alarm: the requests since there was evidence without a break."""
    if seen.climb <= 0:
        return replace(seen, climb=ratio, since=end, counted=window)
    return replace(seen, climb=seen.climb + ratio, counted=seen.counted.plus(window))


def _ratios(seen: Watched, window: Counts, dispersion: float) -> tuple[float, ...]:
    bound, shares = seen.bound or HIGHEST, BETTER if seen.worse else WORSE
    return tuple(log_ratio(min(share, 0.99 / bound), bound, window) / dispersion for share in shares)


def log_ratio(share: float, bound: float, window: Counts) -> float:
    """How much better a rate of `share` times the bound explains a window than the bound itself does."""
    if share == 0 and window.bad:
        return -math.inf
    good = (window.total - window.bad) * (math.log1p(-share * bound) - math.log1p(-bound))
    return good + (window.bad * math.log(share) if window.bad else 0.0)


def _log_one_plus(log: float) -> float:
    return log + math.log1p(math.exp(-log)) if log > 0 else math.log1p(math.exp(log))


def _log_mean(logs: tuple[float, ...]) -> float:
    top = max(logs)
    return top + math.log(math.fsum(math.exp(log - top) for log in logs) / len(logs))


def _percent(rate: float) -> str:
    return f"{100 * rate:.2g} %"


def document_of(seen: Watched) -> dict[str, Any]:
    """What is kept in the status: only what a turn of the verdict rests on, so nothing is written between two."""
    return {
        "model": seen.model,
        "learned": [seen.windows, seen.learned.total, seen.learned.bad],
        "bound": seen.bound,
        "worse": seen.worse,
    }


def watched_of(document: Mapping[str, Any]) -> Watched | None:
    """What such a document holds; None where it cannot be read."""
    try:
        windows, total, bad = document["learned"]
        bound = document.get("bound")
        return Watched(
            model=str(document["model"]),
            windows=int(windows),
            learned=Counts(int(total), int(bad)),
            bound=float(bound) if bound is not None else None,
            worse=bool(document["worse"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
