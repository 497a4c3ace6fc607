"""Pipelines, runs and what surrounds them, written down by hand; and a run played pass by pass."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kanaria.api import MetricPolicy, MLPipeline, MLPipelineRun, ModelDeployment
from kanaria.api.ml_pipeline_run import StepStatus
from kanaria.decide.ml_pipeline_run import Ground, Seen, decide
from kanaria.decide.ml_pipeline_run.observe import by_job
from kanaria.vocabulary import (
    Answer,
    Answered,
    Apply,
    CommitResult,
    Delete,
    Failure,
    MetricHistory,
    ModelSizeAsked,
    ModelVersion,
    ModelVersionAsked,
    NonFinite,
    ObjectName,
    PairedScores,
    PairedScoresAsked,
    Plan,
    Question,
    RegisteredBy,
    RunMetrics,
    TrackingRun,
    Unanswered,
    marks,
)

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
NAMESPACE = "wine"
Manifest = dict[str, Any]


def a_step(name: str, *, after: tuple[str, ...] = (), **more: Any) -> Manifest:
    return {"name": name, "command": ["python", f"{name}.py"], "dependsOn": list(after), **more}


def a_pipeline_spec(*steps: Manifest, **more: Any) -> Manifest:
    return {"steps": list(steps) or [a_step("train")], **more}


def a_pipeline(*steps: Manifest, status: Manifest | None = None, run: str | None = None, **spec: Any) -> MLPipeline:
    annotations = {} if run is None else {marks.RUN_REQUEST: run}
    metadata = {"name": "wine", "namespace": NAMESPACE, "uid": "p-1", "generation": 1, "annotations": annotations}
    metadata["creationTimestamp"] = (NOON - timedelta(hours=1)).isoformat()
    return MLPipeline.read({"metadata": metadata, "spec": a_pipeline_spec(*steps, **spec), "status": status or {}})


def a_run(
    *steps: Manifest, number: int = 1, revision: str = "", namespace: str = NAMESPACE, **spec: Any
) -> MLPipelineRun:
    name = f"wine-{number}-abcde"
    metadata = {"name": name, "namespace": namespace, "uid": f"r-{number}", "generation": 1}
    run = {
        "pipelineRef": {"name": "wine"},
        "number": number,
        "cause": {"trigger": "code", "reason": "commit abc changed the code"},
        "revision": revision,
        "pipeline": a_pipeline_spec(*steps, **spec),
    }
    return MLPipelineRun.read({"metadata": metadata, "spec": run})


def a_policy(*metrics: Manifest, name: str = "offline") -> MetricPolicy:
    metadata = {"name": name, "namespace": NAMESPACE}
    return MetricPolicy.read({"metadata": metadata, "spec": {"metrics": list(metrics)}})


def at_least(bound: float, metric: str = "accuracy") -> Manifest:
    return {"name": metric, "mlflow": {"key": metric}, "threshold": {"min": bound}}


def a_target(
    *, namespace: str = NAMESPACE, synced: bool = True, labels: Mapping[str, str] | None = None, **spec: Any
) -> ModelDeployment:
    marked = {marks.GIT_SYNC: "team"} if synced else {}
    metadata = {"name": "wine", "namespace": namespace, "labels": {**marked, **(labels or {})}}
    predictor = {"model": {"modelFormat": {"name": "sklearn"}}}
    strategy = {"canary": {"steps": [{"setWeight": 10}]}}
    body = {"model": {"name": "wine-quality"}, "predictor": predictor, "strategy": strategy, **spec}
    return ModelDeployment.read({"metadata": metadata, "spec": body})


A_MODEL = {"name": "wine-quality", "step": "train"}
TO_WINE = [{"modelDeployment": {"name": "wine"}}]
GATED = [{"policyRef": {"name": "offline"}}]


@dataclass
class Registry:
    """What MLflow would answer; `down` is the sentence of one that cannot be reached."""

    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: {"run-r-1": {"accuracy": 0.95}})
    registered: Mapping[str, ModelVersion] = field(
        default_factory=lambda: {"run-r-1": ModelVersion("wine-quality", "8", "s3://models/8", "m-8", "run-r-1")}
    )
    versions: Mapping[str, ModelVersion] = field(default_factory=dict)
    scores: Mapping[str, PairedScores] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    histories: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    odd: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What is no finite number of each MLflow run."""
    down: str = ""

    def answer(self, question: Question, now: datetime) -> Answer | None:
        if self.down:
            return Unanswered(now, self.down)
        answers: dict[type[Question], Callable[[Any], Any]] = {
            TrackingRun: lambda asked: f"run-{asked.key}",
            MetricHistory: lambda asked: self.histories.get(asked.run_id, {}).get(asked.key, ()),
            NonFinite: lambda asked: self.odd.get(asked.run_id, ()),
            RunMetrics: lambda asked: dict(self.metrics.get(asked.run_id, {})),
            RegisteredBy: lambda asked: self.registered.get(asked.run_id),
            ModelVersionAsked: lambda asked: self.versions.get(asked.version),
            ModelSizeAsked: lambda asked: self.sizes.get(asked.version),
            PairedScoresAsked: lambda asked: (
                self.scores.get(asked.metric) or PairedScores.missing(f"no scores of {asked.metric}")
            ),
        }
        answer = answers.get(type(question))
        return Answered(now, answer(question)) if answer else None


