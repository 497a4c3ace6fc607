"""Is the candidate proven worse than stable, proven good enough, or neither yet?

Both tests are e-processes of the evidence (see `evidence`): a mixture of likelihood ratios against a bound,

    log E = log mean over alternatives of exp(l(psi_j) - l(psi_bound))

whose mean is at most 1 while the null is true, so by Ville's inequality it ever reaches 1/alpha with probability at
most alpha: one may look at every window and stop at any. *Why*: given a window's bad requests, under equal rates the
candidate's share of them is hypergeometric; the increment is convex in it, and drawing without replacement is
dominated in convex order by the binomial (Hoeffding 1963), for which the mean is exactly 1. So with
`rollbackAbove: 1` the promise is exact at every sample size; for other bounds bad requests are taken to be rare.

Over-dispersion: log E is divided by the dispersion, in both ratio tests and in the absolute one. By Jensen's inequality
E^(1/dispersion) still has a mean of at most 1, so it never costs validity, only time.

Several metrics: *any* one proven worse rolls back, hence alpha/K each. *Every* one must be proven good to pass, so
beta need not be shared out.
"""

import math
from dataclasses import dataclass

from kanaria.judge.evidence import Evidence
from kanaria.judge.grid import BETTER, PROMOTE_BOUND, ROLLBACK_BOUND, WORSE, Grid, grid_for, log_mean_exp
from kanaria.judge.rate import log_evidence_below
from kanaria.vocabulary import Verdict


@dataclass(frozen=True, slots=True)
class SequentialTest:
    """The bounds of a test on rates of bad requests, and the error rates it promises."""

    rollback_above: float = 1.0  # a rate ratio: proven above it, the candidate goes
    promote_below: float = 1.5  # a rate ratio: proven below it, the candidate may stay
    accept_below: float | None = None  # a rate: proven below it, the candidate may stay, whatever stable does
    alpha: float = 0.05  # how often a candidate no worse than the bound is rolled back
    beta: float = 0.05  # how often a candidate not below its bound passes
    dispersion: float = 2.0  # how much more counts vary than independent requests would; 2 until it is measured

    def __post_init__(self) -> None:
        """Refuse what no test can be made of."""
        if self.rollback_above <= 0 or self.promote_below <= 0:
            raise ValueError(
                "rollbackAbove and promoteBelow are rate ratios: write numbers above 0, such as 1.0 and 1.5"
            )
        if self.accept_below is not None and not 0 < self.accept_below < 1:
            raise ValueError(
                f"acceptBelow is {self.accept_below}: write a share of requests, such as 0.001, or omit it"
            )
        if not (0 < self.alpha < 1 and 0 < self.beta < 1):
            raise ValueError("alpha and beta are chances of error: write numbers between 0 and 1, such as 0.05")
        if self.dispersion < 1:
            raise ValueError(f"dispersion is {self.dispersion}: 1 means independent requests, it cannot be less")

    @property
    def grid(self) -> Grid:
        """Where evidence for this test is kept."""
        return grid_for(self.rollback_above, self.promote_below)


@dataclass(frozen=True, slots=True)
class SequentialVerdict:
    """A verdict, and the strength of each proof as log E over the dispersion."""

    verdict: Verdict
    worse: float
    better: float
    rare: float | None  # None when the test has no `acceptBelow`


def verdict(evidence: Evidence, test: SequentialTest, metrics: int = 1) -> SequentialVerdict:
    """What the evidence proves, when `metrics` sequential metrics judge the same trial."""
    worse = log_worse(evidence) / test.dispersion
    better = log_better(evidence) / test.dispersion
    rare = None
    if test.accept_below is not None:
        rare = log_evidence_below(test.accept_below, evidence.candidate) / test.dispersion
    enough = math.log(1 / test.beta)
    if worse >= math.log(metrics / test.alpha):  # first: proven worse and proven good enough in one window is worse
        outcome = Verdict.FAILED
    elif better >= enough or (rare is not None and rare >= enough):
        outcome = Verdict.PASSED
    else:
        outcome = Verdict.INCONCLUSIVE
    return SequentialVerdict(outcome, worse, better, rare)


def log_worse(evidence: Evidence) -> float:
    """Log evidence that the rate ratio lies above `rollbackAbove`."""
    known = evidence.likelihood
    return log_mean_exp(known[WORSE]) - known[ROLLBACK_BOUND]


def log_better(evidence: Evidence) -> float:
    """Log evidence that the rate ratio lies below `promoteBelow`."""
    known = evidence.likelihood
    return log_mean_exp(known[BETTER]) - known[PROMOTE_BOUND]
