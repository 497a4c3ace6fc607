"""Whether a metric holds on every part of the data, and not only on all of it."""

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from kanaria.gates.kind import GateKind
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.verdict import Judgement, Verdict

_NAMED = 5
Values = Mapping[str, float]


class SliceBounds(Part):
    """Bounds for the value of each slice, both included."""

    min: float | None = None
    """The least that passes."""
    max: float | None = None
    """The most that passes."""

    @model_validator(mode="after")
    def _bounded(self) -> "SliceBounds":
        if self.min is None and self.max is None:
            raise ValueError("slices.threshold needs min or max")
        return self

    def exceeded_by(self, value: float) -> str:
        """How the value is outside, in words; empty where it is within."""
        if self.min is not None and value < self.min:
            return f"below the least of {self.min:g}"
        return f"above the most of {self.max:g}" if self.max is not None and value > self.max else ""


class Slices(GateKind):
    """Bounds for one metric on each part of the data; the key of the source holds a * in place of the part's name."""

    key: ClassVar[str] = "slices"
    takes: ClassVar[frozenset[str]] = frozenset({"mlflow"})

    threshold: SliceBounds | None = None
    """Bounds for each slice."""
    max_spread: Annotated[float, Field(ge=0)] | None = None
    """The most that the best and the worst slice may be apart."""
    min_slice_size: Annotated[int, Field(ge=1)] | None = None
    """Slices of fewer rows are not judged."""
    size_key: Annotated[str, Field(min_length=3, max_length=256)] | None = None
    """Key of the metric that holds a slice's number of rows, with a * for the slice; needed with minSliceSize."""

    @model_validator(mode="after")
    def _asks_something(self) -> "Slices":
        if self.threshold is None and self.max_spread is None:
            raise ValueError("slices needs threshold or maxSpread")
        if (self.min_slice_size is None) != (self.size_key is None):
            raise ValueError("slices.minSliceSize goes with sizeKey, the metric that holds a slice's number of rows")
        if self.size_key is not None and self.size_key.count("*") != 1:
            raise ValueError("slices.sizeKey needs one * for the slice's name, e.g. test_rows/region/*")
        return self

    def misfit(self, source: str, address: str) -> str:
        """The key must name many metrics."""
        if source in self.takes and address.count("*") != 1:
            return (
                f"slices needs one * in mlflow.key for the slice's name, e.g. test_accuracy/region/*; it is {address!r}"
            )
        return "" if source in self.takes else super().misfit(source, address)

    def sizes(self, names: Values, logged: Values) -> Values:
        """The number of rows of each slice, of what a run logged; a slice without one is absent."""
        keys = {name: (self.size_key or "").replace("*", name) for name in names}
        return {name: logged[key] for name, key in keys.items() if key in logged}

    def judge(self, metric: str, values: Values, sizes: Values) -> Judgement:
        """The verdict on all slices; what is too small proves nothing in either direction."""
        if not values:
            return Judgement(metric, Verdict.UNMEASURED, f"no metric {metric} was logged; log one for each slice")
        unsized = sorted(values.keys() - sizes.keys()) if self.min_slice_size else []
        if unsized:
            said = f"{metric}: {_listed(unsized)} without a number of rows; log {self.size_key} too"
            return Judgement(metric, Verdict.UNMEASURED, said)
        small = [name for name in sorted(values) if self.min_slice_size and not sizes[name] >= self.min_slice_size]
        judged = {name: value for name, value in values.items() if name not in small}
        left = f"; not judged, of fewer than {self.min_slice_size} rows: {_listed(small)}" if small else ""
        if not judged:
            return Judgement(metric, Verdict.INCONCLUSIVE, f"{metric}: no slice can be judged{left}")
        return self._judged(metric, judged, left)

    def _judged(self, metric: str, values: Values, left: str) -> Judgement:
        unread = sorted(name for name, value in values.items() if not math.isfinite(value))
        if unread:
            return Judgement(metric, Verdict.FAILED, f"{metric}: {_listed(unread)} is not a number{left}")
        outside = {n: how for n, v in values.items() if self.threshold and (how := self.threshold.exceeded_by(v))}
        if outside:
            told = [f"{name} is {values[name]:.4g}, {outside[name]}" for name in _worst(outside, values)]
            more = f"; and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
            said = f"{metric}: {'; '.join(told[:_NAMED])}{more}{left}"
            return Judgement(metric, Verdict.FAILED, said, values[_worst(outside, values)[0]])
        return self._spread(metric, values, left)

    def _spread(self, metric: str, values: Values, left: str) -> Judgement:
        low, high = min(values, key=lambda n: (values[n], n)), max(values, key=lambda n: (values[n], n))
        spread = values[high] - values[low]
        fact = f"{metric}: {len(values)} slices from {values[low]:.4g} ({low}) to {values[high]:.4g} ({high})"
        worst = values[low] if self.threshold is None or self.threshold.min is not None else values[high]
        if self.max_spread is not None and len(values) == 1:
            return Judgement(metric, Verdict.INCONCLUSIVE, f"{fact}: one slice has no spread{left}", worst)
        if self.max_spread is not None and spread > self.max_spread and not math.isclose(spread, self.max_spread):
            said = f"{fact}: {spread:.4g} apart where at most {self.max_spread:g} is asked{left}"
            return Judgement(metric, Verdict.FAILED, said, worst)
        return Judgement(metric, Verdict.PASSED, f"{fact}{left}", worst)


def _worst(outside: Mapping[str, str], values: Values) -> list[str]:
    """Those outside, the ones below first, the farthest first."""
    below = [name for name, how in outside.items() if how.startswith("below")]
    above = [name for name in outside if name not in below]
    return sorted(below, key=lambda n: (values[n], n)) + sorted(above, key=lambda n: (-values[n], n))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
