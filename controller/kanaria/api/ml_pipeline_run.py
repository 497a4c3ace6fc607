"""MLPipelineRun: one run of a pipeline, frozen at its start, with all that came of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.api.resource import Name, ObjectReference, Resource, ResourceStatus, Text
from kanaria.api.run_data import DataStatus
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.verdict import Verdict

OUTPUT_MAX = 256
"""How long the value of an output may be: larger things are artifacts of MLflow, or files of the workspace."""

Value = Annotated[str, Field(max_length=OUTPUT_MAX)]


class RunPhase(StrEnum):
    """Where a run is."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


FINAL = (RunPhase.SUCCEEDED, RunPhase.FAILED, RunPhase.CANCELLED)


class StepPhase(StrEnum):
    """Where a step is."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    CACHED = "Cached"


DONE = (StepPhase.SUCCEEDED, StepPhase.CACHED)
"""Phases of a step that went well: its outputs are there."""


class Answered(Part):
    """A trigger that a run answers."""

    name: Annotated[str, Field(max_length=64)]
    """Name of the trigger."""
    acted_on: Annotated[str, Field(max_length=256)] = ""
    """What it acted on."""


class Cause(Part):
    """Why the run was made."""

    trigger: Annotated[str, Field(max_length=64)]
    """Name of the trigger, or `on-demand`."""
    reason: Text = ""
    """What it saw, in a sentence."""
    value: Annotated[str, Field(max_length=256)] = ""
    """The number, commit or name that it saw."""
    link: Annotated[str, Field(max_length=512)] = ""
    """The object or address at which it saw it."""
    answers: Annotated[tuple[Answered, ...], Field(max_length=16)] = ()
    """Every trigger that the run answers."""
    scheduled_at: datetime | None = None
    """The time of the schedule that is acted on."""
    request: Annotated[str, Field(max_length=256)] | None = None
    """The value of the annotation kanaria.dev/run that is acted on."""


class Tracking(Part):
    """The MLflow run of this run."""

    run_id: Annotated[str, Field(max_length=64)]
    """MLflow's id of the run."""
    experiment: Annotated[str, Field(max_length=256)]
    """Name of the experiment."""


class Champion(Part):
    """The stable model that steps score beside the new one."""

    name: Annotated[str, Field(max_length=256)] = ""
    """Registered model."""
    version: Annotated[str, Field(max_length=64)] = ""
    """Its version; empty where nothing was stable when the first step began."""


class KeptStep(Part):
    """A step that succeeded in the run that is resumed."""

    name: Name
    """Name of the step."""
    outputs: Annotated[Mapping[str, Value], Field(max_length=32)] = {}
    """Values it handed on."""
    started_at: datetime | None = None
    """When it began."""
    finished_at: datetime | None = None
    """When it ended."""
    image_id: Annotated[str, Field(max_length=512)] | None = None
    """The image that its Pod ran."""
    cache_key: Annotated[str, Field(max_length=64)] | None = None
    """What it was made of."""


class Resumes(Part):
    """The run that is resumed, and what is taken over."""

    run: Annotated[str, Field(max_length=253)]
    """Name of the run that failed."""
    root: Annotated[str, Field(max_length=253)]
    """Name of the run whose workspace is used: the first that was not a resumption itself."""
    tracking: Tracking | None = None
    """Its MLflow run, which goes on."""
    champion: Champion | None = None
    """The stable model that its steps scored."""
    steps: Annotated[tuple[KeptStep, ...], Field(max_length=64)] = ()
    """Steps that are not run again."""


class Replays(Part):
    """The run that is run again, and what it found: a replay is compared with that."""

    run: Annotated[str, Field(max_length=253)]
    """Name of the run."""
    request: Annotated[str, Field(max_length=256)]
    """The value of the annotation kanaria.dev/replay that is acted on."""
    metrics: Annotated[Mapping[str, float], Field(max_length=50)] = {}
    """Its metrics."""
    data: Annotated[Mapping[str, Annotated[str, Field(max_length=80)]], Field(max_length=16)] = {}
    """The digest of each entry of its data."""
    images: Annotated[Mapping[str, Annotated[str, Field(max_length=512)]], Field(max_length=64)] = {}
    """The image of each of its steps."""


class MLPipelineRunSpec(Part):
    """What is run: the pipeline's spec as it was, and the code."""

    pipeline_ref: ObjectReference
    """The pipeline."""
    number: Annotated[int, Field(ge=1)]
    """Which run of the pipeline it is, counted from 1."""
    cause: Cause
    """Why."""
    revision: Annotated[str, Field(max_length=64)] = ""
    """Commit of the code that is run; empty without source."""
    resumes: Resumes | None = None
    """The failed run that it goes on with."""
    replays: Replays | None = None
    """The run that it repeats; nothing is judged or proposed then."""
    pipeline: PipelineSpec
    """The pipeline's spec, frozen; of a replay without gates, targets and caches."""


class ReportedTests(Part):
    """What the report of a test says."""

    passed: int = 0
    """How many passed."""
    failed: int = 0
    """How many failed, errors among them."""
    skipped: int = 0
    """How many were skipped."""
    failures: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=5)] = ()
    """Names of the first that failed."""


