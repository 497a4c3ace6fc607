"""Whether the data has changed, and has stayed so for a while."""

from datetime import datetime
from typing import ClassVar

from kanaria.triggers.kind import DataName, Firing, Look, NotYet, Seen, TriggerKind
from kanaria.vocabulary.durations import Duration, duration_of


class DataTrigger(TriggerKind):
    """When an entry of spec.data has another digest than the one that was run last."""

    key: ClassVar[str] = "data"

    name: DataName
    """Entry of spec.data."""
    interval: Duration = "5m"
    """How often a Job of the namespace looks at it."""
    quiet_period: Duration = "0s"
    """How long the digest must stay: uploads of many files are one change."""

    @property
    def look(self) -> Look:
        """The digest alone."""
        return Look(self.name, duration_of(self.interval))

    def due(self, seen: Seen, now: datetime) -> Firing | NotYet:
        """Due when the digest is neither the one that was acted on nor the one that the newest run read."""
        found = seen.found
        if found is None or found.digest in {seen.acted_on, seen.read.get(self.name)}:
            return NotYet()
        quiet_at = found.since + duration_of(self.quiet_period)
        if now < quiet_at:
            return NotYet(until=quiet_at)
        return Firing(
            f"data {self.name!r} has another content: {found.digest[:19]}",
            acted_on=found.digest,
            value=found.digest,
        )
