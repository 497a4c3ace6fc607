"""What is usual of the stable model: how many requests it gets, how often it goes wrong, and how clumped that is?

Counts of independent requests vary like a binomial. Real bad requests come in clumps: retries, one client's broken
batch, a server that stumbles. The *dispersion* says how many times more they vary than independent ones would, and
log E is divided by it. Two measurements of it are kept, both of stable alone (A/A):

*Over time.* Stable's windows against their own mean rate within a block of at least 20 windows,
X² / (windows - 1) with X² = sum (bad - N r)² / (N r (1 - r)). A rate that moves within the block adds to it, so it is
too high rather than too low, unless clumps outlast a block. Of the newest blocks the median counts: an incident blows
up the block that holds its beginning, not the judge.

*Between Pods.* Where counters tell Pods apart they are dealt into two halves, and within each window
(bad_a - bad q)² is compared with bad q (1 - q), q = N_a / N. The rate may move as it likes; what a clump spreads over
both halves is not seen, so it counts where it is the larger one.

All is bounded: sums are halved when they are old, blocks are the newest 15.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from kanaria.judge.counts import NO_REQUESTS, Counts

BLOCK = 20
"""A dispersion is measured from so many windows on."""
BAD_ENOUGH = 20  # with fewer bad requests a block says little: it goes on
LONGEST_BLOCK = 200
BLOCKS = 15
OLD = 960  # windows (4 h of 15 s) after which all sums are halved: what is usual is what was lately
HIGHEST = 20.0  # a judge that asks for more than this would not act on anything
ASSUMED = 2.0


@dataclass(frozen=True, slots=True)
class Block:
    """Windows whose rate is taken to be one."""

    windows: int = 0
    counted: Counts = NO_REQUESTS
    squares: float = 0.0  # sum of bad²/N

    def plus(self, counted: Counts) -> "Block":
        """The same with one more window."""
        squares = self.squares + counted.bad**2 / counted.total
        return Block(self.windows + 1, self.counted.plus(counted), squares)

    @property
    def full(self) -> bool:
        """Whether it says enough."""
        return self.windows >= LONGEST_BLOCK or (self.windows >= BLOCK and self.counted.bad >= BAD_ENOUGH)

    @property
    def dispersion(self) -> float | None:
        """X² over its degrees of freedom; None where all requests, or none, were bad."""
        bad, total = self.counted.bad, self.counted.total
        if self.windows < BLOCK or bad in {0, total}:
            return None
        rate = bad / total
        return (self.squares - bad * rate) / (rate * (1 - rate)) / (self.windows - 1)


@dataclass(frozen=True, slots=True)
class Halves:
    """How unevenly the bad requests fell on two halves of stable's Pods."""

    windows: int = 0
    seen: float = 0.0  # sum of (bad_a - bad q)²
    expected: float = 0.0  # sum of bad q (1 - q)

    def plus(self, one: Counts, other: Counts) -> "Halves":
        """The same with one more window; one that says nothing changes nothing."""
        total, bad = one.total + other.total, one.bad + other.bad
        if not (one.total and other.total and bad):
            return self
        share = one.total / total
        off = (one.bad - bad * share) ** 2
        return Halves(self.windows + 1, self.seen + off, self.expected + bad * share * (1 - share))

    @property
    def dispersion(self) -> float | None:
        """Mean square over what independent requests would have; None with fewer than 20 windows."""
        return self.seen / self.expected if self.windows >= BLOCK else None


@dataclass(frozen=True, slots=True)
class Dispersion:
    """How many times more counts vary than independent requests would; `measured` in so many windows, or assumed."""

    value: float = ASSUMED
    windows: int = 0

    @property
    def measured(self) -> bool:
        """Whether it was measured."""
        return self.windows > 0


