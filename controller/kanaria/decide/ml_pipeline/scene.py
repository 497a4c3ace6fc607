"""What a pipeline's phases look at, and what each hands on to the next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kanaria.api import MLPipeline, MLPipelineRun
from kanaria.api.ml_pipeline import MLPipelineStatus
from kanaria.api.ml_pipeline_run import FINAL
from kanaria.triggers.kind import Failing, Success
from kanaria.vocabulary import GO, Act, Answer, Failure, Notice, Outcome, Question, Stall, Watch
from kanaria.vocabulary.objects import Manifest


@dataclass(frozen=True, slots=True)
class Looks:
    """Jobs that look at data; `jobs` is None until the caches hold them all."""

    jobs: Mapping[str, Manifest] | None = None
    pods: Mapping[str, Manifest] = field(default_factory=dict)
    """The newest Pod of each Job, by the Job's name."""
    stable: tuple[str, str] | None = None
    """Model and version that is stable in the first target."""
    image: str = "kanaria"
    tracking_uri: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The world around a pipeline."""

    answer: Callable[[Question], Answer | None]
    runs: tuple[MLPipelineRun, ...] = ()
    """The pipeline's own runs."""
    policies: frozenset[str] = frozenset()
    """Names of the MetricPolicies of the namespace."""
    failure: Failure | None = None
    """What could not be carried out of the pipeline's newest plan."""
    succeeded: Mapping[str, Success] = field(default_factory=dict)
    """The newest run that succeeded of each pipeline of the namespace."""
    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The pipelines that start this one, near or far, each with those that start it."""
    looks: Looks = field(default_factory=Looks)
    """The Jobs that look at data for the pipeline's triggers, and what they need."""
    failing: Mapping[tuple[str, str], Failing] = field(default_factory=dict)
    """What fails of the stable models of the namespace, by ModelDeployment and MetricPolicy."""


@dataclass(frozen=True, slots=True)
class Due:
    """A run is due: which trigger fired, and what it saw."""

    trigger: str
    reason: str
    scheduled_at: datetime | None = None
    request: str | None = None
    value: str = ""
    link: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    """The names of all triggers that the run answers, and what each acts on."""
    resumes: MLPipelineRun | None = None
    """The run that failed and goes on."""
    replays: MLPipelineRun | None = None
    """The run that is repeated."""


@dataclass(frozen=True, slots=True)
class Held:
    """A trigger that is due and may not start a run yet."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A pipeline in its world, with what the phases so far made of it."""

    pipeline: MLPipeline
    seen: Seen
    now: datetime
    status: MLPipelineStatus
    outcome: Outcome = GO
    due: Due | None = None
    head: str | None = None
    """The newest commit of the code, where it is known."""
    acts: tuple[Act, ...] = ()
    questions: tuple[Question, ...] = ()
    watches: tuple[Watch, ...] = ()
    notices: tuple[Notice, ...] = ()
    until: datetime | None = None

    @property
    def runs(self) -> tuple[MLPipelineRun, ...]:
        """The runs, oldest first."""
        return tuple(sorted(self.seen.runs, key=lambda run: run.spec.number))

    @property
    def newest(self) -> MLPipelineRun | None:
        """The newest run that is no replay: what a replay finds is no news of the pipeline."""
        return next((run for run in reversed(self.runs) if run.spec.replays is None), None)

    @property
    def active(self) -> MLPipelineRun | None:
        """The run that is under way."""
        return next((run for run in self.runs if run.status.phase not in FINAL), None)

    @property
    def unfinished(self) -> int:
        """How many runs are not over."""
        return sum(run.status.phase not in FINAL for run in self.runs)

    @property
    def resting(self) -> bool:
        """Whether nothing may start: suspended, or wrong."""
        return self.pipeline.spec.suspend or isinstance(self.outcome, Stall)


def sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two times, either of which may be never."""
    return min((at for at in (one, other) if at is not None), default=None)