@dataclass
class Story:
    """A run in its world: each `visit` decides, and carries the plan out where `carried` allows the act."""

    run: MLPipelineRun
    registry: Registry = field(default_factory=Registry)
    policies: tuple[MetricPolicy, ...] = ()
    targets: tuple[ModelDeployment, ...] = ()
    newer: tuple[MLPipelineRun, ...] = ()
    older: tuple[MLPipelineRun, ...] = ()
    cancelled: str = ""
    landed: Mapping[ObjectName, CommitResult] = field(default_factory=dict)
    applied_at: Mapping[ObjectName, datetime] = field(default_factory=dict)
    failure: Failure | None = None
    absent: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    ground: Ground = field(default_factory=lambda: Ground("http://mlflow:5000"))
    now: datetime = NOON
    jobs: dict[str, Manifest] = field(default_factory=dict)
    pods: dict[str, Manifest] = field(default_factory=dict)
    wanted: frozenset[Question] = frozenset()

    def seen(self) -> Seen:
        return Seen(
            answer=self._answer,
            jobs=self.jobs,
            pods=by_job(self.jobs, self.pods.values()),
            policies={policy.metadata.name: policy for policy in self.policies},
            targets={target.name: target for target in self.targets},
            newer=self.newer,
            older=self.older,
            cancelled=self.cancelled,
            landed=self.landed,
            applied_at=self.applied_at,
            failure=self.failure,
            absent=self.absent,
            refused=self.refused,
            ground=self.ground,
        )

    def _answer(self, question: Question) -> Answer | None:
        # As the engine does it: an answer is at hand only for what the newest plan wanted to know.
        return self.registry.answer(question, self.now) if question in self.wanted else None

    def decide(self) -> Plan:
        return decide(self.run, self.seen(), self.now)

    def visit(self, carried: Callable[[Any], bool] = lambda _act: True) -> Plan:
        plan = self.decide()
        self.wanted = frozenset(plan.questions)
        for act in plan.acts:
            if not carried(act):
                break
            self._carry(act)
        return plan

    def _carry(self, act: Any) -> None:
        if isinstance(act, Apply) and act.manifest["kind"] != "PersistentVolumeClaim":
            job = json.loads(json.dumps(act.manifest))
            job["metadata"] |= {"uid": f"uid-{job['metadata']['name']}", "creationTimestamp": self.now.isoformat()}
            self.jobs[job["metadata"]["name"]] = job
        elif isinstance(act, Delete):
            self.jobs.pop(act.target.name)
        elif hasattr(act, "status"):
            body = self.run.model_dump(mode="json", by_alias=True) | {"status": json.loads(json.dumps(act.status))}
            self.run = MLPipelineRun.read(body)

    def settle(self) -> "Story":
        """Visit until nothing is left to do."""
        for _ in range(30):
            before = self.wanted
            plan = self.visit()
            if not plan.acts and frozenset(plan.questions) == before:
                return self
        raise AssertionError(f"no rest after 30 visits; the last plan was {plan}")

    def step(self, name: str) -> StepStatus:
        return next(entry for entry in self.run.status.steps if entry.name == name)

    def ready(self) -> tuple[str, str, str]:
        found = self.run.status.conditions[0]
        return found.status, found.reason, found.message

    def ends(self, step: str, code: int = 0, said: str = "", reason: str = "") -> "Story":
        """The step's newest attempt ends: its Job and its Pod tell so."""
        job = self.jobs[self.step(step).job]
        type_ = "Failed" if code else "Complete"
        told = {"type": type_, "status": "True", "lastTransitionTime": self.now.isoformat(), "reason": reason}
        job["status"] = {**job.get("status", {}), "conditions": [told]}
        state = {"terminated": {"exitCode": code, "message": said, "reason": "Error" if code else "Completed"}}
        self.pods[job["metadata"]["name"]] = a_pod(job, state)
        return self

    def waits(self, step: str, reason: str, message: str = "") -> "Story":
        """The step's container cannot start."""
        job = self.jobs[self.step(step).job]
        state = {"waiting": {"reason": reason, "message": message}}
        self.pods[job["metadata"]["name"]] = a_pod(job, state, at=self.now)
        return self

    def later(self, **span: float) -> "Story":
        self.now += timedelta(**span)
        return self


def a_pod(job: Manifest, state: Manifest, at: datetime = NOON) -> Manifest:
    owner = {"kind": "Job", "name": job["metadata"]["name"], "uid": job["metadata"]["uid"]}
    metadata = {"name": f"{owner['name']}-x", "creationTimestamp": at.isoformat(), "ownerReferences": [owner]}
    return {"metadata": metadata, "status": {"containerStatuses": [{"name": "step", "state": state}]}}


def played(story: Story) -> Story:
    """The run with every step gone well."""
    story.settle()
    while any(entry.phase == "Running" for entry in story.run.status.steps):
        for entry in story.run.status.steps:
            if entry.phase == "Running":
                story.ends(entry.name)
        story.settle()
    return story


def with_candidate(target: ModelDeployment, version: str) -> ModelDeployment:
    body = target.model_dump(mode="json", by_alias=True, exclude_none=True)
    return ModelDeployment.read(body | {"spec": body["spec"] | {"candidate": {"version": version}}})


def changed(story: Story, **changes: Any) -> Story:
    return replace(story, **changes)
