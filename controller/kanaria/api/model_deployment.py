"""ModelDeployment: what serves, what is tried, and how the one becomes the other."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from kanaria.api.environments import Acceptance, NextEnvironment, Passage
from kanaria.api.git_file import GitFile
from kanaria.api.judged import TrialPlan, TrialPreflight, TrialShadow, WatchedMetric
from kanaria.api.resource import Name, ObjectReference, Resource, ResourceStatus, Text, Version
from kanaria.api.routing import Routing
from kanaria.engines.preflight import Preflight
from kanaria.serving.fitness import NO_COMPONENT
from kanaria.strategies import Strategy
from kanaria.vocabulary.durations import Duration
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.verdict import Verdict

Predictor = dict[str, Any]


def _with_model(predictor: Predictor) -> Predictor:
    if not predictor.get("model"):
        raise ValueError(
            "spec.predictor.model is needed: name a modelFormat, e.g. model: {modelFormat: {name: sklearn}}"
        )
    return predictor


_WITH_MODEL: dict[str, Any] = {
    "properties": {"model": {"type": "object", "description": "KServe's ModelSpec."}},
    "required": ["model"],
}


class ModelSource(Part):
    """The registered model that is served."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    """Name of the registered MLflow model."""
    alias: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z][-A-Za-z0-9_]*$")] | None = None
    """Alias that follows the stable version; champion-NAMESPACE-NAME where absent."""


class StableModel(Part):
    """What users get."""

    version: Version
    """Version of the registered model."""
    model_id: Annotated[str, Field(max_length=128)] | None = None
    """MLflow's id of the logged model, for people."""


class CandidateModel(Part):
    """What is being tried."""

    version: Version
    """Version of the registered model."""
    model_id: Annotated[str, Field(max_length=128)] | None = None
    """MLflow's id of the logged model, for people; moved up by its promotion."""
    predictor: Predictor | None = None
    """Changes to the predictor that are tried with it, and moved up by its promotion."""
    paused: bool | None = None
    """Whether it takes no step and is not promoted; it keeps its weight and its judge."""
    from_step: Annotated[int, Field(ge=1, le=33)] | None = None
    """The pauses before this step, the first being 1, are not waited for."""
    approved: bool | None = None
    """Whether it may be tried, where spec.requireApproval asks for that: committed by another than its author."""
    promote: Literal["Full"] | None = None
    """Full: no pause is waited for, nor proof; one that fails, or cannot be measured, goes back all the same."""

    @property
    def model(self) -> StableModel:
        """What becomes stable by its promotion."""
        return StableModel(version=self.version, model_id=self.model_id)


class RejectedModel(Part):
    """A version that is not tried again until a commit drops this entry."""

    version: Version
    """Version of the registered model."""
    reason: Annotated[str, Field(max_length=64)] = "Failed"
    """Failed, Reverted, or Rejected by a person."""
    evidence: Text = ""
    """What was measured."""
    at: datetime | None = None
    """When it was rejected, for people."""


_JUDGES_MAX = 8


class Analysis(Part):
    """What judges the candidate for as long as it has weight."""

    policies: Annotated[tuple[ObjectReference, ...], Field(min_length=1, max_length=_JUDGES_MAX)]
    """MetricPolicies of the same namespace; their metrics that can be read while it serves are judged."""
    warmup: Duration = "30s"
    """For this long after each change of its weight nothing is counted."""


class RollbackWindow(Part):
    """How long the way back stays open."""

    keep_warm: Duration = "30m"
    """How long the previous model stays loaded without traffic."""


