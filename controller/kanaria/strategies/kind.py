"""What every strategy can do: say what comes next."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from kanaria.vocabulary.kinds import Kind, Union
from kanaria.vocabulary.traffic import NOTHING_SENT, Sent


@dataclass(frozen=True, slots=True)
class At:
    """Where a trial is: the index of its step, since when, the weight it has, and whether that is in force.

    `proven` says that the judge has proof that the candidate is good enough; `waived` of the steps are not waited for;
    `scaled` says that as many servers are up as the step wants, `sent` that what it sends past the weights is so,
    `analysed` that all metrics that judge in this step alone have passed.
    """

    step: int
    since: datetime
    weight: int
    in_force: bool
    proven: bool = False
    waived: int = 0
    scaled: bool = True
    sent: bool = True
    analysed: bool = True


@dataclass(frozen=True, slots=True)
class Scale:
    """How many servers a candidate is to have at least: so many, or a percent of those that carry all the traffic."""

    replicas: int = 1
    percent: int = 0

    def servers(self, main: int) -> int:
        """The number, where so many carry all the traffic."""
        return max(1, self.replicas, math.ceil(self.percent * main / 100))


@dataclass(frozen=True, slots=True)
class Next:
    """The step to be at, the weight to have there, and when the step ends by time (None: not by time).

    `done` says that all steps are behind. `word` is the step in the API's words.
    """

    step: int
    weight: int
    word: str
    until: datetime | None = None
    done: bool = False
    paused: bool = False


class StrategyKind(Kind):
    """How traffic moves to a candidate."""

    judges: ClassVar[bool] = True
    """Whether the candidate gets traffic before it is promoted, by which it can be judged."""

    @abstractmethod
    def next(self, at: At, now: datetime) -> Next:
        """Where the trial should be now."""

    @abstractmethod
    def resume(self, step: int) -> Next:
        """Where a trial goes on that was held at 0 % in this step: with the weight it had then."""

    def scale(self, step: int) -> Scale:
        """How many servers it wants in this step, whatever its weight."""
        del step
        return Scale()

    def sends(self, step: int) -> Sent:
        """What the candidate gets beside its weight in this step."""
        del step
        return NOTHING_SENT

    def analyses(self, step: int) -> tuple[str, ...]:
        """MetricPolicies that judge in this step, beside those that judge all the while."""
        del step
        return ()

    @property
    def policies(self) -> tuple[tuple[str, str], ...]:
        """All MetricPolicies that it names, each with its place as a path."""
        return ()

    @property
    def selects(self) -> str:
        """The first step that sends anything past the weights, as a path; empty where none does."""
        return ""

    @property
    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """Its steps in the API's words."""

    @abstractmethod
    def open_pause(self, after: int) -> int | None:
        """The first step behind so many that waits without a time; None where there is none."""

    @property
    @abstractmethod
    def longest(self) -> timedelta | None:
        """How long a trial may take in all."""

    @property
    @abstractmethod
    def when_inconclusive(self) -> str:
        """What happens then: Rollback, Pause or Promote."""


class StrategyUnion(Union):
    """How traffic moves to a candidate."""

    @property
    def strategy(self) -> StrategyKind:
        """The strategy that is set."""
        member: StrategyKind = self.member("strategy")
        return member
