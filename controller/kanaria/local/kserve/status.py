"""What KServe says of an InferenceService, true or not, given its children as last seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanaria.local.api_client import Thing
from kanaria.local.kserve.conditions import CANARY_READY, PREDICTOR_READY, Finding
from kanaria.local.kserve.naming import CONTAINER
from kanaria.local.kserve.predictors import Predictor


def predictor_finding(deployment: Thing | None) -> Finding:
    """`PredictorReady`, from the Deployment's conditions: a Deployment that rolls while available is ready."""
    found = {} if deployment is None else _conditions_of(deployment)
    available, progressing, failure = (found.get(kind, {}) for kind in ("Available", "Progressing", "ReplicaFailure"))
    verdicts: tuple[tuple[bool, str, Thing], ...] = (
        (failure.get("status") == "True", "False", failure),
        (available.get("status") == "False", "False", available),
        (progressing.get("status") == "False" and "message" in progressing, "False", progressing),
        (progressing.get("reason") == "NewReplicaSetAvailable", "True", progressing),
        (available.get("status") == "True", "True", available),
        (progressing.get("status") == "True", "Unknown", progressing),
        (True, "False", {}),
    )
    return next(_as_finding(status, condition) for holds, status, condition in verdicts if holds)


def canary_statuses(canaries: Sequence[Predictor], service: Thing, deployments: Mapping[str, Thing]) -> list[Thing]:
    """One entry per canary: `ready` if any Pod is available, old or new; `trafficPercent` is merely the spec's."""
    percents = [entry["trafficPercent"] for entry in service["spec"].get("canary") or []]
    return [
        {
            "name": canary.variant,
            "ready": _available(deployments.get(canary.name)),
            "trafficPercent": percent,
            "modelStatus": {"transitionStatus": ""},  # never filled by KServe
        }
        for canary, percent in zip(canaries, percents, strict=True)
    ]


def canary_finding(statuses: Sequence[Thing]) -> Finding:
    """`CanaryPredictorReady`, for an InferenceService that has canaries."""
    if all(entry["ready"] for entry in statuses):
        return Finding(CANARY_READY, "True", "AllCanariesReady")
    return Finding(CANARY_READY, "False", "CanariesNotReady")


def model_status(before: Thing, pods: Sequence[Thing], *, ready: bool) -> Thing:
    """The stable model's state. What was once loaded stays `activeModelState: Loaded`, and a failure is remembered."""
    known = {key: value for key, value in before.items() if key != "copies"}
    copies = {"failedCopies": 0, "totalCopies": sum(map(_serving, pods))}
    return {**_moved(known, *_target(pods, ready=ready)), "copies": copies}


def refused_model(before: Thing, message: str) -> Thing:
    """The model's state when no runtime can serve it."""
    states = {"activeModelState": "", **before.get("states", {}), "targetModelState": "FailedToLoad"}
    info = {"reason": "NoSupportingRuntime", "message": message}
    return {**before, "transitionStatus": "InvalidSpec", "states": states, "lastFailureInfo": info}


def _target(pods: Sequence[Thing], *, ready: bool) -> tuple[str, Thing | None]:
    if not pods:
        return "Pending", None
    if ready:
        return "Loaded", None
    for container in pods[0].get("status", {}).get("containerStatuses", []):
        if container["name"] == CONTAINER:
            failure = _failure(container)
            return ("FailedToLoad", failure) if failure else ("Pending", None)
    return "Pending", None


def _moved(before: Thing, target: str, failure: Thing | None) -> Thing:
    states = {"activeModelState": "", **before.get("states", {}), "targetModelState": target}
    if target == "Loaded":
        states["activeModelState"] = "Loaded"
    transition = {"Loaded": "UpToDate", "FailedToLoad": "BlockedByFailedLoad"}.get(target, "InProgress")
    moved = {**before, "transitionStatus": transition, "states": states}
    return {**moved, "lastFailureInfo": failure} if failure else moved


def _failure(container: Thing) -> Thing | None:
    state = container.get("state", {})
    ended = state.get("terminated")
    if ended is None and state.get("waiting", {}).get("reason") == "CrashLoopBackOff":
        ended = {"reason": "Error", **container.get("lastState", {}).get("terminated", {})}
    if not ended or ended.get("reason") != "Error":
        return None
    info = {"reason": "ModelLoadFailed", "message": ended.get("message", ""), "exitCode": ended.get("exitCode", 0)}
    return {key: value for key, value in info.items() if value}


def _serving(pod: Thing) -> bool:
    status = pod.get("status", {})
    ready = any(entry["type"] == "Ready" and entry["status"] == "True" for entry in status.get("conditions", []))
    return ready and status.get("phase") == "Running"


def _available(deployment: Thing | None) -> bool:
    return deployment is not None and deployment.get("status", {}).get("availableReplicas", 0) > 0


def _conditions_of(deployment: Thing) -> dict[str, dict[str, Any]]:
    return {entry["type"]: entry for entry in deployment.get("status", {}).get("conditions", [])}


def _as_finding(status: str, condition: Mapping[str, str]) -> Finding:
    return Finding(PREDICTOR_READY, status, condition.get("reason", ""), condition.get("message", ""))
