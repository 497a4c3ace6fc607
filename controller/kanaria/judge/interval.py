"""Between which rate ratios does the truth lie, whenever one looks?

A ratio is *out* once a likelihood ratio mixture against it is large: the rollback test's alternatives at alpha/K, or
the promotion test's at beta. At each single ratio both are e-processes, so the ratios never thrown out hold the truth
at all times with probability 1 - alpha/K - beta. Using the tests' own mixtures keeps the picture true to the verdict:
proven worse means the interval lies above `rollbackAbove`, proven better that it lies below `promoteBelow`.

The likelihood is concave in the log ratio, so the ratios left are one interval, and a chord of it, drawn on beyond
its end, lies above it. Bounds between two points of the grid are found by such a chord and hence never too tight.
"""

import math
from dataclasses import dataclass

from kanaria.judge.evidence import Evidence
from kanaria.judge.grid import BETTER, WORSE, log_mean_exp
from kanaria.judge.sequential import SequentialTest

CHORD = 0.05  # shorter chords would magnify the rounding of a checkpoint


@dataclass(frozen=True, slots=True)
class RatioInterval:
    """A rate ratio, the always-valid interval around it, and the candidate's counts behind both."""

    ratio: float | None  # None before any bad request
    lower: float
    upper: float
    level: float
    requests: int
    bad: int = 0
    stable_requests: int = 0

    def short(self, metric: str) -> str:
        """For a commit: `errors ×3.1 [2.0, 4.9]`."""
        if self.ratio is None:
            return f"{metric}: none in {self.requests:,} requests"
        if math.isinf(self.ratio):
            # No number of times none is a ratio to tell people: the counts are.
            return f"{metric}: {self.bad:,} in {self.requests:,} requests, stable none in {self.stable_requests:,}"
        return f"{metric} ×{_number(self.ratio)} {self._span()}"

    def sentence(self, metric: str) -> str:
        """For a person: `errors ×2.1, 90 % always-valid [1.4, 3.2], after 1,240 requests`."""
        if self.ratio is None or math.isinf(self.ratio):
            return self.short(metric)
        percent = f"{100 * self.level:.3g} %"
        return (
            f"{metric} ×{_number(self.ratio)}, {percent} always-valid {self._span()}, after {self.requests:,} requests"
        )

    def _span(self) -> str:
        return f"[{_number(self.lower)}, {_number(self.upper)}{')' if math.isinf(self.upper) else ']'}"


def ratio_interval(evidence: Evidence, test: SequentialTest, metrics: int = 1) -> RatioInterval:
    """The interval that goes with `verdict(evidence, test, metrics)`."""
    grid = evidence.grid
    floor = max(
        log_mean_exp(evidence.likelihood[WORSE]) - test.dispersion * math.log(metrics / test.alpha),
        log_mean_exp(evidence.likelihood[BETTER]) - test.dispersion * math.log(1 / test.beta),
    )
    curve = [(grid.points[index], evidence.likelihood[index]) for index in grid.ascending]
    mirrored = [(-point, height) for point, height in reversed(curve)]
    return RatioInterval(
        ratio=evidence.ratio,
        lower=math.exp(-_upper_end(mirrored, floor)),
        upper=math.exp(_upper_end(curve, floor)),
        level=1 - test.alpha / metrics - test.beta,
        requests=evidence.candidate.total,
        bad=evidence.candidate.bad,
        stable_requests=evidence.stable.total,
    )


def _upper_end(curve: list[tuple[float, float]], floor: float) -> float:
    """The highest point at which the concave curve can lie above the floor; infinity if it does so at the end."""
    inside = [index for index, (_, height) in enumerate(curve) if height > floor]
    last = inside[-1]  # a mean never exceeds the maximum, so the highest point is always inside
    if last == len(curve) - 1:
        return math.inf
    point, height = curve[last]
    beyond = curve[last + 1][0]
    anchor = next((known for known in reversed(curve[:last]) if point - known[0] >= CHORD), None)
    if anchor is None or anchor[1] <= height:
        return beyond
    slope = (anchor[1] - height) / (point - anchor[0])
    return min(beyond, point + (height - floor) / slope)


def _number(value: float) -> str:
    if math.isinf(value):
        return "∞"
    if value == 0:
        return "0"
    return f"{value:.2f}" if value < 0.995 else f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"
