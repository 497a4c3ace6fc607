"""Whether another pipeline has succeeded."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.triggers.kind import Firing, NotYet, Seen, TriggerKind


class PipelineTrigger(TriggerKind):
    """After each run of another pipeline that succeeds."""

    key: ClassVar[str] = "pipeline"

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Name of an MLPipeline of the same namespace."""

    def due(self, seen: Seen, now: datetime) -> Firing | NotYet:  # noqa: ARG002 - every trigger is told the time
        """Due when the newest run that succeeded ended after the one that was acted on: several are answered by one."""
        newest = seen.succeeded.get(self.name)
        if newest is None or newest.finished_at <= seen.acted_at:
            return NotYet()
        made = f" and registered version {newest.version}" if newest.version else ""
        return Firing(
            f"run {newest.run} of pipeline {self.name!r} succeeded{made}",
            acted_on=newest.finished_at.isoformat().replace("+00:00", "Z"),
            value=newest.version or newest.run,
            link=f"MLPipelineRun {newest.run}",
        )
