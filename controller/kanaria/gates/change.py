"""Whether a number is no worse than the stable model's."""

import math
from typing import ClassVar, Literal

from kanaria.gates.kind import NumberGate
from kanaria.vocabulary.verdict import Judgement, Verdict


class Change(NumberGate):
    """How much better than the baseline the value must be; a negative bound tolerates a loss."""

    key: ClassVar[str] = "change"
    takes: ClassVar[frozenset[str]] = frozenset({"mlflow", "prometheus", "job", "web"})

    baseline: Literal["stable"] = "stable"
    """Compared with the same metric of the run that made the stable model."""
    min_absolute_change: float | None = None
    """Least difference in the good direction."""
    min_relative_change: float | None = None
    """Least difference in the good direction, as a share of the baseline."""
    greater_is_better: bool = True
    """Which direction is good."""

    def judge(self, metric: str, value: float | None, baseline: float | None) -> Judgement:
        """Passed where there is no baseline: nothing serves that could be better."""
        if value is None:
            return Judgement(metric, Verdict.UNMEASURED, f"{metric} was not logged; log it, or remove the gate")
        if math.isnan(value):
            return Judgement(metric, Verdict.FAILED, f"{metric} is not a number (NaN)")
        if baseline is None:
            return Judgement(
                metric, Verdict.PASSED, f"{metric} is {value:.4g}; there is no {self.baseline} value to compare", value
            )
        gain = (value - baseline) if self.greater_is_better else (baseline - value)
        least = self._least(baseline)
        fact = f"{metric} is {value:.4g}, {self.baseline} has {baseline:.4g}"
        if gain < least and not math.isclose(gain, least, rel_tol=1e-9, abs_tol=1e-12):  # 0.88 - 0.9 is not -0.02
            return Judgement(
                metric, Verdict.FAILED, f"{fact}: a change of {gain:+.4g} where at least {least:+.4g} is asked", value
            )
        return Judgement(metric, Verdict.PASSED, f"{fact}: a change of {gain:+.4g}", value)

    def _least(self, baseline: float) -> float:
        bounds = [b for b in (self.min_absolute_change,) if b is not None]
        if self.min_relative_change is not None:
            bounds.append(self.min_relative_change * abs(baseline))
        return max(bounds, default=0.0)