class ModelDeploymentSpec(Part):
    """What serves, what is tried, and how the one becomes the other."""

    suspend: bool = False
    """Whether nothing moves; a candidate with weight goes to 0 % first."""
    model: ModelSource
    """The registered model."""
    stable: StableModel | None = None
    """What users get."""
    candidate: CandidateModel | None = None
    """What is being tried; absent at rest."""
    rejected: Annotated[tuple[RejectedModel, ...], Field(max_length=100)] = ()
    """Versions that are not tried again."""
    predictor: Annotated[Predictor, Field(json_schema_extra=_WITH_MODEL), AfterValidator(_with_model)]
    """KServe's PredictorSpec, passed through; model.storageUri is filled in."""
    routing: Routing | None = None
    """The Gateway by which Kanaria splits the traffic itself; where absent KServe does. Cannot be added or removed."""
    service_account_name: Name = "kanaria-runner"
    """ServiceAccount of the namespace as which the InferenceService is applied."""
    strategy: Strategy
    """How traffic moves to a candidate."""
    preflight: Preflight | None = None
    """What the candidate must show before it gets any traffic."""
    analysis: Analysis | None = None
    """What judges the candidate; without it a candidate passes when its steps are done."""
    progress_deadline_seconds: Annotated[int, Field(ge=1, le=86400)] = 600
    """How long model servers may take to come up."""
    rollback_window: RollbackWindow = RollbackWindow()
    """How long the way back stays open."""
    require_canary: bool = True
    """Whether stable changes only to a version that passed as a candidate, or was stable before."""
    require_approval: bool = False
    """Whether a candidate is tried only after another person than the one who proposed it approved it by a commit."""
    on_supersede: Literal["Restart", "Queue"] = "Restart"
    """What a proposal of a pipeline does while another candidate is tried: replace it, or wait for its end."""
    accept_from: Annotated[tuple[Acceptance, ...], Field(max_length=16)] = ()
    """Pipelines and ModelDeployments of other namespaces that may propose here; those of this one always may."""
    promote: Annotated[tuple[NextEnvironment, ...], Field(max_length=8)] = ()
    """Where a version is proposed that is stable here."""
    git: GitFile | None = None
    """Where this object stands in Git, if no GitSync applies it."""

    @model_validator(mode="before")
    @classmethod
    def _of_one_component(cls, spec: Any) -> Any:
        for name in ("transformer", "explainer"):
            if isinstance(spec, Mapping) and name in spec:
                raise ValueError(f"spec.{name}: {NO_COMPONENT}")
        return spec

    @model_validator(mode="after")
    def _nothing_goes_past_an_approval(self) -> "ModelDeploymentSpec":
        if self.require_approval and not self.require_canary:
            raise ValueError(
                "requireApproval is of no use with requireCanary: false, which lets stable change without a candidate; "
                "remove one of them"
            )
        return self

    @model_validator(mode="after")
    def _few_judges(self) -> "ModelDeploymentSpec":
        always = [reference.name for reference in self.analysis.policies] if self.analysis is not None else []
        strategy = self.strategy.strategy
        for name, place in strategy.policies:
            more = {policy for policy, there in strategy.policies if there == place}
            if len(more.union(always)) > _JUDGES_MAX:
                raise ValueError(
                    f"strategy.{strategy.key}.{place}: with {name} more than {_JUDGES_MAX} policies judge at once; "
                    "make some of them one"
                )
        return self

    @model_validator(mode="after")
    def _can_be_judged(self) -> "ModelDeploymentSpec":
        strategy = self.strategy.strategy
        if self.analysis is not None and not strategy.judges:
            raise ValueError(
                f"analysis judges a candidate by its traffic, and {strategy.key} gives it none before it is promoted; "
                "remove analysis, or let strategy be a canary"
            )
        return self


class Phase(StrEnum):
    """A summary for people; conditions are the API."""

    PENDING = "Pending"
    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    HEALTHY = "Healthy"
    DEGRADED = "Degraded"


class TrialPhase(StrEnum):
    """Where a trial is, or how it ended."""

    LOADING = "Loading"  # Model servers come up; no traffic yet.
    STEPPING = "Stepping"  # The strategy's steps are taken.
    PAUSED = "Paused"  # 0 % without an end: metrics unread, or inconclusive with onInconclusive: Pause.
    PASSED = "Passed"  # The promotion is due in Git; weight and judge stay.
    FAILED = "Failed"  # Proven worse; removal and rejection are due in Git.
    REVERTED = "Reverted"  # A human reverted its promotion; removal and rejection are due in Git.
    INCONCLUSIVE = "Inconclusive"  # Taken back without proof; removal is due in Git, no rejection.
    PROMOTED = "Promoted"
    WITHDRAWN = "Withdrawn"
    SUPERSEDED = "Superseded"
    ABORTED = "Aborted"  # The annotation took it back; removal is due in Git, no rejection.


class Serving(Part):
    """A version as it is served."""

    model: Annotated[str, Field(max_length=256)] = ""
    """Name of the registered model."""
    version: Version
    """Version of the registered model."""
    predictor_name: Annotated[str, Field(max_length=63)] = ""
    """Name of its predictor in the InferenceService."""
    uri: Annotated[str, Field(max_length=2048)] = ""
    """Where its artifacts are."""
    run_id: Annotated[str, Field(max_length=64)] = ""
    """The MLflow run that made it."""
    since: datetime | None = None
    """Since when."""
    revision: Annotated[str, Field(max_length=64)] = ""
    """Commit that was applied when it took another's place, or had passed; empty where it was only brought up."""


class WarmModel(Serving):
    """The previous stable model, loaded without traffic."""

    until: datetime
    """When it goes."""


class PastStable(Part):
    """A version that was stable, and the predictor that served it."""

    model: Annotated[str, Field(max_length=256)] = ""
    """Name of the registered model."""
    version: Version
    """Version of the registered model."""
    predictor_name: Annotated[str, Field(max_length=63)] = ""
    """Name of its predictor in the InferenceService: another one is another way of serving it."""


