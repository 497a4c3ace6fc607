"""Builders of InferenceServices and of their children as a cluster would show them."""

from __future__ import annotations

from typing import Any

Thing = dict[str, Any]
STANDARD = {"serving.kserve.io/deploymentMode": "Standard"}


def a_predictor(version: str = "7", name: str | None = None, **fields: Any) -> Thing:
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": f"file:///models/wine/{version}"}
    return ({"name": name} if name else {}) | {"model": model} | fields


def a_canary(version: str = "8", percent: int = 10, name: str | None = None, **fields: Any) -> Thing:
    predictor = a_predictor(version, name or f"v{version}", **fields)
    # Upstream's schema wants a name in a canary's model, and its webhook none in the stable predictor's.
    predictor["model"]["name"] = ""
    return {"predictor": predictor, "trafficPercent": percent}


def a_service(predictor: Thing | None = None, *canaries: Thing, status: Thing | None = None, **meta: Any) -> Thing:
    spec: Thing = {"predictor": predictor or a_predictor()}
    if canaries:
        spec["canary"] = list(canaries)
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "wine", "namespace": "cellar", "uid": "u-wine", "annotations": STANDARD} | meta,
        "spec": spec,
    } | ({"status": status} if status else {})


def a_deployment(name: str, available: int = 1, generation: int = 1, **status: Any) -> Thing:
    enough = "True" if available else "False"
    reason = "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable"
    condition = {"type": "Available", "status": enough, "reason": reason, "message": "so it is"}
    told = {"availableReplicas": available, "observedGeneration": generation, "conditions": [condition]}
    return {"metadata": {"name": name, "namespace": "cellar"}, "spec": {}, "status": told | status}


def an_accepted_route(**parent: Any) -> Thing:
    accepted = {"type": "Accepted", "status": "True", "reason": "Accepted", "message": "ok"}
    status = {"parents": [{"controllerName": "gateway", "parentRef": {"name": "g"}, "conditions": [accepted]} | parent]}
    return {"metadata": {"name": "wine", "namespace": "cellar"}, "spec": {}, "status": status}


def a_pod(name: str = "wine-1", *, ready: bool = True, **container: Any) -> Thing:
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    containers = [{"name": "kserve-container", "state": {"running": {}}} | container]
    return {
        "metadata": {"name": name, "namespace": "cellar", "uid": f"u-{name}", "labels": {"app": "isvc.wine-predictor"}},
        "status": {"phase": "Running", "conditions": [condition], "containerStatuses": containers},
    }
