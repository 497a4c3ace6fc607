"""Whether the data has changed, and has stayed so for a while."""

from datetime import datetime
from typing import ClassVar

from kanaria.triggers.kind import DataName, Firing, Found, Look, NotYet, Seen, TriggerKind
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
        if found is None or found.digest == seen.read.get(self.name) or _is_acted_on(found, seen):
            return NotYet()
        quiet_at = found.since + duration_of(self.quiet_period)
        if now < quiet_at:
            return NotYet(until=quiet_at)
        return Firing(
            f"data {self.name!r} has another content: {found.digest[:19]}",
            acted_on=found.digest,
            value=found.digest,
        )


def _is_acted_on(found: Found, seen: Seen) -> bool:
    """Whether a run was started for it; content that went and came back since then is new again."""
    came_back = seen.began is not None and found.since > seen.began
    return found.digest == seen.acted_on and not came_back
