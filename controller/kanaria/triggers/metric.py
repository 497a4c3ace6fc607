"""Whether the stable model has been worse than it was for some time."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.triggers.kind import Failing, Firing, NotYet, Seen, TriggerKind
from kanaria.vocabulary.durations import Duration, duration_of
from kanaria.vocabulary.kinds import Part

NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


class Named(Part):
    """An object of the same namespace."""

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=NAME)]
    """Name of the object."""


class MetricTrigger(TriggerKind):
    """When a policy has failed for the stable model of a ModelDeployment for some time."""

    key: ClassVar[str] = "metric"

    policy_ref: Named
    """MetricPolicy by which the ModelDeployment watches its stable model."""
    model_deployment: Named
    """The ModelDeployment."""
    for_: Duration = Field(default="0s", alias="for")
    """How long it must have failed without a break."""

    def due(self, seen: Seen, now: datetime) -> Firing | NotYet:
        """Due once for each failure; again after each cooldown, where there is one, while the failure lasts."""
        failing = seen.failing.get((self.model_deployment.name, self.policy_ref.name))
        if failing is None:
            return NotYet()
        mark = f"{failing.metric} of version {failing.version} since {failing.since.isoformat()}"
        if mark == seen.acted_on and not seen.repeats:
            return NotYet()
        since = failing.since + duration_of(self.for_)
        return NotYet(until=since) if now < since else self._firing(failing, mark)

    def _firing(self, failing: Failing, mark: str) -> Firing:
        name = self.model_deployment.name
        return Firing(
            f"{self.policy_ref.name}/{failing.metric} has failed for version {failing.version} of ModelDeployment "
            f"{name!r} for {self.for_} or longer: {failing.evidence}",
            acted_on=mark,
            value=failing.evidence[:256],
            link=f"ModelDeployment {name}",
        )
