"""What the sequential test of a canary is asked to prove."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from kanaria.gates.kind import GateKind
from kanaria.vocabulary.durations import Duration


class Sequential(GateKind):
    """Bounds for the ratio of the candidate's bad rate to the stable model's, judged as requests come in."""

    key: ClassVar[str] = "sequential"
    takes: ClassVar[frozenset[str]] = frozenset({"counter"})

    rollback_above: Annotated[float, Field(ge=1.0, le=100)] = 1.0
    """The candidate is taken back when its ratio is proven above this."""
    promote_below: Annotated[float, Field(gt=1.0, le=100)] = 1.5
    """The candidate passes when its ratio is proven below this."""
    accept_below: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The candidate also passes when its bad rate is proven below this share of requests."""
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """The chance of taking back a candidate that is no worse."""
    beta: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """The chance of passing a candidate that is worse than promoteBelow."""
    false_alarm_every: Duration | None = None
    """Watch the stable model too, with this mean time between false alarms; see the judge's page."""

    @model_validator(mode="after")
    def _apart(self) -> "Sequential":
        if self.promote_below <= self.rollback_above:
            raise ValueError("sequential.promoteBelow must be above rollbackAbove: between them nothing is proven")
        return self
