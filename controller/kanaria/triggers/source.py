"""Whether the pipeline's own code changed."""

from datetime import datetime
from typing import ClassVar

from kanaria.triggers.kind import Firing, NotYet, Seen, TriggerKind


class SourceTrigger(TriggerKind):
    """On each commit that touches spec.source.git.path."""

    key: ClassVar[str] = "source"
    needs_source: ClassVar[bool] = True

    def due(self, seen: Seen, now: datetime) -> Firing | NotYet:  # noqa: ARG002 - every trigger is told the time
        """Due when the newest commit that touched the path was not run yet."""
        if seen.head is None or seen.head == seen.revision:
            return NotYet()
        return Firing(f"commit {seen.head[:12]} changed the code", acted_on=seen.head, value=seen.head)
