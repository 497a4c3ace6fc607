"""From one environment to the next: where a stable version is proposed, and who may propose here."""

from typing import Annotated, Literal

from pydantic import Field

from kanaria.api.resource import Name, Version
from kanaria.vocabulary.durations import Duration
from kanaria.vocabulary.kinds import Part

State = Literal["Waiting", "Due", "Proposed", "Dropped"]


class Acceptance(Part):
    """Who may propose here."""

    kind: Literal["MLPipeline", "ModelDeployment"] = "MLPipeline"
    """Kind of the proposer."""
    name: Name
    """Its name."""
    namespace: Name
    """Its namespace."""


class DeploymentReference(Part):
    """A ModelDeployment."""

    name: Name
    """Its name."""
    namespace: Name | None = None
    """Its namespace; that of this one where absent."""


class NextEnvironment(Part):
    """Where a version that is stable here is proposed."""

    model_deployment: DeploymentReference
    """The ModelDeployment of the next environment; of another namespace it must name this one in acceptFrom."""
    after: Duration = "0s"
    """For how long the version must have been stable here."""
    min_successful_runs: Annotated[int, Field(ge=1, le=100)] | None = None
    """How many runs of the pipeline as it made the version must have succeeded in a row, and proposed here."""


class Passage(Part):
    """How far a stable version has come on its way to the next environment."""

    namespace: Annotated[str, Field(max_length=63)]
    """Namespace of the next ModelDeployment."""
    model_deployment: Annotated[str, Field(max_length=253)]
    """Its name."""
    version: Version
    """The version."""
    state: State
    """Waiting, Due (the commit is to be made), Proposed, or Dropped (it will not be)."""
    runs: int | None = None
    """How many runs succeeded in a row, where that counts."""
    replaces: Annotated[str, Field(max_length=64)] = ""
    """The candidate that it takes the place of."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """What it waits for, or why it was dropped."""
