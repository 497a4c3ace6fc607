"""Whether the data has moved away from what the stable model was trained on."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kanaria.triggers.kind import DataName, Firing, Look, NotYet, Seen, TriggerKind
from kanaria.vocabulary.durations import Duration, duration_of


class DriftTrigger(TriggerKind):
    """When the statistics of an entry of spec.data are far from those that the stable model was trained on."""

    key: ClassVar[str] = "drift"

    data: DataName
    """Entry of spec.data."""
    reference: Literal["stable"] = "stable"
    """stable: the run behind the stable version of the first target of spec.promote."""
    method: Literal["psi", "ks", "linf", "js"] = "psi"
    """The distance: population stability index, Kolmogorov-Smirnov, L-infinity, or Jensen-Shannon in bits."""
    threshold: Annotated[float, Field(gt=0)] = 0.2
    """The run starts when a column is farther than this."""
    interval: Duration = "1h"
    """How often a Job of the namespace reads the data."""

    @property
    def look(self) -> Look:
        """All of it, compared with the reference."""
        return Look(self.data, duration_of(self.interval), method=self.method, reference=self.reference)

    def due(self, seen: Seen, now: datetime) -> Firing | NotYet:  # noqa: ARG002 - every trigger is told the time
        """Due once for each content of the data and each stable version."""
        found = seen.found
        if found is None or found.score is None or found.score <= self.threshold:
            return NotYet()
        drifted = f"{found.digest}@{found.reference}"
        if drifted == seen.acted_on:
            return NotYet()
        return Firing(
            f"{self.method} of column {found.column!r} of data {self.data!r} is {found.score:.3g} against "
            f"stable version {found.reference}, above {self.threshold:g}",
            acted_on=drifted,
            value=f"{found.score:.6g}",
        )