class Trial(Part):
    """One candidate's try: a version with a spec, introduced by a commit."""

    id: Annotated[str, Field(max_length=128)]
    """Version and hash: what the annotation kanaria.dev/abort names."""
    model: Annotated[str, Field(max_length=256)] = ""
    """Name of the registered model."""
    version: Version
    """Version of the registered model."""
    revision: Annotated[str, Field(max_length=64)] = ""
    """Commit that was applied when it began."""
    generation: int = 0
    """Generation of the ModelDeployment that began it."""
    predictor_name: Annotated[str, Field(max_length=63)] = ""
    """Name of its predictor in the InferenceService."""
    uri: Annotated[str, Field(max_length=2048)] = ""
    """Where its artifacts are."""
    run_id: Annotated[str, Field(max_length=64)] = ""
    """The MLflow run that made it."""
    phase: TrialPhase = TrialPhase.LOADING
    """Where it is."""
    started_at: datetime
    """When it began."""
    preflight: TrialPreflight = TrialPreflight()
    """What it showed before it got any traffic."""
    shadow: TrialShadow = TrialShadow()
    """How it answered copies of requests, with strategy shadow."""
    suspended_since: datetime | None = None
    """Since when it is suspended."""
    suspended_seconds: int = 0
    """How long it was suspended before: maxDuration does not count that."""
    step: int = 0
    """Index of its step."""
    step_word: Annotated[str, Field(max_length=128)] = ""
    """The step in words."""
    step_since: datetime | None = None
    """Since when it is there."""
    weight: Annotated[int, Field(ge=0, le=100)] = 0
    """Percent of requests it is meant to have."""
    weight_since: datetime | None = None
    """When the weight was in force; nothing is counted until the warmup after it."""
    verdict: Verdict | None = None
    """What the judge says."""
    evidence: Text = ""
    """What it says in a sentence."""
    analysis: Analysis | None = None
    """What judges it, as it was accepted: a spec that stalls later does not blind the judge."""
    plan: TrialPlan | None = None
    """What may be expected of it at the traffic seen."""
    checkpoint: Mapping[str, Any] = {}
    """The judge's evidence by policy/metric, written at transitions and at most once a minute."""
    split: Mapping[str, Any] = {}
    """What the requests say of the share that was asked for, written with the checkpoint."""
    checkpoint_at: datetime | None = None
    """When that was."""
    requests: int = 0
    """Requests it answered, as far as counted."""
    landed_at: datetime | None = None
    """Since when the commit that settles it stands at the head and is not applied."""
    ended_at: datetime | None = None
    """When its phase became final."""


class PastTrial(Part):
    """A trial that is over."""

    id: Annotated[str, Field(max_length=128)]
    """Its id."""
    version: Version
    """Its version."""
    phase: TrialPhase
    """How it ended."""
    evidence: Text = ""
    """What was measured."""
    ended_at: datetime | None = None
    """When."""


class ModelDeploymentStatus(ResourceStatus):
    """What serves, what is tried, and what was."""

    phase: Phase | None = None
    """A summary for people."""
    url: Annotated[str, Field(max_length=2048)] | None = None
    """Where requests go."""
    stable: Serving | None = None
    """What serves."""
    trial: Trial | None = None
    """What is tried."""
    warm: WarmModel | None = None
    """What stays loaded for the way back."""
    aliased: Annotated[str, Field(max_length=512)] | None = None
    """The alias as it was set last: model@alias=version."""
    watch: Annotated[tuple[WatchedMetric, ...], Field(max_length=16)] = ()
    """The stable model as it is watched; written when a verdict turns."""
    usual: Mapping[str, Any] = {}
    """What is usual of stable's requests by policy/metric: traffic, bad rate, dispersion."""
    was_stable: Annotated[tuple[PastStable, ...], Field(max_length=10)] = ()
    """What was stable last, newest first: it may come back without a canary."""
    passages: Annotated[tuple[Passage, ...], Field(max_length=8)] = ()
    """How far the stable version has come on its way to the next environments."""
    history: Annotated[tuple[PastTrial, ...], Field(max_length=10)] = ()
    """The last trials, newest first."""


class ModelDeployment(Resource):
    """What serves, what is tried, and how the one becomes the other."""

    kind: Literal["ModelDeployment"] = "ModelDeployment"
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus = ModelDeploymentStatus()

    plural: ClassVar = "modeldeployments"
    short_name: ClassVar = "md"
    columns: ClassVar = (
        ("Ready", '.status.conditions[?(@.type=="Ready")].status', "string", 0),
        ("Phase", ".status.phase", "string", 0),
        ("Stable", ".spec.stable.version", "string", 0),
        ("Candidate", ".spec.candidate.version", "string", 0),
        ("Weight", ".status.trial.weight", "integer", 0),
        ("Step", ".status.trial.stepWord", "string", 0),
        ("Verdict", ".status.trial.verdict", "string", 0),
        ("Age", ".metadata.creationTimestamp", "date", 0),
        ("Message", '.status.conditions[?(@.type=="Ready")].message', "string", 1),
        ("URL", ".status.url", "string", 1),
    )
