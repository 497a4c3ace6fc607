"""Where a pipeline's own code is, and how it is followed."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from kanaria.api.git_file import GitPath
from kanaria.api.git_sync import GitBranch, GitUrl
from kanaria.api.pipeline_step import Argument
from kanaria.api.resource import ObjectReference
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


class SourceTest(Part):
    """A test of the code."""

    name: Annotated[str, Field(min_length=1, max_length=28, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Name of the test; its step is called source-test-NAME."""
    image: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Image; the one that was built where absent, else python:3.11."""
    command: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=64)]
    """What is run in the folder of the code."""
    active_deadline_seconds: Annotated[int, Field(ge=1)] | None = None
    """How long it may take."""


class Source(Part):
    """The pipeline's own code."""

    git: GitSource
    """Repository that is checked out into each step."""
    build: Build | None = None
    """How an image is made of it, which steps use as ${source.image}."""
    tests: Annotated[tuple[SourceTest, ...], Field(max_length=8)] = ()
    """What must pass before any step starts."""
