"""A number that a container of the team's own finds out."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.sources.kind import Arms, Task, TaskSource
from kanaria.vocabulary.durations import Duration, duration_of
from kanaria.vocabulary.kinds import Part

Word = Annotated[str, Field(max_length=4096)]


class Variable(Part):
    """A variable of the container's environment."""

    name: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    """Its name."""
    value: Annotated[str, Field(max_length=4096)] = ""
    """Its value."""


class Job(TaskSource):
    """A number that a container of the team's own finds out, run anew for each measurement."""

    key: ClassVar[str] = "job"

    image: Annotated[str, Field(min_length=1, max_length=512)]
    """Its image."""
    command: Annotated[tuple[Word, ...], Field(min_length=1, max_length=64)]
    """Its command; it writes a number to the file $KANARIA_OUTPUTS, or {"value": 1, "baseline": 2} for change."""
    env: Annotated[tuple[Variable, ...], Field(max_length=64)] = ()
    """More variables for it, beside those that tell it the two models."""
    pod_service_account_name: Annotated[str, Field(max_length=63)] | None = None
    """What its Pod runs as; the namespace's default where absent."""
    timeout: Duration = "5m"
    """How long it may take."""

    def task(self, arms: Arms, *, compared: bool) -> Task:  # noqa: ARG002 - it writes both numbers, or one
        """The container, told whom it measures."""
        told = (
            ("KANARIA_NAMESPACE", arms.namespace),
            ("KANARIA_DEPLOYMENT", arms.deployment),
            ("KANARIA_CANDIDATE_VERSION", arms.candidate.version),
            ("KANARIA_CANDIDATE_SERVICE", arms.candidate.service),
            ("KANARIA_STABLE_VERSION", arms.stable.version),
            ("KANARIA_STABLE_SERVICE", arms.stable.service),
        )
        own = tuple((each.name, each.value) for each in self.env)
        return Task(self.command, self._longest, self.image, (*own, *told), self.pod_service_account_name)

    @property
    def _longest(self) -> timedelta:
        return duration_of(self.timeout)
