"""What every trigger can do: say whether it is due."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.vocabulary.kinds import Kind, Union


@dataclass(frozen=True, slots=True)
class Seen:
    """What a trigger may look at; None where nothing is known yet."""

    created_at: datetime
    """When the pipeline was made: nothing before it is due."""
    last_scheduled_at: datetime | None = None
    """The newest time of a schedule that was acted on."""
    head: str | None = None
    """The newest commit that touched the source's path."""
    revision: str | None = None
    """The commit that was run last."""


@dataclass(frozen=True, slots=True)
class Firing:
    """A run is due: why, in a sentence, and for schedules the time that is acted on."""

    reason: str
    scheduled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotYet:
    """No run is due; `until` is when to look again, None where an event will tell."""

    until: datetime | None = None


class TriggerKind(Kind):
    """A condition on which a run starts."""

    needs_source: ClassVar[bool] = False
    """Whether it looks at the pipeline's own code."""

    @abstractmethod
    def due(self, seen: Seen, now: datetime) -> Firing | NotYet:
        """Whether a run is due now."""


class TriggerUnion(Union):
    """What starts a run."""

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Name of the trigger, unique in the pipeline."""

    @property
    def trigger(self) -> TriggerKind:
        """The trigger that is set."""
        member: TriggerKind = self.member("trigger")
        return member