@dataclass(frozen=True, slots=True)
class Usual:
    """What was counted of stable lately; `arrived` are the requests of all arms."""

    seconds: float = 0.0
    arrived: float = 0.0
    total: float = 0.0
    bad: float = 0.0
    windows: int = 0
    block: Block = Block()
    blocks: tuple[float, ...] = ()
    block_windows: int = 0
    halves: Halves = Halves()

    @property
    def per_second(self) -> float:
        """Requests a second, of all arms."""
        return self.arrived / self.seconds if self.seconds else 0.0

    @property
    def rate(self) -> float:
        """The share of stable's requests that is bad."""
        return self.bad / self.total if self.total else 0.0

    @property
    def dispersion(self) -> Dispersion:
        """The larger of the two measurements, one standard error added: too low would be false alarms."""
        found = []
        if self.blocks:
            found.append((median(self.blocks), max(BLOCK, self.block_windows)))
        between = self.halves.dispersion
        if between is not None:
            found.append((between, self.halves.windows))
        if not found:
            return Dispersion()
        value, windows = max((value * (1 + math.sqrt(2 / windows)), windows) for value, windows in found)
        return Dispersion(min(HIGHEST, max(1.0, value)), windows)


NOTHING_USUAL = Usual()


def watch_usual(
    usual: Usual, seconds: float, arrived: int, stable: Counts, halves: tuple[Counts, Counts] | None = None
) -> Usual:
    """What is usual after one more window; `halves` are two halves of stable's Pods, where they are told apart."""
    if usual.windows >= OLD:
        usual = _halved(usual)
    block = usual.block.plus(stable) if stable.total else usual.block
    full = block.full
    found = block.dispersion if full else None
    return Usual(
        usual.seconds + seconds,
        usual.arrived + arrived,
        usual.total + stable.total,
        usual.bad + stable.bad,
        usual.windows + 1,
        Block() if full else block,
        usual.blocks if found is None else (*usual.blocks, found)[-BLOCKS:],
        min(usual.block_windows + (block.windows if found is not None else 0), BLOCKS * LONGEST_BLOCK),
        usual.halves.plus(*halves) if halves is not None else usual.halves,
    )


def halves_of(counted: Mapping[str, Counts]) -> tuple[Counts, Counts] | None:
    """Pods dealt into two halves by the order of their names; None with fewer than two."""
    names = sorted(counted)
    if len(names) < 2:
        return None
    halves = [NO_REQUESTS, NO_REQUESTS]
    for index, name in enumerate(names):
        halves[index % 2] = halves[index % 2].plus(counted[name])
    return halves[0], halves[1]


def _halved(usual: Usual) -> Usual:
    halves = usual.halves
    if halves.windows >= 2 * BLOCK:
        halves = Halves(halves.windows // 2, halves.seen / 2, halves.expected / 2)
    return replace(
        usual,
        seconds=usual.seconds / 2,
        arrived=usual.arrived / 2,
        total=usual.total / 2,
        bad=usual.bad / 2,
        windows=usual.windows // 2,
        halves=halves,
    )


def document_of(usual: Usual) -> dict[str, Any]:
    """What is kept in the status: some twenty numbers."""
    block, halves = usual.block, usual.halves
    return {
        "traffic": [round(number, 3) for number in (usual.seconds, usual.arrived, usual.total, usual.bad)],
        "windows": usual.windows,
        "block": [block.windows, block.counted.total, block.counted.bad, round(block.squares, 6)],
        "blocks": [round(found, 3) for found in usual.blocks],
        "blockWindows": usual.block_windows,
        "halves": [halves.windows, round(halves.seen, 3), round(halves.expected, 3)],
    }


def usual_of(document: Mapping[str, Any]) -> Usual:
    """What such a document holds; nothing where it cannot be read."""
    try:
        windows, total, bad, squares = document["block"]
        seconds, arrived, all_total, all_bad = document["traffic"]
        return Usual(
            seconds=float(seconds),
            arrived=float(arrived),
            total=float(all_total),
            bad=float(all_bad),
            windows=int(document["windows"]),
            block=Block(int(windows), Counts(int(total), int(bad)), float(squares)),
            blocks=tuple(float(found) for found in document["blocks"])[-BLOCKS:],
            block_windows=int(document["blockWindows"]),
            halves=Halves(int(document["halves"][0]), *(float(number) for number in document["halves"][1:3])),
        )
    except (KeyError, TypeError, ValueError):
        return NOTHING_USUAL
