"""Whether a number is within its bounds."""

import math
from typing import ClassVar

from pydantic import model_validator

from kanaria.gates.kind import NumberGate
from kanaria.vocabulary.verdict import Judgement, Verdict


class Threshold(NumberGate):
    """Bounds for the value, both included."""

    key: ClassVar[str] = "threshold"
    takes: ClassVar[frozenset[str]] = frozenset({"mlflow", "stepOutput", "prometheus", "job", "web", "modelSize"})

    min: float | None = None
    """The least that passes."""
    max: float | None = None
    """The most that passes."""
    fail_below: float | None = None
    """Where given, a value from here up to min is Inconclusive, and Failed only below this."""
    fail_above: float | None = None
    """Where given, a value from max up to here is Inconclusive, and Failed only above this."""

    @model_validator(mode="after")
    def _bounded(self) -> "Threshold":
        if self.min is None and self.max is None:
            raise ValueError("threshold needs min or max")
        if self.fail_below is not None and (self.min is None or self.fail_below > self.min):
            raise ValueError("threshold.failBelow must not be above min: what passes cannot fail")
        if self.fail_above is not None and (self.max is None or self.fail_above < self.max):
            raise ValueError("threshold.failAbove must not be below max: what passes cannot fail")
        return self

    def judge(self, metric: str, value: float | None, baseline: float | None) -> Judgement:  # noqa: ARG002 - of all gates
        """Failed outside the bounds; a value that is no number is Failed too, an absent one Unmeasured."""
        if value is None:
            return Judgement(metric, Verdict.UNMEASURED, f"{metric} was not logged; log it, or remove the gate")
        if math.isnan(value):
            return Judgement(metric, Verdict.FAILED, f"{metric} is not a number (NaN)")
        if self.min is not None and value < self.min:
            failed = self.fail_below is None or value < self.fail_below
            return self._outside(metric, value, f"below the least of {self.min:g}", failed=failed)
        if self.max is not None and value > self.max:
            failed = self.fail_above is None or value > self.fail_above
            return self._outside(metric, value, f"above the most of {self.max:g}", failed=failed)
        return Judgement(metric, Verdict.PASSED, f"{metric} is {value:.4g}, within its bounds", value)

    def _outside(self, metric: str, value: float, fact: str, *, failed: bool) -> Judgement:
        if failed:
            return Judgement(metric, Verdict.FAILED, f"{metric} is {value:.4g}, {fact}", value)
        said = f"{metric} is {value:.4g}, {fact} but not so far as to fail"
        return Judgement(metric, Verdict.INCONCLUSIVE, said, value)
