"""Builders of ModelDeployments and of what they meet, so that a test reads as a story."""

from collections.abc import Mapping
from typing import Any

from kanaria.api import MetricPolicy, ModelDeployment
from kanaria.decide.model_deployment.trials import trial_id
from kanaria.serving.choice import CanaryRouting
from model_world import ModelWorld, Thing
from own_route_world import OwnRouteWorld
from unnamed_world import UnnamedWorld

STEPS = [{"setWeight": 10}, {"pause": {"duration": "60s"}}, {"setWeight": 50}, {"pause": {"duration": "60s"}}]
PREDICTOR = {"model": {"modelFormat": {"name": "sklearn"}}, "minReplicas": 1}


def a_policy(name: str = "online", **sequential: Any) -> MetricPolicy:
    return a_count(name, {}, **sequential)


def a_count(name: str, counter: Thing, **sequential: Any) -> MetricPolicy:
    """A policy of one counter, read every five seconds."""
    gate = {"promoteBelow": 2.0, **sequential}
    metric = {"name": "errors", "counter": {"interval": "5s", **counter}, "sequential": gate}
    return MetricPolicy.read({"metadata": {"name": name, "namespace": "cellar"}, "spec": {"metrics": [metric]}})


def a_bound(name: str = "online", metric: str = "latency", **fields: Any) -> MetricPolicy:
    """A policy of one query that must stay within its bound."""
    query = {"serverRef": {"name": "main"}, "query": 'p99{service="{{variant}}"}'}
    source = {} if "job" in fields or "web" in fields else {"prometheus": query}
    asked = {**source, "interval": "5s"}
    gate = {} if "change" in fields else {"threshold": {"max": 0.25}}
    spec = {"metrics": [{"name": metric, **asked, **gate, **fields}]}
    return MetricPolicy.read({"metadata": {"name": name, "namespace": "cellar"}, "spec": spec})


def an_offline_policy(name: str = "offline") -> MetricPolicy:
    metric = {"name": "accuracy", "mlflow": {"key": "accuracy"}, "threshold": {"min": 0.9}}
    return MetricPolicy.read({"metadata": {"name": name, "namespace": "cellar"}, "spec": {"metrics": [metric]}})


def a_spec(**fields: Any) -> Thing:
    spec: Thing = {
        "model": {"name": "wine-quality"},
        "predictor": dict(PREDICTOR),
        "strategy": canary(),
        "analysis": {"policies": [{"name": "online"}], "warmup": "5s"},
        **fields,
    }
    return {key: value for key, value in spec.items() if value is not None}


def canary(*steps: Thing, **fields: Any) -> Thing:
    return {"canary": {"steps": list(steps) or STEPS, **fields}}


def a_trial_of(manifest: Mapping[str, Any], phase: str, **more: Any) -> Thing:
    """The status of a trial of the manifest's candidate that has come to this phase."""
    spec, generation = ModelDeployment.read(manifest).spec, manifest["metadata"].get("generation", 1)
    known = {"id": trial_id(spec, generation), "generation": generation, "version": spec.candidate.version}
    return {**known, "weight": 100, "phase": phase, "startedAt": "2026-01-15T12:00:00Z", **more}


def a_world(
    policies: tuple[MetricPolicy, ...] | None = None, setting: CanaryRouting | None = None, **fields: Any
) -> ModelWorld:
    """A world whose Git holds this spec, with nothing done yet."""
    metadata = {"name": "wine", "namespace": "cellar", "uid": "u-md", "generation": 1}
    body = {"kind": "ModelDeployment", "metadata": metadata, "spec": a_spec(**fields), "status": {}}
    known = (a_policy(),) if policies is None else policies
    named = {policy.metadata.name: policy for policy in known}
    if setting is not None:
        return UnnamedWorld(body, policies=named, setting=setting)
    kind = OwnRouteWorld if "routing" in fields else ModelWorld
    return kind(body, policies=named)


def serving(version: str = "7", **fields: Any) -> ModelWorld:
    """A world where this version serves and nothing is tried."""
    return a_world(stable={"version": version}, **fields).run(10)


def trying(version: str = "8", **fields: Any) -> ModelWorld:
    """A world where 7 serves and this version has its first percents of the requests."""
    return serving(**fields).spec(candidate={"version": version}).run(10)


def passed(version: str = "8", **fields: Any) -> ModelWorld:
    """A world where 7 serves and this version has passed; its promotion is not committed yet."""
    return trying(version, **fields).run(240)


def promoted(version: str = "8", **fields: Any) -> ModelWorld:
    """A world where this version was promoted from 7, which is kept warm."""
    world = passed(version, **fields)
    world.commit()
    return world.run(10)


def phase(world: ModelWorld) -> str | None:
    trial = world.read_md().status.trial
    return str(trial.phase) if trial is not None else None


def weight(world: ModelWorld) -> int:
    trial = world.read_md().status.trial
    return trial.weight if trial is not None else 0


def reason(world: ModelWorld, condition: str = "Ready") -> str | None:
    return next((c.reason for c in world.read_md().status.conditions if c.type == condition), None)


def message(world: ModelWorld, condition: str = "Ready") -> str:
    return next((c.message for c in world.read_md().status.conditions if c.type == condition), "")


def is_stalled(world: ModelWorld) -> bool:
    return reason(world, "Stalled") is not None


def past(world: ModelWorld) -> list[str]:
    return [f"{entry.version} {entry.phase}" for entry in world.read_md().status.history]
