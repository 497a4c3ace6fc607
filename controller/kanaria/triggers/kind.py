"""What every trigger can do: say whether it is due."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.vocabulary.durations import Duration
from kanaria.vocabulary.kinds import Kind, Part, Union

DataName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]


@dataclass(frozen=True, slots=True)
class Look:
    """What a trigger wants to know of an entry of spec.data, and how often; with a method also how far it drifted."""

    data: str
    every: timedelta
    method: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What the newest look found: a digest, since when it is so, and how far the farthest column is."""

    digest: str
    since: datetime
    score: float | None = None
    column: str = ""
    reference: str = ""
    """The model version that it was compared with."""


@dataclass(frozen=True, slots=True)
class Success:
    """A run of another pipeline that succeeded."""

    run: str
    finished_at: datetime
    version: str = ""
    """The model version that it registered."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A metric by which the stable model of a ModelDeployment is worse than it was."""

    metric: str
    since: datetime
    version: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a trigger may look at; None where nothing is known yet."""

    since: datetime
    """When the trigger was declared: nothing before it is due."""
    acted_on: str | None = None
    """What this trigger acted on last, in the words of its newest firing."""
    began: datetime | None = None
    """When the newest run began that it started."""
    head: str | None = None
    """The newest commit that touched the source's path."""
    revision: str | None = None
    """The commit that was run last."""
    succeeded: Mapping[str, Success] = field(default_factory=dict)
    """The newest run that succeeded of each pipeline of the namespace."""
    found: Found | None = None
    """What the look that the trigger asked for found."""
    read: Mapping[str, str] = field(default_factory=dict)
    """The digest of each entry of spec.data that the newest run read."""
    failing: Mapping[tuple[str, str], Failing] = field(default_factory=dict)
    """What fails, by the names of ModelDeployment and MetricPolicy."""
    repeats: bool = False
    """Whether a cooldown holds it: then it may be due again for what it acted on."""

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

    @property
    def look(self) -> Look | None:
        """The look at data that it wants; none for most."""
        return None

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
