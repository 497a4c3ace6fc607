"""What a run's phases look at, and what each hands on to the next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kanaria.api import MetricPolicy, MLPipelineRun, ModelDeployment
from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.api.ml_pipeline_run import MLPipelineRunStatus, RunPhase
from kanaria.decide.unfolding import Unfolded
from kanaria.vocabulary import (
    GO,
    Act,
    Answer,
    Answered,
    CommitResult,
    Failure,
    ObjectName,
    Outcome,
    Question,
    Stall,
    Unanswered,
    Wait,
)
from kanaria.vocabulary.objects import Manifest

EVERY = timedelta(seconds=10)
"""How often MLflow is asked again while a run waits for its answer."""

READING = "reading what the run logged and registered"
"""What is waited for after the last step."""
MESSAGE_MAX = 1000
"""How long the sentence on a run's end may be; it stands in two conditions."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the platform team configured."""

    tracking_uri: str = ""
    runner_image: str = "kanaria"
    data_image: str = "kanaria"
    """The image that can read data; larger than the operator's."""
    file_remotes: bool = False
    """Whether this is a local cluster, where repositories and artifacts may be files."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The world around a run."""

    answer: Callable[[Question], Answer | None]
    jobs: Mapping[str, Manifest]
    """The run's Jobs by name."""
    pods: Mapping[str, Manifest]
    """The newest Pod of each Job, by the Job's name."""
    policies: Mapping[str, MetricPolicy]
    """The MetricPolicies of the namespace."""
    targets: Mapping[ObjectName, ModelDeployment]
    """The ModelDeployments that the run may propose to, as far as they exist."""
    absent: frozenset[str] = frozenset()
    """Kinds of the steps' engines that the cluster does not serve."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Kinds of the steps' engines that the operator may not watch, and what the API server says of it."""
    newer: tuple[MLPipelineRun, ...] = ()
    """Later runs of the same pipeline."""
    older: tuple[MLPipelineRun, ...] = ()
    """Earlier ones, as far as they are kept."""
    cancelled: str = ""
    """The run that the pipeline's annotation names."""
    landed: Mapping[ObjectName, CommitResult] = field(default_factory=dict)
    """The commit of this run's edit, by target, where its GitSync made it."""
    applied_at: Mapping[ObjectName, datetime] = field(default_factory=dict)
    """When the target's GitSync applied a new commit last."""
    failure: Failure | None = None
    """What could not be carried out of the run's newest plan."""
    ground: Ground = Ground()


@dataclass(frozen=True, slots=True)
class Scene:
    """A run in its world, with the status as the phases so far made it."""

    run: MLPipelineRun
    seen: Seen
    now: datetime
    status: MLPipelineRunStatus
    unfolded: Unfolded
    """The steps as they are carried out."""

    @property
    def pipeline(self) -> PipelineSpec:
        """The pipeline's spec as it was when the run was made."""
        return self.run.spec.pipeline


@dataclass(frozen=True, slots=True)
class Turn:
    """What a phase made of a scene: the new status, how it ended, and the acts around the status write."""

    status: MLPipelineRunStatus
    outcome: Outcome = GO
    first: tuple[Act, ...] = ()
    """Carried out before the status is written."""
    then: tuple[Act, ...] = ()
    """Carried out after it."""
    until: datetime | None = None
    """When to look again if nothing is heard before."""


def going_on(scene: Scene, **changes: Any) -> Turn:
    """The phase is done; the status changes in these fields."""
    return Turn(scene.status.model_copy(update=changes))


def failed(scene: Scene, reason: Reason, message: str, **changes: Any) -> Turn:
    """The run is over, and not well."""
    final = {"phase": RunPhase.FAILED, "finished_at": scene.now}
    return Turn(scene.status.model_copy(update=final | changes), Stall(reason, message[:MESSAGE_MAX]))


def asked(scene: Scene, question: Question, what: str) -> Answered | Turn:
    """The answer to a question, or the turn that waits for it."""
    match scene.seen.answer(question):
        case Answered() as answer:
            return answer
        case Unanswered(message=message):
            outcome = Wait(Reason.PROGRESSING, f"{what}: {message}; it is asked again", retry=True)
        case _:
            outcome = Wait(Reason.PROGRESSING, what)
    return Turn(scene.status, outcome)
