"""Where a pipeline's own code is, and how it is followed."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from kanaria.api.git_file import GitPath
from kanaria.api.git_sync import GitBranch, GitUrl
from kanaria.api.pipeline_step import Argument, Word
from kanaria.api.resource import Name, ObjectReference
from kanaria.vocabulary.durations import Duration
from kanaria.vocabulary.kinds import Part


class GitSource(Part):
    """Where the pipeline's own code is."""

    url: GitUrl
    """Address of the repository."""
    ref: GitBranch = GitBranch()
    """What is followed."""
    path: GitPath = "."
    """Folder with the code: steps start in it, and only commits that touch it start a run."""
    interval: Duration = "1m"
    """How often the branch is looked at."""
    secret_ref: ObjectReference | None = None
    """Secret with username and password, or bearerToken."""


class Build(Part):
    """How the code becomes an image: by BuildKit without root, in a Job of the team."""

    image: Annotated[str, Field(min_length=1, max_length=180, pattern=r"^[^@:]+(:[0-9]+/[^@:]+)?$")]
    """Name of the image, without tag: it is pushed with the commit as its tag, and used by its digest."""
    dockerfile: Annotated[str, Field(min_length=1, max_length=512)] = "Dockerfile"
    """Path of the Dockerfile, from the folder of the code."""
    builder: Annotated[str, Field(min_length=1, max_length=512)] = "moby/buildkit:rootless"
    """Image with BuildKit's buildctl-daemonless.sh."""
    push_secret_ref: ObjectReference | None = None
    """Secret of type kubernetes.io/dockerconfigjson with which the image is pushed."""
    resources: Mapping[str, Any] = {}
    """Requests and limits, as in a Pod."""


class GivenParameter(Part):
    """A parameter of the pipeline as a test has it."""

    name: Word
    """Name of the parameter."""
    value: Annotated[str, Field(max_length=4096)]
    """Its value in the test, as text."""


class Converge(Part):
    """Whether training converges: a loss that the test logs, step by step, falls."""

    metric: Annotated[str, Field(min_length=1, max_length=250)] = "loss"
    """Key of the loss in MLflow; logged once for each epoch or batch, three times at least."""
    min_decrease: Annotated[float, Field(gt=0, le=1)] = 0.5
    """The share of its first value by which it must fall, 1 being all of it."""
    max: float | None = None
    """The highest loss at the end."""


class Finite(Part):
    """Whether training gives numbers: no metric that the test logs is ever NaN or infinite."""


class SourceTest(Part):
    """A test of the code: a command that must succeed, and, where it trains, what it must have logged."""

    name: Annotated[str, Field(min_length=1, max_length=28, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Name of the test; its step is called source-test-NAME."""
    image: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Image; the one that was built where absent, else python:3.11."""
    command: Annotated[tuple[Argument, ...], Field(max_length=64)] = ()
    """What is run in the folder of the code."""
    step: Name | None = None
    """The step whose command and image are taken instead; that of spec.model where neither is named."""
    parameters: Annotated[tuple[GivenParameter, ...], Field(max_length=64)] = ()
    """Parameters that this step has in the test: fewer rows, fewer epochs."""
    junit: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^/].*$")] | None = None
    """Path of the JUnit XML report that the command writes, from the folder of the code; its tests are counted."""
    converge: Converge | None = None
    """What the loss must do."""
    finite: Finite | None = None
    """Whether all that is logged must be a number."""
    active_deadline_seconds: Annotated[int, Field(ge=1)] | None = None
    """How long it may take."""

    @property
    def trains(self) -> bool:
        """Whether it is judged by what it logs, in an MLflow run of its own."""
        return self.converge is not None or self.finite is not None

    @property
    def fault(self) -> str:
        """What does not fit together in it, in a sentence; empty where it does."""
        place = f"spec.source.tests {self.name!r}"
        if self.command and (self.step or self.parameters):
            return f"{place} has both a command and a step's; remove one"
        if not self.command and not self.step and not self.trains:
            return f"{place} runs nothing; give it a command"
        if self.junit and not self.command:
            return f"{place}: junit is the report of a command; give it one, or remove junit"
        return ""


class Source(Part):
    """The pipeline's own code."""

    git: GitSource
    """Repository that is checked out into each step."""
    build: Build | None = None
    """How an image is made of it, which steps use as ${source.image}."""
    tests: Annotated[tuple[SourceTest, ...], Field(max_length=8)] = ()
    """What must pass before any step starts."""
