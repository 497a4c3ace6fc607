"""Whether a run that was repeated came out as it did before."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from kanaria.api import MLPipelineRun

ZERO = 1e-9
"""Below this two numbers are the same, whatever the tolerance."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One metric of both runs; None where a run has none of it."""

    name: str
    before: float | None
    now: float | None
    close: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """All metrics, and what else is not as it was."""

    metrics: tuple[Compared, ...]
    others: tuple[str, ...] = ()
    """Sentences on data and images."""
    fault: str = ""
    """Why there is nothing to compare."""

    @property
    def same(self) -> bool:
        """Whether the run is shown to give the same again."""
        return not self.fault and all(each.close for each in self.metrics)


def compare(run: MLPipelineRun, tolerance: float, only: Collection[str] = ()) -> Comparison:
    """What a replay gave, beside what the run that it repeats had given.

    `tolerance` is the share of the larger number by which two may differ; `only` names the metrics that count.
    """
    replays = run.spec.replays
    if replays is None:
        return Comparison((), fault=f"run {run.metadata.name} repeats no other run")
    before, now = replays.metrics, run.status.metrics
    names = [name for name in sorted({*before, *now}) if not only or name in only]
    metrics = tuple(_compared(name, before.get(name), now.get(name), tolerance) for name in names)
    absent = sorted(set(only) - set(names))
    if absent:
        there = ", ".join(sorted(before)) or "none"
        return Comparison(metrics, fault=f"run {replays.run} logged no metric {absent[0]!r} (there: {there})")
    if not metrics:
        return Comparison((), fault=f"run {replays.run} logged no metric, so nothing can be compared")
    return Comparison(metrics, tuple(_others(run)))


def _compared(name: str, before: float | None, now: float | None, tolerance: float) -> Compared:
    there = before is not None and now is not None
    close = there and math.isclose(before or 0.0, now or 0.0, rel_tol=tolerance, abs_tol=ZERO)
    return Compared(name, before, now, close)


def _others(run: MLPipelineRun) -> Iterator[str]:
    """What it was made of and is not what it was: a difference of metrics may come of that."""
    replays = run.spec.replays
    if replays is None:
        return
    data = {entry.name: entry.digest for entry in run.status.data}
    images = {entry.name: entry.image_id for entry in run.status.steps if entry.image_id}
    for name, was in replays.data.items():
        if was and data.get(name) != was:
            yield f"data {name!r} was {was[:19]}, and is {(data.get(name) or 'unknown')[:19]}"
    for step, image in replays.images.items():
        if images.get(step) not in (None, image):
            yield f"step {step!r} ran {image}, and now {images[step]}"
