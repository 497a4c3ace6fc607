"""What every trigger can do: say whether it is due."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.vocabulary.durations import Duration
from kanaria.vocabulary.kinds import Kind, Part, Union


@dataclass(frozen=True, slots=True)
class Success:
    """A run of another pipeline that succeeded."""

    run: str
    finished_at: datetime
    version: str = ""
    """The model version that it registered."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a trigger may look at; None where nothing is known yet."""

    since: datetime
    """When the trigger was declared: nothing before it is due."""
    acted_on: str | None = None
    """What this trigger acted on last, in the words of its newest firing."""
    head: str | None = None
    """The newest commit that touched the source's path."""
    revision: str | None = None
    """The commit that was run last."""
    succeeded: Mapping[str, Success] = field(default_factory=dict)
    """The newest run that succeeded of each pipeline of the namespace."""

    @property
    def acted_at(self) -> datetime:
        """The moment that was acted on last, for triggers whose words are moments; else when they were declared."""
        return max(datetime.fromisoformat(self.acted_on), self.since) if self.acted_on else self.since


@dataclass(frozen=True, slots=True)
class Firing:
    """A run is due: why, in a sentence; what was seen, and where; and what to remember as acted on."""

    reason: str
    acted_on: str = ""
    value: str = ""
    """The number, commit or name that was seen."""
    link: str = ""
    """The object or address at which it was seen."""
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


class Budget(Part):
    """How many runs a trigger may start in a span of time."""

    runs: Annotated[int, Field(ge=1, le=20)]
    """Number of runs."""
    window: Duration
    """The span, which ends now."""


class TriggerUnion(Union):
    """What starts a run."""

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Name of the trigger, unique in the pipeline."""
    cooldown: Duration | None = None
    """How long it is held after a run that it started; what is still due then starts one."""
    budget: Budget | None = None
    """How many runs it may start in a span of time; what is due beyond them waits."""

    @property
    def trigger(self) -> TriggerKind:
        """The trigger that is set."""
        member: TriggerKind = self.member("trigger")
        return member
