"""Whether a number is within its bounds."""

import math
from typing import ClassVar

from pydantic import model_validator

from kanaria.gates.kind import NumberGate
from kanaria.vocabulary.verdict import Judgement, Verdict


class Threshold(NumberGate):
    """Bounds for the value, both included."""

    key: ClassVar[str] = "threshold"
    takes: ClassVar[frozenset[str]] = frozenset({"mlflow", "stepOutput"})

    min: float | None = None
    """The least that passes."""
    max: float | None = None
    """The most that passes."""

    @model_validator(mode="after")
    def _bounded(self) -> "Threshold":
        if self.min is None and self.max is None:
            raise ValueError("threshold needs min or max")
        return self

    def judge(self, metric: str, value: float | None, baseline: float | None) -> Judgement:  # noqa: ARG002 - of all gates
        """Failed outside the bounds; a value that is no number is Failed too, an absent one Unmeasured."""
        if value is None:
            return Judgement(metric, Verdict.UNMEASURED, f"{metric} was not logged; log it, or remove the gate")
        if math.isnan(value):
            return Judgement(metric, Verdict.FAILED, f"{metric} is not a number (NaN)")
        if self.min is not None and value < self.min:
            return Judgement(metric, Verdict.FAILED, f"{metric} is {value:.4g}, below the least of {self.min:g}", value)
        if self.max is not None and value > self.max:
            return Judgement(metric, Verdict.FAILED, f"{metric} is {value:.4g}, above the most of {self.max:g}", value)
        return Judgement(metric, Verdict.PASSED, f"{metric} is {value:.4g}, within its bounds", value)
