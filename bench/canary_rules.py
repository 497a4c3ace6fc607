"""How do our judge and its rivals turn counts into an alarm? Each as a score a window: an alarm is score >= threshold.

Re-implemented from their documentation, no code of theirs:

* Argo Rollouts, Flagger: a check whose candidate answers more than a limit bad is a failed check; the so-manieth failed
  check rolls back. (Argo counts failures over the whole analysis, so does Flagger until it advances.)
* Kayenta: Mann-Whitney's test on the error rates of single minutes, looked at every 5 minutes from the 10th, and the
  means' ratio above 1.
* z: two proportions pooled over all windows, looked at on every window.
* mSPRT: the mixture sequential ratio of the difference of pooled proportions, one-sided.
"""

import numpy as np
from canary_worlds import Drawn, Floats

from kanaria.judge.grid import ROLLBACK_BOUND, WORSE, grid_for

MIN_VARIANCE = 1e-12


def log_worse(trials: Drawn, rollback_above: float = 1.0) -> Floats:
    """The judge's log E by trial and window, before it is divided by the dispersion: the product's formula, for all
    trials at once (bench/judge.py holds it against the product's own code)."""
    grid = grid_for(rollback_above, 1.5 * rollback_above)
    chosen = [ROLLBACK_BOUND, *range(WORSE.start, WORSE.stop)]
    points, ratios = np.array(grid.points)[chosen], np.array(grid.ratios)[chosen]
    known, worse = np.zeros((trials.runs, points.size)), np.zeros_like(trials.n1)
    for window in range(trials.n1.shape[1]):
        n1, e1, n0, e0 = (part[:, window, None] for part in (trials.n1, trials.e1, trials.n0, trials.e0))
        told = ((n1 > 0) & (n0 > 0) & (e1 + e0 > 0))[:, 0]
        split = n1[told] / n0[told]
        known[told] += e1[told] * points - (e1 + e0)[told] * np.log1p(split * ratios)
        worse[:, window] = _log_mean_exp(known[:, 1:]) - known[:, 0]
    return worse


def failed_checks(trials: Drawn, limit: float) -> Floats:
    """How many checks have failed so far."""
    return np.cumsum(trials.e1 > limit * trials.n1, axis=1).astype(float)


def z_test(trials: Drawn) -> Floats:
    n1, e1, n0, e0 = (np.cumsum(part, axis=1) for part in (trials.n1, trials.e1, trials.n0, trials.e0))
    n1, n0 = np.maximum(n1, 1), np.maximum(n0, 1)
    pooled = (e1 + e0) / (n1 + n0)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / n1 + 1 / n0), MIN_VARIANCE))
    return np.where(e1 + e0 > 0, (e1 / n1 - e0 / n0) / spread, 0.0)


def msprt(trials: Drawn, rate: float) -> Floats:
    """log Lambda, with the mixture as wide as the rate that is to be told apart; 0 where the candidate is better."""
    n1, e1, n0, e0 = (np.cumsum(part, axis=1) for part in (trials.n1, trials.e1, trials.n0, trials.e0))
    n1, n0 = np.maximum(n1, 1), np.maximum(n0, 1)
    p1, p0 = (e1 + 0.5) / (n1 + 1), (e0 + 0.5) / (n0 + 1)
    variance, tau = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0, rate**2
    apart = e1 / n1 - e0 / n0
    score = 0.5 * np.log(variance / (variance + tau)) + tau * apart**2 / (2 * variance * (variance + tau))
    return np.where(apart > 0, score, 0.0)


def kayenta(trials: Drawn) -> Floats:
    """Mann-Whitney's z of single minutes, by window; between looks it says what the last look said."""
    minutes = trials.by(4)
    one = minutes.e1 / np.maximum(minutes.n1, 1)
    other = minutes.e0 / np.maximum(minutes.n0, 1)
    score = np.zeros_like(trials.n1)
    for look in range(10, minutes.n1.shape[1] + 1, 5):
        score[:, 4 * look - 1] = _mann_whitney(one[:, :look], other[:, :look])
    return score


def _mann_whitney(one: Floats, other: Floats) -> Floats:
    both = np.concatenate([one, other], axis=1)
    size, count = one.shape[1], both.shape[1]
    order = np.sort(both, axis=1)
    ranks = np.empty_like(one)
    for row in range(one.shape[0]):  # ties share their mean rank
        low = np.searchsorted(order[row], one[row], side="left")
        high = np.searchsorted(order[row], one[row], side="right")
        ranks[row] = (low + high + 1) / 2
    surplus = ranks.sum(1) - size * (size + 1) / 2 - size * size / 2
    score = surplus / np.sqrt(size * size * (count + 1) / 12)
    return np.where(one.mean(1) > other.mean(1), score, 0.0)


def _log_mean_exp(values: Floats) -> Floats:
    top = values.max(axis=1)
    mean: Floats = top + np.log(np.exp(values - top[:, None]).mean(axis=1))
    return mean
