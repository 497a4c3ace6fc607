"""MLPipeline: how a model is made, checked and proposed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from kanaria.api.pipeline_data import Data
from kanaria.api.pipeline_source import Source, SourceTest
from kanaria.api.pipeline_step import Step, Word
from kanaria.api.resource import Name, ObjectReference, Resource, ResourceStatus
from kanaria.triggers import Trigger
from kanaria.vocabulary.kinds import Part

TRIGGERS_MAX = 16


class Parameter(Part):
    """A value that steps read as ${parameters.NAME}."""

    name: Word
    """Name of the parameter."""
    value: Annotated[str, Field(max_length=4096)]
    """Value, as text."""


class Workspace(Part):
    """A volume that all steps of a run share, mounted at /workspace."""

    size: Annotated[str, Field(max_length=32, pattern=r"^[0-9]+(Ki|Mi|Gi|Ti)?$")]
    """Size of the volume, e.g. 1Gi."""


class ProducedModel(Part):
    """The registered MLflow model that this pipeline makes."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    """Name of the registered model."""
    step: Name
    """The step that registers it."""


class Gate(Part):
    """A policy that a run must pass."""

    policy_ref: ObjectReference
    """MetricPolicy of the same namespace."""


class Target(Part):
    """A ModelDeployment."""

    name: Name
    """Name of the ModelDeployment."""
    namespace: Name | None = None
    """Its namespace; the pipeline's own where absent."""


class Proposal(Part):
    """Where a passed run proposes its model."""

    model_deployment: Target
    """The ModelDeployment whose candidate it becomes, by a commit to the branch of its GitSync."""


