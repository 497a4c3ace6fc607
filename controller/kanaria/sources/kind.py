"""What every source can do: be told apart by its key, and say when it can be read."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.vocabulary.kinds import Kind, Part, Union
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


class ServerReference(Part):
    """A server that the platform team configured."""

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Its name in the operator's settings; its address is no business of a team's."""


_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
VARIABLES = ("namespace", "deployment", "variant", "version", "backend")
"""What PromQL may name in double braces; all but the first two are those of the model that is measured."""
OF_THE_ARM = frozenset({"variant", "version", "backend"})


def variables(promql: str) -> frozenset[str]:
    """The variables that stand in a text.

    Raises:
        ValueError: if one of them is none.
    """
    found = frozenset(_VARIABLE.findall(promql))
    for name in sorted(found - {*VARIABLES}):
        known = ", ".join(f"{{{{{each}}}}}" for each in VARIABLES)
        raise ValueError(f"{{{{{name}}}}} is no variable; known are: {known}")
    return found


def filled(promql: str, arms: Arms, arm: Arm) -> str:
    """The text with its variables filled in for one of the two models."""
    # No escaping: names of Kubernetes objects, and versions, hold nothing that means something in PromQL's strings.
    values: Mapping[str, str] = {
        "namespace": arms.namespace,
        "deployment": arms.deployment,
        "variant": arm.service,
        "version": arm.version,
        "backend": arm.backend,
    }
    return _VARIABLE.sub(lambda found: values[found[1]], promql)


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


class QuerySource(OnlineSource):
    """A source that a server answers."""

    @abstractmethod
    def ask(self, arms: Arms, every: timedelta, *, compared: bool) -> Question:
        """What to ask, to be answered with a Measurement; `compared` asks for the stable model's number too."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a Job of the team runs to measure; without an image, Kanaria's own."""

    command: tuple[str, ...]
    timeout: timedelta
    image: str = ""
    env: tuple[tuple[str, str], ...] = ()
    account: str | None = None


class TaskSource(OnlineSource):
    """A source that a Job of the team reads: whatever a team names is fetched with the team's own rights."""

    @abstractmethod
    def task(self, arms: Arms, *, compared: bool) -> Task:
        """What to run. It writes a number, or an object with `value` and `baseline`, to the file $KANARIA_OUTPUTS."""


class SourceUnion(Union):
    """A source among others."""

    @property
    def source(self) -> SourceKind:
        """The source that is set."""
        member: SourceKind = self.member("source")
        return member
