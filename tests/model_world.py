"""A small world for one ModelDeployment: KServe, a gateway with counters, MLflow and Git, driven by a hand clock.

KServe's part is the local cluster's own pure planning, its order of operations and its lies included.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from edited_document import change
from job_player import play_jobs, play_shadows
from kanaria.api import MetricPolicy, ModelDeployment
from kanaria.decide.model_deployment import NOTHING_REMEMBERED, Decision, Memory, Seen, WayBack, decide
from kanaria.decide.model_deployment.wishes import edits_due
from kanaria.local.kserve import planning
from kanaria.local.kserve.rendering import Runtime
from kanaria.serving.kserve import observe
from kanaria.serving.way import Live
from kanaria.vocabulary import (
    Act,
    Answer,
    Answered,
    Apply,
    Approval,
    ApprovalAsked,
    Counters,
    CountersAsked,
    CountersQueried,
    Delete,
    Edit,
    Failure,
    FailureKind,
    Measurement,
    ModelVersion,
    ModelVersionAsked,
    Plan,
    QueriesAsked,
    Question,
    Selected,
    SeriesCount,
    SetAlias,
    TagModelVersion,
    Unanswered,
    WriteStatus,
)
from kanaria.vocabulary.documents import field_at

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Thing = dict[str, Any]


@dataclass
class ModelWorld:
    """All that a ModelDeployment named `wine` meets."""

    md: Thing
    policies: dict[str, MetricPolicy] = field(default_factory=dict)
    now: datetime = NOON
    memory: Memory = NOTHING_REMEMBERED
    way_back: WayBack | None = field(default_factory=lambda: WayBack("team", revision="abc1234"))
    service: Thing | None = None
    deployments: dict[str, Thing] = field(default_factory=dict)
    services: dict[str, Thing] = field(default_factory=dict)
    route: Thing | None = None
    missing: set[str] = field(default_factory=set)
    uris: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    why: str = "container exited with 1"
    bad: dict[str, float] = field(default_factory=dict)
    rps: float = 200.0
    sent: float | None = None  # percent that the gateway sends beside the main backend, not as it was asked
    mlflow: bool = True
    metrics: bool = True
    numbers: dict[str, float | None] = field(default_factory=dict)  # what queries give, by a part of the name; else 0.1
    servers: bool = True
    jobs: dict[str, Thing] = field(default_factory=dict)
    pods: dict[str, Thing] = field(default_factory=dict)
    job_fails: bool = False
    copiers: dict[str, Thing] = field(default_factory=dict)  # Services that get copies of requests
    look: str | None = '{"compared": 500}'  # what a Job that compares says at its end; it fails where None
    gateway: bool = True
    apart: bool = True  # whether the gateway's page names each backend
    routes: bool = True
    refuse: type[Act] | None = None
    failure: Failure | None = None
    counts: dict[str, list[float]] = field(default_factory=dict)
    read: dict[Question, Answered] = field(default_factory=dict)
    writes: list[Act] = field(default_factory=list)
    restarts: int = 0
    unserved: float = 0.0
    aliases: dict[str, str] = field(default_factory=dict)
    commits: list[Edit] = field(default_factory=list)
    approval: Approval | None = None
    more: dict[str, Any] = field(default_factory=dict)

    # What Git and people do

    def spec(self, **changes: Any) -> "ModelWorld":
        """A commit that changes fields of the spec was applied; None removes a field."""
        spec = {**self.md["spec"], **changes}
        return self.applied({key: value for key, value in spec.items() if value is not None})

    def applied(self, spec: Thing) -> "ModelWorld":
        if spec != self.md["spec"]:
            self.md["spec"] = spec
            self.md["metadata"]["generation"] += 1
        return self

    def annotate(self, key: str, value: str) -> "ModelWorld":
        self.md["metadata"].setdefault("annotations", {})[key] = value
        return self

    def commit(self) -> tuple[Edit, ...]:
        """Whatever edits are due land in Git and are applied."""
        due = edits_due(self.read_md())
        for edit in due:
            if all(field_at(self.md, wanted.path) == wanted.value for wanted in edit.expects):
                document = copy.deepcopy({"spec": self.md["spec"]})
                for each in edit.changes:
                    change(document, each)
                self.applied(document["spec"])
                self.commits.append(edit)
        return due

    # What the operator does

    def read_md(self) -> ModelDeployment:
        return ModelDeployment.read(self.md)

    def seen(self) -> Seen:
        return Seen(
            live=Live(copy.deepcopy(self.service), (), self.deployments, self.route),
            serving=observe(self.service, self.deployments, self.route),
            policies=dict(self.policies),
            answer=self.answer,
            failure=self.failure,
            way_back=self.way_back,
            metrics_url="http://127.0.0.1:9/metrics",
            jobs=self.jobs,
            pods=self.pods,
            services=self.copiers,
            **self.more,
        )

    def decide(self) -> Decision:
        return decide(self.read_md(), self.seen(), self.now, self.memory)

    def visit(self, cut_after: int | None = None) -> Plan:
        """One pass, carried out in order; cut short after so many acts as by a crash."""
        decision = self.decide()
        self.memory, self.failure = decision.memory, None
        for count, act in enumerate(decision.plan.acts):
            if cut_after is not None and count >= cut_after:
                break
            if self.refuse is not None and isinstance(act, self.refuse):
                self.failure = Failure(act, FailureKind.UNREACHABLE, "the API server is busy", self.now)
                if isinstance(act, WriteStatus) and not act.required:
                    continue
                break
            self.carry_out(act)
        return decision.plan

    def carry_out(self, act: Act) -> None:
        self.writes.append(act)
        match act:
            case Apply(manifest) if manifest["kind"] in {"Job", "Service"}:
                self._beside(manifest["kind"])[manifest["metadata"]["name"]] = copy.deepcopy(dict(manifest)) | {
                    "began": self.now
                }
            case Apply(manifest):
                self._apply(copy.deepcopy(dict(manifest)))
            case Delete(target) if target.kind in {"Job", "Service"}:
                del self._beside(target.kind)[target.name]
            case Delete():
                self.service, self.route = None, None
                self.deployments.clear()
                self.services.clear()
            case WriteStatus(status):
                self.md["status"] = copy.deepcopy(dict(status))
            case SetAlias(model, alias, version):
                self.aliases[f"{model}@{alias}"] = version
            case TagModelVersion():
                pass
            case _:
                raise AssertionError(act)

    def _beside(self, kind: str) -> dict[str, Thing]:
        """The Jobs, or the Services, that were made for it."""
        return self.jobs if kind == "Job" else self.copiers

    def _apply(self, manifest: Thing) -> None:
        before = self.service or {}
        same = before.get("spec") == manifest["spec"]
        manifest["metadata"]["uid"] = "u-wine"
        manifest["metadata"]["generation"] = before.get("metadata", {}).get("generation", 0) + (not same)
        manifest["spec"]["predictor"]["model"].setdefault("name", "")  # as KServe's webhook fills in
        self.service = {**manifest, "status": before.get("status", {})}

    def answer(self, question: Question) -> Answer | None:
        if isinstance(question, ModelVersionAsked):
            if not self.mlflow:
                return Unanswered(self.now, "http://mlflow cannot be reached")
            version = question.version
            uri = self.uris.get(version, f"s3://models/{question.model}/{version}")
            known = (
                None if version in self.missing else ModelVersion(question.model, version, uri, run_id=f"r{version}")
            )
            return Answered(self.now, known)
        if isinstance(question, QueriesAsked):
            return self._measured(question)
        if isinstance(question, ApprovalAsked):
            return Answered(self.now, self.approval) if self.approval else Unanswered(self.now, "the mirror is gone")
        if not self.metrics:
            return Unanswered(self.now, "the gateway cannot be reached", 3)
        assert isinstance(question, CountersAsked | CountersQueried)
        last = self.read.get(question)
        if last is None or self.now >= last.at + question.every:
            arms = [self._series(_backend(arm)) for arm in (question.candidate, question.stable)]
            self.read[question] = last = Answered(self.now, Counters(self.now, *arms))
        return last

    def _measured(self, question: QueriesAsked) -> Answer | None:
        if not self.servers:
            # Asked again sooner than it is measured, as the operator does.
            return Unanswered(self.now, "metric server main cannot be reached", 3)
        last = self.read.get(question)
        if last is None or self.now >= last.at + question.every:
            value, baseline = self._number(question.candidate), self._number(question.stable)
            trouble = "the query finds no data" if value is None else ""
            self.read[question] = last = Answered(self.now, Measurement(self.now, value, baseline, trouble))
        return last

    def _number(self, query: str) -> float | None:
        backend = next((name for name, weight in self.weights().items() if weight and name in query), "")
        return next((n for part, n in self.numbers.items() if part in backend), 0.1) if backend else None

    def _series(self, cluster: str) -> Mapping[str, SeriesCount]:
        total, bad = self.counts.get(cluster, [0.0, 0.0])
        return {} if not self.apart else {"": SeriesCount(int(total), int(bad))}

    # What KServe, the gateway and users do

    def tick(self, seconds: float = 0) -> None:
        """Time passes with traffic, then KServe and the gateway do all that is theirs."""
        for _ in range(max(1, int(seconds))):
            if seconds:
                self.now += SECOND
                self._requests()
        while True:
            play_jobs(self.jobs, self.pods, self.now, None if self.job_fails else self._number)
            play_shadows(self.jobs, self.pods, self.now, self.look)
            busy = self._kserve()
            self._servers()
            self._gateway()
            if not busy:
                return

    def run(self, seconds: int, every: int = 5) -> "ModelWorld":
        """Time passes, with a visit every so many seconds and whenever something is still to be done."""
        for _ in range(0, seconds, every):
            self.rest()
            self.tick(every)
        return self.rest()

    def rest(self) -> "ModelWorld":
        """Visits at one moment, until there is nothing more to write."""
        for _ in range(25):
            self.tick()
            if not self.visit().acts:
                return self
        if self.refuse is None:
            raise AssertionError("the passes do not come to rest")
        return self

    def _requests(self) -> None:
        """Each backend answers its share; what no server can answer counts as unserved."""
        for place, (backend, weight) in enumerate(self._sent().items()):
            share = self.rps * weight / 100
            available = self.deployments.get(backend, {}).get("status", {}).get("availableReplicas", 0)
            if not available:
                self.unserved += share
                continue
            counted = self.counts.setdefault(f"httproute/cellar/wine/rule/0/backend/{place}", [0.0, 0.0])
            counted[0] += share
            counted[1] += share * next((rate for part, rate in self.bad.items() if part in backend), 0.01)

    def _sent(self) -> Mapping[str, float]:
        asked = self.weights()
        if self.sent is None or len(asked) != 2:
            return asked
        main = max(asked, key=lambda name: asked[name])
        return {name: 100 - self.sent if name == main else self.sent for name in asked}

    def weights(self) -> dict[str, int]:
        """The percent of the requests that the gateway sends to each backend."""
        if self.route is None or not self._accepted():
            return {}
        refs = self.route["spec"]["rules"][0]["backendRefs"]
        return {ref["name"]: ref.get("weight", 100) for ref in refs}

    def asked(self, version: str) -> int:
        """The percent of the requests that KServe is asked to give a version beside the main predictor."""
        entries = self.service["spec"].get("canary", ()) if self.service else ()
        return sum(e["trafficPercent"] for e in entries if e["predictor"]["name"].startswith(f"v{version}-"))

    def restart(self) -> None:
        """The operator was killed and started again: it remembers nothing."""
        self.memory, self.failure = NOTHING_REMEMBERED, None

    def weight(self, version: str) -> int:
        """The percent of the requests that a version gets."""
        return sum(weight for name, weight in self.weights().items() if f"-v{version}-" in name)

    def service_backend(self, version: str) -> str:
        """The name of a version's Deployment and Service."""
        return next(name for name in self.deployments if f"-v{version}-" in name)

    def _kserve(self) -> bool:
        """One pass of KServe's; whether it did anything."""
        if self.service is None:
            return False
        seen = planning.Seen(self.service, dict(self.deployments), dict(self.services), self.route, ())
        plan = planning.desired(seen, Runtime(), self.now.isoformat())
        for step in plan.steps:
            kind = step.resource.kind
            things = {"Deployment": self.deployments, "Service": self.services}.get(kind)
            if isinstance(step, planning.Remove):
                assert things is not None
                things.pop(step.name, None)
            elif things is not None:
                self._put(things, step.thing)
            elif self.routes:
                self.route = _generated(self.route, step.thing)
        busy = bool(self.routes and plan.steps) or plan.status != self.service["status"]
        self.service["status"] = plan.status
        return busy

    def _put(self, things: dict[str, Thing], wanted: Thing) -> None:
        before = things.get(wanted["metadata"]["name"])
        if before and wanted["kind"] == "Deployment" and before["spec"]["template"] != wanted["spec"]["template"]:
            self.restarts += 1
        thing = _generated(before, wanted)
        thing["metadata"].setdefault("creationTimestamp", self.now.isoformat())
        things[wanted["metadata"]["name"]] = thing

    def _servers(self) -> None:
        for name, deployment in self.deployments.items():
            wanted = deployment["spec"]["replicas"]
            up = 0 if self.is_broken(name, deployment) else wanted
            before = {c["type"]: c for c in deployment.get("status", {}).get("conditions", [])}
            available = _condition("Available", "True" if up else "False", before, self.now)
            available |= {} if up else {"message": self.why}
            deployment["status"] = {
                "observedGeneration": deployment["metadata"]["generation"],
                "replicas": wanted,
                "updatedReplicas": wanted,
                "availableReplicas": up,
                "conditions": [available],
            }

    def is_broken(self, name: str, deployment: Thing) -> bool:
        """Whether the servers of a Deployment do not come up."""
        del deployment
        return any(part in name for part in self.broken)

    def _gateway(self) -> None:
        if self.route is None or not self.gateway:
            return
        accepted = {"type": "Accepted", "status": "True", "observedGeneration": self.route["metadata"]["generation"]}
        self.route["status"] = {"parents": [{"conditions": [accepted]}]}

    def _accepted(self) -> bool:
        return bool(self.route and (self.route.get("status") or {}).get("parents"))


def _generated(before: Thing | None, wanted: Thing) -> Thing:
    """The thing as applied, with a generation that counts changes of its spec; what it says of itself stays."""
    metadata = dict((before or {}).get("metadata", {})) | wanted["metadata"]
    changed = before is None or before["spec"] != wanted["spec"]
    metadata["generation"] = (before or {}).get("metadata", {}).get("generation", 0) + changed
    return {**wanted, "metadata": metadata, "status": (before or {}).get("status", {})}


def _condition(kind: str, status: str, before: Mapping[str, Thing], now: datetime) -> Thing:
    known = before.get(kind, {})
    since = known["lastTransitionTime"] if known.get("status") == status else now.isoformat()
    return {"type": kind, "status": status, "lastTransitionTime": since}


def _backend(arm: str | Selected) -> str:
    """Envoy's name of a backend, in a selector too."""
    return arm if isinstance(arm, str) else arm.total.split('"')[1]