class StepStatus(Part):
    """How one step went."""

    name: Name
    """Name of the step."""
    phase: StepPhase = StepPhase.PENDING
    """Where it is."""
    attempts: int = 0
    """Attempts begun."""
    job: Annotated[str, Field(max_length=253)] = ""
    """The newest attempt's Job."""
    started_at: datetime | None = None
    """When the first attempt began."""
    finished_at: datetime | None = None
    """When it ended."""
    retry_at: datetime | None = None
    """When the next attempt begins."""
    outputs: Annotated[Mapping[str, Value], Field(max_length=32)] = {}
    """Values it handed on."""
    image_id: Annotated[str, Field(max_length=512)] | None = None
    """The image that its Pod ran, with its digest."""
    tests: ReportedTests | None = None
    """What its report says, of a test with junit."""
    tracking_run: Annotated[str, Field(max_length=64)] | None = None
    """MLflow's id of the run of its own, of a test that is judged by what it logs."""
    cache_key: Annotated[str, Field(max_length=64)] | None = None
    """What it is made of: image, command, environment, inputs; a later run with the same key may take its outputs."""
    cached_from: Annotated[str, Field(max_length=253)] | None = None
    """The run whose outputs it took."""
    message: Text = ""
    """Why it failed, with the last lines it wrote."""


class GateStatus(Part):
    """What a policy's metric said."""

    policy: Name
    """The MetricPolicy."""
    metric: Annotated[str, Field(max_length=128)]
    """The metric."""
    verdict: Verdict
    """The verdict."""
    message: Text = ""
    """The sentence that explains it."""
    value: float | None = None
    """The value that was read."""
    baseline_value: float | None = None
    """What it was compared with."""
    data_digest: Annotated[str, Field(max_length=80)] | None = None
    """Digest of the data that the value comes from; of all entries of spec.data together where there are several."""
    baseline_data_digest: Annotated[str, Field(max_length=80)] | None = None
    """Digest of the data that the other number comes from."""
    dry_run: bool | None = None
    """Whether it is only told, and decides nothing."""


class RegisteredModel(Part):
    """The model version that the run registered."""

    name: Annotated[str, Field(max_length=256)]
    """Registered model."""
    version: Annotated[str, Field(max_length=64)]
    """Its version."""
    model_id: Annotated[str, Field(max_length=128)] = ""
    """MLflow's id of the logged model."""
    uri: Annotated[str, Field(max_length=2048)] = ""
    """Where its artifacts are."""


class ProposalStatus(Part):
    """How far a proposal is."""

    namespace: Annotated[str, Field(max_length=63)]
    """Namespace of the ModelDeployment."""
    model_deployment: Name
    """The ModelDeployment."""
    state: Literal["Due", "Landed", "Applied", "Dropped"]
    """Due, Landed once committed, Applied once in the target's live spec; Dropped where another won or it refuses."""
    replaces: Annotated[str, Field(max_length=64)] = ""
    """The candidate that stood in the target when the proposal became due; a newer one of a person wins."""
    commit: Annotated[str, Field(max_length=64)] = ""
    """The commit that proposed it, where this operator made it."""
    landed_at: datetime | None = None
    """When that was pushed."""
    message: Text = ""
    """Why, where it is not simply done."""


class MLPipelineRunStatus(ResourceStatus):
    """All that came of the run."""

    phase: RunPhase | None = None
    """Where the run is."""
    started_at: datetime | None = None
    """When it began."""
    finished_at: datetime | None = None
    """When it ended."""
    tracking: Tracking | None = None
    """The MLflow run."""
    data: Annotated[tuple[DataStatus, ...], Field(max_length=16)] = ()
    """The data that it reads."""
    champion: Champion | None = None
    """The stable model that ${champion.version} and ${champion.uri} stand for; absent where no step names them."""
    steps: Annotated[tuple[StepStatus, ...], Field(max_length=64)] = ()
    """The steps."""
    metrics: Annotated[Mapping[str, float], Field(max_length=50)] = {}
    """The first 50 metrics of the MLflow run, by name."""
    gates: Annotated[tuple[GateStatus, ...], Field(max_length=64)] = ()
    """What each gate said."""
    verdict: Verdict | None = None
    """What the gates said together."""
    model: RegisteredModel | None = None
    """The model version."""
    proposals: Annotated[tuple[ProposalStatus, ...], Field(max_length=16)] = ()
    """Where it was proposed."""


class MLPipelineRun(Resource):
    """One run of a pipeline."""

    kind: Literal["MLPipelineRun"] = "MLPipelineRun"
    spec: MLPipelineRunSpec
    status: MLPipelineRunStatus = MLPipelineRunStatus()

    plural: ClassVar = "mlpipelineruns"
    short_name: ClassVar = "mlrun"
    columns: ClassVar = (
        ("Phase", ".status.phase", "string", 0),
        ("Trigger", ".spec.cause.trigger", "string", 0),
        ("Version", ".status.model.version", "string", 0),
        ("Verdict", ".status.verdict", "string", 0),
        ("Message", '.status.conditions[?(@.type=="Ready")].message', "string", 0),
        ("Age", ".metadata.creationTimestamp", "date", 0),
        ("Pipeline", ".spec.pipelineRef.name", "string", 1),
        ("Revision", ".spec.revision", "string", 1),
        ("MLflow-Run", ".status.tracking.runId", "string", 1),
    )
    rules: ClassVar = (("self == oldSelf", "a run's spec is frozen: commit a change to the MLPipeline instead"),)
