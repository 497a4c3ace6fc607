"""Whether a number is no worse than another: the stable model's, or one of the same run."""

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from kanaria.gates.kind import NumberGate
from kanaria.vocabulary.question import PairedScores
from kanaria.vocabulary.verdict import Judgement, Verdict


class Change(NumberGate):
    """How much better than the baseline the value must be; a negative bound tolerates a loss."""

    key: ClassVar[str] = "change"
    takes: ClassVar[frozenset[str]] = frozenset({"mlflow", "prometheus", "job", "web"})

    baseline: Literal["stable", "champion", "metric"] = "stable"
    """What its own run logged of the stable model, what this run logged of it as champion/KEY, or baselineKey."""
    baseline_key: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """Key of another metric of the same run, with baseline: metric."""
    min_absolute_change: float | None = None
    """Least difference in the good direction."""
    min_relative_change: float | None = None
    """Least difference in the good direction, as a share of the baseline."""
    greater_is_better: bool = True
    """Which direction is good."""
    confidence: Annotated[float, Field(ge=0.8, le=0.995)] | None = None
    """How sure the difference must be, by a paired bootstrap over the rows; with baseline: champion."""

    @model_validator(mode="after")
    def _baseline_is_whole(self) -> "Change":
        if (self.baseline == "metric") != (self.baseline_key is not None):
            raise ValueError("change.baselineKey goes with baseline: metric, and that with it; give both, or neither")
        if self.confidence is not None and self.baseline != "champion":
            raise ValueError(
                "change.confidence needs baseline: champion: only where both models are scored on the same rows "
                "can they be compared row by row"
            )
        return self

    def misfit(self, source: str, address: str) -> str:
        """While a candidate answers requests only the stable model is measured beside it."""
        if self.baseline != "stable" and source != "mlflow":
            return f"change with baseline: {self.baseline} compares what one MLflow run logged; {source} is none"
        return super().misfit(source, address)

    def judge(self, metric: str, value: float | None, baseline: float | None) -> Judgement:
        """Passed where there is no baseline: nothing serves that could be better."""
        if value is None:
            return Judgement(metric, Verdict.UNMEASURED, f"{metric} was not logged; log it, or remove the gate")
        if math.isnan(value):
            return Judgement(metric, Verdict.FAILED, f"{metric} is not a number (NaN)")
        if baseline is None:
            said = f"{metric} is {value:.4g}; there is no {self.baseline} value to compare"
            return Judgement(metric, Verdict.PASSED, said, value)
        if math.isnan(baseline):
            said = f"{metric} is {value:.4g}; {self._other} is not a number (NaN), so nothing can be compared with it"
            return Judgement(metric, Verdict.UNMEASURED, said, value)
        gain, least = self._gain(value - baseline), self._least(baseline)
        fact = f"{metric} is {value:.4g}, {self._other} has {baseline:.4g}"
        if gain < least and not _same(gain, least):
            said = f"{fact}: a change of {gain:+.4g} where at least {least:+.4g} is asked"
            return Judgement(metric, Verdict.FAILED, said, value, baseline)
        return Judgement(metric, Verdict.PASSED, f"{fact}: a change of {gain:+.4g}", value, baseline)

    def judge_pairs(self, metric: str, scores: PairedScores) -> Judgement:
        """The verdict on both models' scores of the same rows: what is not sure is Inconclusive."""
        value, baseline = scores.candidate, scores.champion
        low, high = sorted((self._gain(scores.low), self._gain(scores.high)))
        gain, least = self._gain(value - baseline), self._least(baseline)
        fact = (
            f"{metric} is {value:.4g}, {self._other} has {baseline:.4g} on the same {scores.rows} rows: a change of "
            f"{gain:+.4g}, {100 * (self.confidence or 0):g} % sure to be at least {low:+.4g} and at most {high:+.4g}"
        )
        if low >= least or _same(low, least):
            return Judgement(metric, Verdict.PASSED, fact, value, baseline)
        failed = high < least and not _same(high, least)
        said = f"{fact}; at least {least:+.4g} is asked" + ("" if failed else ", which more rows may prove")
        return Judgement(metric, Verdict.FAILED if failed else Verdict.INCONCLUSIVE, said, value, baseline)

    @property
    def _other(self) -> str:
        return self.baseline_key or self.baseline

    def _gain(self, difference: float) -> float:
        return difference if self.greater_is_better else -difference

    def _least(self, baseline: float) -> float:
        bounds = [b for b in (self.min_absolute_change,) if b is not None]
        if self.min_relative_change is not None:
            bounds.append(self.min_relative_change * abs(baseline))
        return max(bounds, default=0.0)


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)  # 0.88 - 0.9 is not -0.02
