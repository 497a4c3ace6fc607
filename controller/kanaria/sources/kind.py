"""What every source can do: be told apart by its key, and say when it can be read."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from kanaria.vocabulary.kinds import Kind, Union
from kanaria.vocabulary.question import Question


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the two models that answer requests: its version, and what Kubernetes and the gateway call its servers."""

    version: str
    service: str
    backend: str


@dataclass(frozen=True, slots=True)
class Arms:
    """The candidate and the stable model of a ModelDeployment."""

    namespace: str
    deployment: str
    candidate: Arm
    stable: Arm


class SourceKind(Kind):
    """Where a metric's number comes from."""

    offline: ClassVar[bool] = True
    """Whether a pipeline's gates can read it."""

    @property
    def address(self) -> str:
        """How people find the number."""
        return self.key


class OnlineSource(SourceKind):
    """A source that gives a number for a model that answers requests."""

    offline: ClassVar[bool] = False

    @abstractmethod
    def ask(self, arms: Arms, every: timedelta, *, compared: bool) -> Question:
        """What to ask, to be answered with a Measurement; `compared` asks for the stable model's number too."""


class SourceUnion(Union):
    """A source among others."""

    @property
    def source(self) -> SourceKind:
        """The source that is set."""
        member: SourceKind = self.member("source")
        return member
