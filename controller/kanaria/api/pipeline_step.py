"""A step of a pipeline: what is run, with what, when, and how often."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from kanaria.api.resource import Name
from kanaria.engines import Engine, EngineKind
from kanaria.engines.job import JobEngine
from kanaria.vocabulary.durations import Duration
from kanaria.vocabulary.kinds import Part

Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z_][-A-Za-z0-9_]*$")]
Argument = Annotated[str, Field(max_length=8192)]
ITEMS_MAX = 32
_A_JOB = JobEngine()


class Output(Part):
    """A small value that a step writes as JSON to the file named by $KANARIA_OUTPUTS."""

    name: Word
    """Key of the value; later steps read it as ${steps.STEP.outputs.NAME}."""


class Backoff(Part):
    """How long to wait between attempts."""

    duration: Duration = "10s"
    """Wait before the second attempt."""
    factor: Annotated[int, Field(ge=1, le=10)] = 2
    """By what the wait grows each time."""
    max_duration: Duration = "5m"
    """The longest wait."""


class RetryPolicy(Part):
    """How often a failed step is tried again."""

    limit: Annotated[int, Field(ge=0, le=20)] = 0
    """Number of further attempts."""
    backoff: Backoff = Backoff()
    """Wait between attempts."""
    exit_codes: Annotated[tuple[Annotated[int, Field(ge=1, le=255)], ...], Field(max_length=32)] = ()
    """Exit codes that are tried again; any failure where none is named."""


class KeyRef(Part):
    """A key of a Secret or ConfigMap of the namespace."""

    name: Annotated[str, Field(min_length=1, max_length=253)]
    """Name of the object."""
    key: Annotated[str, Field(min_length=1, max_length=253)]
    """The key."""
    optional: bool = False
    """Whether the step starts without it."""


class ValueFrom(Part):
    """Where the value of a variable is: the Pod reads it, Kanaria never does."""

    secret_key_ref: KeyRef | None = None
    """A key of a Secret."""
    config_map_key_ref: KeyRef | None = None
    """A key of a ConfigMap."""

    @model_validator(mode="after")
    def _one(self) -> "ValueFrom":
        if (self.secret_key_ref is None) == (self.config_map_key_ref is None):
            raise ValueError("valueFrom needs exactly one of secretKeyRef, configMapKeyRef")
        return self


class EnvVar(Part):
    """An environment variable of a step."""

    name: Annotated[str, Field(min_length=1, max_length=253)]
    """Name of the variable."""
    value: Argument = ""
    """Value; ${…} is filled in."""
    value_from: ValueFrom | None = None
    """A Secret or ConfigMap that holds the value."""


class When(Part):
    """A condition on which a step runs."""

    input: Argument
    """A text, mostly ${steps.STEP.outputs.NAME} or ${parameters.NAME}."""
    operator: Literal["In", "NotIn", "Gt", "Lt"] = "In"
    """Gt and Lt compare numbers, with one value."""
    values: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=32)]
    """What the input is compared with."""


class Cache(Part):
    """When the outputs of an earlier attempt are taken instead of running the step."""

    max_age: Duration = "30d"
    """How old they may be."""
    image: Literal["Digest", "Tag"] = "Digest"
    """Digest: only a step whose image is pinned by @sha256 is cached. Tag: a tag is trusted to stay what it was."""


class Step(Part):
    """What runs to its end: one container in a Job of its own, unless its engine says otherwise."""

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """Name of the step, unique in the pipeline."""
    depends_on: Annotated[tuple[Name, ...], Field(max_length=64)] = ()
    """Steps that must succeed first."""
    image: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Container image; python:3.11 where absent, with trainJob the runtime's."""
    command: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=64)]
    """What is run; ${parameters.NAME}, ${steps.STEP.outputs.NAME} and ${source.revision} are filled in."""
    env: Annotated[tuple[EnvVar, ...], Field(max_length=64)] = ()
    """Environment, beside MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME, MLFLOW_RUN_ID and KANARIA_OUTPUTS."""
    outputs: Annotated[tuple[Output, ...], Field(max_length=32)] = ()
    """Small values it hands on."""
    resources: Mapping[str, Any] = {}
    """Requests and limits, as in a Pod."""
    retry_policy: RetryPolicy = RetryPolicy()
    """How often it is tried again."""
    active_deadline_seconds: Annotated[int, Field(ge=1)] | None = None
    """How long one attempt may take."""
    engine: Engine | None = None
    """What runs it; a Job with one Pod where absent."""
    queue_name: Name | None = None
    """Kueue's LocalQueue that lets it begin; deadlines do not count before."""
    when: Annotated[tuple[When, ...], Field(max_length=16)] = ()
    """Conditions that must all hold; else the step is skipped and the run goes on."""
    with_items: Annotated[tuple[Argument, ...], Field(max_length=ITEMS_MAX)] = ()
    """One instance for each: NAME-0, NAME-1, …; ${step.item} and ${step.index} are filled in."""
    with_param: Word | None = None
    """Name of a parameter that holds a JSON list, in place of withItems."""
    cache: Cache | None = None
    """Whether it is run again with the same image, command, environment and inputs."""
    volumes: Annotated[tuple[Mapping[str, Any], ...], Field(max_length=32)] = ()
    """Volumes of the Pod, as in a Pod."""
    volume_mounts: Annotated[tuple[Mapping[str, Any], ...], Field(max_length=32)] = ()
    """Where the container finds them, as in a Pod."""
    pod_template: Mapping[str, Any] = {}
    """Anything else of the Pod: metadata.labels, metadata.annotations, spec; a container called step is this one."""

    @model_validator(mode="after")
    def _no_account_of_its_own(self) -> "Step":
        named = {"serviceAccountName", "serviceAccount"} & (self.pod_template.get("spec") or {}).keys()
        if named:
            raise ValueError(
                f"podTemplate.spec.{min(named)} names an account: name it in spec.podServiceAccountName, for all steps"
            )
        return self

    @property
    def runner(self) -> EngineKind:
        """The engine that runs it."""
        return self.engine.engine if self.engine else _A_JOB

    @property
    def runs_in(self) -> str:
        """Its image; empty where its engine knows better."""
        return self.image or self.runner.default_image

    @property
    def fans_out(self) -> bool:
        """Whether it is run once for each item."""
        return bool(self.with_items) or self.with_param is not None
