"""What have the windows seen so far said about the ratio of the candidate's rate of bad requests to stable's?

Within a window at one weight, with requests N1 and N0 (candidate, stable) and bad ones e1 and e0, each bad request is
the candidate's with probability q(psi) = N1 exp(psi) / (N1 exp(psi) + N0), where psi is the log of the rate ratio.
The evidence is the log-likelihood l(psi) = sum over windows of e1 log q + e0 log(1 - q), up to a constant that does
not depend on psi and so cancels in every comparison:

    l(psi) = sum e1 psi - (e1 + e0) log(1 + (N1/N0) exp(psi))

Only counts of *one* window are ever compared, so weight steps and incidents common to both arms cannot mislead, and
neither the base rate nor the split that was asked for needs to be known.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from kanaria.judge.counts import NO_REQUESTS, Counts, Window
from kanaria.judge.grid import Grid


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a trial keeps of one metric's windows."""

    grid: Grid
    likelihood: tuple[float, ...]  # l(psi), one for each point of the grid
    candidate: Counts = NO_REQUESTS
    stable: Counts = NO_REQUESTS
    weighted_candidate: float = 0.0  # sum e1 N0 / (N1 + N0): the Mantel-Haenszel ratio's numerator
    weighted_stable: float = 0.0  # sum e0 N1 / (N1 + N0): its denominator
    windows: int = 0
    last_end: datetime | None = None

    @property
    def ratio(self) -> float | None:
        """The rate ratio seen, weighed window by window (Mantel-Haenszel); None before any bad request."""
        if self.weighted_candidate == self.weighted_stable == 0:
            return None
        return self.weighted_candidate / self.weighted_stable if self.weighted_stable else math.inf


def nothing_seen(grid: Grid) -> Evidence:
    """The evidence at the start of a trial."""
    return Evidence(grid, (0.0,) * len(grid.points))


def observe(evidence: Evidence, window: Window) -> Evidence:
    """The evidence with one more window; a window that was counted, or overlaps one that was, changes nothing."""
    if evidence.last_end is not None and window.start < evidence.last_end:
        return evidence
    candidate, stable = window.candidate, window.stable
    if candidate.total == 0 or stable.total == 0:
        return evidence
    everyone = candidate.total + stable.total
    return Evidence(
        grid=evidence.grid,
        likelihood=_likelihood(evidence, candidate, stable),
        candidate=evidence.candidate.plus(candidate),
        stable=evidence.stable.plus(stable),
        weighted_candidate=evidence.weighted_candidate + candidate.bad * stable.total / everyone,
        weighted_stable=evidence.weighted_stable + stable.bad * candidate.total / everyone,
        windows=evidence.windows + 1,
        last_end=window.end,
    )


def _likelihood(evidence: Evidence, candidate: Counts, stable: Counts) -> tuple[float, ...]:
    bad, all_bad = candidate.bad, candidate.bad + stable.bad
    if all_bad == 0:
        return evidence.likelihood
    split, grid = candidate.total / stable.total, evidence.grid
    return tuple(
        [
            known + bad * point - all_bad * math.log1p(split * ratio)
            for known, point, ratio in zip(evidence.likelihood, grid.points, grid.ratios, strict=True)
        ]
    )