class PipelineSpec(Part):
    """How a model is made, checked and proposed."""

    suspend: bool = False
    """Whether no run starts; one that runs goes on."""
    service_account_name: Name = "kanaria-runner"
    """ServiceAccount of the namespace as which Jobs and the workspace are applied."""
    pod_service_account_name: Name | None = None
    """ServiceAccount that the Pods run as."""
    parameters: Annotated[tuple[Parameter, ...], Field(max_length=64)] = ()
    """Values for the steps."""
    source: Source | None = None
    """The pipeline's own code."""
    data: Annotated[tuple[Data, ...], Field(max_length=16)] = ()
    """Files that the pipeline reads, looked at by a Job before the first step and after the last one."""
    triggers: Annotated[tuple[Trigger, ...], Field(max_length=TRIGGERS_MAX)] = ()
    """What starts a run, beside the annotation kanaria.dev/run."""
    concurrency_policy: Literal["Allow", "Forbid", "Replace", "Queue"] = "Forbid"
    """What a trigger that fires while a run is under way does: run beside it, wait, cancel it, or line up a run."""
    active_deadline_seconds: Annotated[int, Field(ge=1)] | None = None
    """How long a run may take."""
    workspace: Workspace | None = None
    """A volume that all steps of a run share."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=64)]
    """The steps."""
    parallelism: Annotated[int, Field(ge=1, le=64)] | None = None
    """How many steps of a run may run at once."""
    on_exit: Annotated[tuple[Step, ...], Field(max_length=16)] = ()
    """Steps that run after the others, however these ended; they find ${run.name} and ${run.status}."""
    model: ProducedModel | None = None
    """The model that is registered."""
    gates: Annotated[tuple[Gate, ...], Field(max_length=16)] = ()
    """Policies that a run must pass before it proposes."""
    promote: Annotated[tuple[Proposal, ...], Field(max_length=16)] = ()
    """Where a passed run proposes its model."""
    successful_runs_history_limit: Annotated[int, Field(ge=0, le=100)] = 5
    """How many succeeded runs are kept; the newest run always is."""
    failed_runs_history_limit: Annotated[int, Field(ge=0, le=100)] = 3
    """How many failed runs are kept; the newest run always is."""

    @model_validator(mode="after")
    def _triggers_hold_together(self) -> "PipelineSpec":
        names = [trigger.name for trigger in self.triggers]
        for trigger in self.triggers:
            if names.count(trigger.name) > 1:
                raise ValueError(f"spec.triggers names {trigger.name!r} twice; give each trigger its own name")
            if trigger.trigger.needs_source and self.source is None:
                raise ValueError(
                    f"spec.triggers {trigger.name!r} looks at the code, but there is no spec.source; "
                    "say where the code is, or remove the trigger"
                )
            look = trigger.trigger.look
            if look and look.data not in {data.name for data in self.data}:
                there = ", ".join(data.name for data in self.data) or "none"
                raise ValueError(
                    f"spec.triggers {trigger.name!r} looks at data {look.data!r}, which is no entry of spec.data "
                    f"(there: {there}); name one, or add it"
                )
            if look and look.reference and not self.promote:
                raise ValueError(
                    f"spec.triggers {trigger.name!r} compares with the stable model, but spec.promote names no "
                    "ModelDeployment that has one"
                )
        return self

    @model_validator(mode="after")
    def _data_is_named_once(self) -> "PipelineSpec":
        names = [data.name for data in self.data]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"spec.data names {twice!r} twice; give each entry its own name")
        return self

    @model_validator(mode="after")
    def _steps_hold_together(self) -> "PipelineSpec":
        fault = next(faults(self), None)
        if fault:
            raise ValueError(fault)
        return self


def faults(spec: PipelineSpec) -> Iterator[str]:
    """What does not fit together in the steps, each in a sentence."""
    names = [step.name for step in spec.steps]
    every = [step.name for step in (*spec.steps, *spec.on_exit)]
    yield from (
        f"spec.steps names {name!r} twice; give each step its own name" for name in every if every.count(name) > 1
    )
    for place, steps in (("steps", spec.steps), ("onExit", spec.on_exit)):
        there = [step.name for step in steps]
        yield from (
            f"spec.{place} {step.name!r} depends on {needed!r}, which is no step; there are: {', '.join(there)}"
            for step in steps
            for needed in step.depends_on
            if needed not in there
        )
    yield from (fault for step in (*spec.steps, *spec.on_exit) for fault in _step_faults(step, spec))
    yield from (fault for test in (spec.source.tests if spec.source else ()) for fault in _test_faults(test, spec))
    if spec.model and spec.model.step not in names:
        yield f"spec.model.step {spec.model.step!r} is no step; there are: {', '.join(names)}"
    if spec.promote and not spec.model:
        yield "spec.promote needs spec.model: name the registered model that is proposed"


def _step_faults(step: Step, spec: PipelineSpec) -> Iterator[str]:
    place = f"spec.steps {step.name!r}"
    if step.with_items and step.with_param:
        yield f"{place} has both withItems and withParam; remove one"
    if step.with_param and step.with_param not in {parameter.name for parameter in spec.parameters}:
        yield f"{place}, withParam: there is no parameter {step.with_param!r}; declare it, as a JSON list"
    for variable in step.env:
        if variable.value and variable.value_from:
            yield f"{place}, env {variable.name}: there is both value and valueFrom; remove one"
    for condition in step.when:
        if condition.operator in ("Gt", "Lt") and not _is_number(condition.values):
            yield f"{place}, when: {condition.operator} compares with one number, such as values: ['100']"
    if step.cache:
        yield from _cache_faults(place, step, spec)
    yield from _engine_faults(place, step, spec)


def _engine_faults(place: str, step: Step, spec: PipelineSpec) -> Iterator[str]:
    """What is asked for and means nothing to the engine: a field that would do nothing is refused."""
    engine = step.runner
    asked = {
        "outputs": step.outputs,
        "env[].valueFrom": any(each.value_from for each in step.env),
        "resources": step.resources,
        "retryPolicy.exitCodes": step.retry_policy.exit_codes,
        "volumes": step.volumes,
        "volumeMounts": step.volume_mounts,
        "podTemplate": step.pod_template,
        "workspace": spec.workspace,
        "source": spec.source and not spec.source.build,
    }
    for field, remedy in engine.refuses().items():
        if asked[field]:
            of = f"spec.{field}" if field in {"workspace", "source"} else field
            yield f"{place}: {of} means nothing to engine.{engine.key}: {remedy}"
    yield from (f"{place}, engine.{engine.key}.{fault}" for fault in engine.faults(step.runs_in, step.queue_name or ""))


def _test_faults(test: SourceTest, spec: PipelineSpec) -> Iterator[str]:
    place, there = f"spec.source.tests {test.name!r}", ", ".join(step.name for step in spec.steps)
    if test.fault:
        yield test.fault
        return
    if test.step and test.step not in {step.name for step in spec.steps}:
        yield f"{place}: {test.step!r} is no step; there are: {there}"
    if not test.command and not test.step and not spec.model:
        yield f"{place} trains, but neither a command nor a step is named, and there is no spec.model; name a step"
    known = {parameter.name for parameter in spec.parameters}
    for each in test.parameters:
        if each.name not in known:
            yield f"{place}: there is no parameter {each.name!r}; declare it in spec.parameters"


def _cache_faults(place: str, step: Step, spec: PipelineSpec) -> Iterator[str]:
    if spec.model and spec.model.step == step.name:
        yield f"{place} registers spec.model and cannot be cached: each run registers its own version; remove cache"
    if spec.workspace:
        yield f"{place} cannot be cached beside spec.workspace, which is new in each run; log MLflow artifacts instead"


def _is_number(values: tuple[str, ...]) -> bool:
    try:
        return len(values) == 1 and float(values[0]) is not None
    except ValueError:
        return "${" in values[0]


class TriggerStatus(Part):
    """What a trigger did."""

    name: Annotated[str, Field(max_length=40)]
    """Name of the trigger."""
    since: datetime
    """When it was declared: nothing before is due."""
    acted_on: Annotated[str, Field(max_length=256)] | None = None
    """What it acted on last: a time, a commit, the end of a run, a digest."""
    runs: Annotated[tuple[datetime, ...], Field(max_length=20)] = ()
    """When the runs that it started began, as far as cooldown and budget ask; at least the newest."""
    held: Annotated[str, Field(max_length=256)] = ""
    """Why a run that is due is held."""
    digest: Annotated[str, Field(max_length=80)] = ""
    """Digest of the data that it looks at."""
    listing: Annotated[str, Field(max_length=80)] = ""
    """Names, sizes and times of it."""
    digest_since: datetime | None = None
    """When that digest was seen first."""
    score: float | None = None
    """How far the farthest column drifted."""
    column: Annotated[str, Field(max_length=256)] = ""
    """That column."""
    reference: Annotated[str, Field(max_length=64)] = ""
    """The model version that it was compared with."""
    message: Annotated[str, Field(max_length=512)] = ""
    """Why the newest look told nothing."""


class LastRun(Part):
    """The newest run in short."""

    name: Annotated[str, Field(max_length=253)]
    """Name of the MLPipelineRun."""
    phase: Annotated[str, Field(max_length=32)]
    """Its phase."""
    trigger: Annotated[str, Field(max_length=64)] = ""
    """What started it."""
    version: Annotated[str, Field(max_length=64)] = ""
    """The model version it registered."""
    verdict: Annotated[str, Field(max_length=32)] = ""
    """What its gates said."""
    started_at: datetime | None = None
    """When it began."""


class MLPipelineStatus(ResourceStatus):
    """What the pipeline did last, and does next."""

    phase: Annotated[str, Field(max_length=32)] | None = None
    """A summary for people: Pending, Running, Succeeded, Failed or Suspended."""
    last_run: LastRun | None = None
    """The newest run."""
    next_run_at: datetime | None = None
    """When the schedule fires next."""
    revision: Annotated[str, Field(max_length=64)] | None = None
    """The commit of the code that was run last."""
    last_handled_run_request: Annotated[str, Field(max_length=256)] | None = None
    """The value of the annotation kanaria.dev/run that was acted on last."""
    last_handled_resume: Annotated[str, Field(max_length=253)] | None = None
    """The value of the annotation kanaria.dev/resume that was acted on last."""
    last_handled_replay: Annotated[str, Field(max_length=256)] | None = None
    """The value of the annotation kanaria.dev/replay that was acted on last."""
    last_scheduled_at: datetime | None = None
    """The newest time of the schedule that was acted on."""
    runs: int = 0
    """How many runs were made."""
    triggers: Annotated[tuple[TriggerStatus, ...], Field(max_length=TRIGGERS_MAX)] = ()
    """What each trigger did."""


class MLPipeline(Resource):
    """How a model is made, checked and proposed."""

    kind: Literal["MLPipeline"] = "MLPipeline"
    spec: PipelineSpec
    status: MLPipelineStatus = MLPipelineStatus()

    plural: ClassVar = "mlpipelines"
    short_name: ClassVar = "mlp"
    columns: ClassVar = (
        ("Ready", '.status.conditions[?(@.type=="Ready")].status', "string", 0),
        ("Phase", ".status.phase", "string", 0),
        ("Last-Run", ".status.lastRun.name", "string", 0),
        ("Model", ".spec.model.name", "string", 0),
        ("Version", ".status.lastRun.version", "string", 0),
        ("Verdict", ".status.lastRun.verdict", "string", 0),
        ("Age", ".metadata.creationTimestamp", "date", 0),
        ("Trigger", ".status.lastRun.trigger", "string", 1),
        ("Next-Run", ".status.nextRunAt", "string", 1),
        ("Revision", ".status.revision", "string", 1),
        ("Message", '.status.conditions[?(@.type=="Ready")].message', "string", 1),
    )
    rules: ClassVar = (
        (
            "!has(self.promote) || size(self.promote) == 0 || has(self.model)",
            "spec.promote needs spec.model: name the registered model that is proposed",
        ),
        (
            "!has(self.model) || self.steps.exists(s, s.name == self.model.step)",
            "spec.model.step must name one of spec.steps",
        ),
    )
