"""How many requests, and how many of them bad, did each arm answer between two readings of its counters?

A *series* is one counter holder's view of an arm (one gateway replica, its label sets summed by the source). What is
known of a series decides what it adds to a window:

=========================================  ==========================================================================
the series                                 adds
=========================================  ==========================================================================
is in both readings, nothing decreased     its two differences
decreased: it was reset                    nothing: what it counted before the reset is lost, bad and good alike
vanished                                   nothing: what it counted after the last reading is lost likewise
appeared                                   nothing: nobody knows over which time its first value was counted
=========================================  ==========================================================================

A series is left out of bad and total together, so a rate is never made of one replica's errors and another's
requests. A source must therefore not make a series of a status code: one that appears with its first error would
have that error left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kanaria.vocabulary import Counters, SeriesCount

MAX_SKEW = timedelta(milliseconds=250)  # read further apart, the two arms saw different moments
MAX_INTERVALS = 5  # missed readings only make a window longer, up to so many intervals
MAX_LOAD_APART = 2.0  # times are compared while a server of either arm has at most so many times the other's requests
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests answered, and how many of them were bad."""

    total: int
    bad: int

    def __post_init__(self) -> None:
        """Refuse counts that nothing can have counted."""
        if not 0 <= self.bad <= self.total:
            raise ValueError(f"bad={self.bad}, total={self.total}: bad must lie between 0 and total")

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(self.total + other.total, self.bad + other.bad)


NO_REQUESTS = Counts(0, 0)


@dataclass(frozen=True, slots=True)
class Window:
    """What both arms answered in one stretch of time at one weight: the unit of evidence."""

    start: datetime
    end: datetime
    candidate: Counts
    stable: Counts


class DropReason(StrEnum):
    """Why a stretch of time is no evidence."""

    OUT_OF_ORDER = "OutOfOrder"  # The second reading is not later than the first.
    ARMS_APART = "ArmsApart"  # Candidate and stable were read too far apart to be compared.
    WEIGHT_CHANGED = "WeightChanged"  # Weight or scale changed after it began, so one split does not describe it.
    WARMING_UP = "WarmingUp"  # It began within the warm-up after a change of weight or scale.
    TORN_COUNTERS = "TornCounters"  # A series counted more bad requests than requests.
    ZERO_TRAFFIC = "ZeroTraffic"  # One arm answered nothing, so there is nothing to compare.
    TOO_LONG = "TooLong"  # Readings were missed for so long that a counter may have been reset unseen.
    LOAD_APART = "LoadApart"  # A server of one arm had far more to do than one of the other: times do not compare.


@dataclass(frozen=True, slots=True)
class Dropped:
    """A stretch of time that is no evidence, and why."""

    reason: DropReason
    message: str


def window_between(
    previous: Counters, current: Counters, *, changed: datetime, warmup: timedelta = timedelta(0)
) -> Window | Dropped:
    """The evidence between two readings; `changed` is when weight or scale last changed."""
    window = arms_between(previous, current, changed=changed, warmup=warmup)
    return window if isinstance(window, Dropped) else not_comparable(window) or window


def arms_between(
    previous: Counters,
    current: Counters,
    *,
    changed: datetime,
    warmup: timedelta = timedelta(0),
    every: timedelta | None = None,
) -> Window | Dropped:
    """The same, be it that one arm answered nothing; `every` is how often the counters are meant to be read."""
    unfit = _unfit(previous, current, changed, warmup) or _too_long(previous, current, every)
    if unfit is not None:
        return unfit
    candidate = counted_between(previous.candidate, current.candidate)
    stable = counted_between(previous.stable, current.stable)
    if isinstance(candidate, Dropped):
        return candidate
    if isinstance(stable, Dropped):
        return stable
    return Window(previous.at, current.at, candidate, stable)


def not_comparable(window: Window, servers: tuple[int, int] | None = None) -> Dropped | None:
    """Why the arms of a window cannot be compared; with the servers of both arms also by what each had to do.

    The servers are given for times alone: a busy server is slower than an idle one, not more often wrong.
    """
    candidate, stable = window.candidate.total, window.stable.total
    if candidate == 0 or stable == 0:
        idle = "candidate" if candidate == 0 else "stable"
        return Dropped(DropReason.ZERO_TRAFFIC, f"{idle} answered no request that could be counted")
    if servers is None:
        return None
    apart = (candidate / max(1, servers[0])) / (stable / max(1, servers[1]))
    if 1 / MAX_LOAD_APART <= apart <= MAX_LOAD_APART:
        return None
    low, high = 1 / MAX_LOAD_APART, MAX_LOAD_APART
    fact = f"a server of the candidate answered {apart:.2g} times as many requests as one of stable"
    return Dropped(DropReason.LOAD_APART, f"{fact}; times compare from {low:g} to {high:g}")


def _unfit(previous: Counters, current: Counters, changed: datetime, warmup: timedelta) -> Dropped | None:
    start, end = previous.at, current.at
    skew = max(abs(previous.skew), abs(current.skew))
    if end <= start:
        return Dropped(DropReason.OUT_OF_ORDER, f"the reading of {end} is not later than the one of {start}")
    if skew > MAX_SKEW:
        apart, limit = skew // _MILLISECOND, MAX_SKEW // _MILLISECOND
        return Dropped(DropReason.ARMS_APART, f"the arms were read {apart} ms apart; up to {limit} ms is comparable")
    if start < changed:
        return Dropped(DropReason.WEIGHT_CHANGED, f"it began at {start}, weight or scale changed at {changed}")
    if start < changed + warmup:
        return Dropped(DropReason.WARMING_UP, f"it began at {start}, the warm-up ends at {changed + warmup}")
    return None


def by_series(before: Mapping[str, SeriesCount], after: Mapping[str, SeriesCount]) -> Mapping[str, Counts]:
    """What each series of an arm answered between two readings, as far as it adds to the window."""
    each = {name: counted_between(before, {name: now}) for name, now in after.items() if name in before}
    return {name: counted for name, counted in each.items() if isinstance(counted, Counts)}


def _too_long(previous: Counters, current: Counters, every: timedelta | None) -> Dropped | None:
    if every is None or current.at - previous.at <= MAX_INTERVALS * every:
        return None
    seconds = (current.at - previous.at).total_seconds()
    fact = f"it is {seconds:.0f} s long, more than {MAX_INTERVALS} readings were missed or late"
    return Dropped(DropReason.TOO_LONG, f"{fact}: a counter may have been reset and have caught up unseen")


def counted_between(before: Mapping[str, SeriesCount], after: Mapping[str, SeriesCount]) -> Counts | Dropped:
    """What one arm answered between two readings."""
    counted = NO_REQUESTS
    for name, now in after.items():
        then = before.get(name)
        if then is None or now.total < then.total or now.bad < then.bad:
            continue
        total, bad = now.total - then.total, now.bad - then.bad
        if bad > total:
            return Dropped(DropReason.TORN_COUNTERS, f"series '{name}' counted {bad} bad of {total} requests")
        counted = counted.plus(Counts(total, bad))
    return counted
