"""Whether an object that was applied works, by what it says of itself: after kstatus, and what our own kinds say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.api.resource import API_VERSION
from kanaria.vocabulary.objects import Manifest

_MESSAGE_MAX = 256


@dataclass(frozen=True, slots=True)
class Unhealthy:
    """What is wrong with an object; `failed` where waiting does not help."""

    message: str
    failed: bool = False


def unhealthy(body: Manifest) -> Unhealthy | None:
    """What keeps the object from being called healthy; None where nothing does."""
    status = body.get("status") or {}
    if body["metadata"].get("deletionTimestamp"):
        return Unhealthy("it is being deleted")
    observed = status.get("observedGeneration")
    if observed is not None and observed != body["metadata"].get("generation", observed):
        return Unhealthy("its controller has not seen this generation yet")
    said = {str(each.get("type")): each for each in status.get("conditions") or ()}
    if _is_true(said, "Stalled"):
        return Unhealthy(_words(said["Stalled"]), failed=True)
    if body["apiVersion"] == API_VERSION:
        return _own(body, said)
    rule = _RULES.get((body["apiVersion"].rpartition("/")[0], body["kind"]))
    return rule(body, said) if rule else _generic(said)


_Said = Mapping[str, Mapping[str, Any]]
_Rule = Callable[[Manifest, _Said], Unhealthy | None]


def _generic(said: _Said) -> Unhealthy | None:
    """Any kind: an object that says nothing of itself is as it should be."""
    if _is_true(said, "Reconciling"):
        return Unhealthy(_words(said["Reconciling"]))
    ready = said.get("Ready")
    return Unhealthy(_words(ready)) if ready is not None and ready.get("status") != "True" else None


def _own(body: Manifest, said: _Said) -> Unhealthy | None:
    """A run that is under way, or a candidate that is tried beside a stable model, is nothing to wait for."""
    ready, status = said.get("Ready"), body.get("status") or {}
    if ready is None:
        return Unhealthy("its controller has not seen it yet")
    busy = body["kind"] == "MLPipeline" or (status.get("stable") and status.get("trial"))
    return None if busy and ready.get("status") == "Unknown" else _generic(said)


def _deployment(body: Manifest, said: _Said) -> Unhealthy | None:
    if said.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded":
        return Unhealthy(_words(said["Progressing"]), failed=True)
    wanted = _replicas(body)
    short = _unseen(body) or _short(body, wanted, "updatedReplicas", "readyReplicas", "availableReplicas")
    return short or _surplus(body, wanted)


def _stateful_set(body: Manifest, _: _Said) -> Unhealthy | None:
    strategy = body["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return None
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    return (
        _unseen(body)
        or _short(body, _replicas(body), "readyReplicas", "currentReplicas" if partition else "availableReplicas")
        or _short(body, max(_replicas(body) - partition, 0), "updatedReplicas")
        or _surplus(body, _replicas(body))
    )


def _daemon_set(body: Manifest, _: _Said) -> Unhealthy | None:
    wanted = int((body.get("status") or {}).get("desiredNumberScheduled") or 0)
    return _unseen(body) or _short(body, wanted, "updatedNumberScheduled", "numberAvailable")


def _replica_set(body: Manifest, said: _Said) -> Unhealthy | None:
    if _is_true(said, "ReplicaFailure"):
        return Unhealthy(_words(said["ReplicaFailure"]))
    return _unseen(body) or _short(body, _replicas(body), "readyReplicas", "availableReplicas")


def _job(body: Manifest, said: _Said) -> Unhealthy | None:
    if _is_true(said, "Failed"):
        return Unhealthy(_words(said["Failed"]), failed=True)
    if _is_true(said, "Complete") or body["spec"].get("suspend"):
        return None
    return Unhealthy("it is not complete yet")


def _pod(body: Manifest, said: _Said) -> Unhealthy | None:
    phase = (body.get("status") or {}).get("phase", "Pending")
    if phase == "Failed":
        return Unhealthy("it failed", failed=True)
    if phase == "Succeeded" or _is_true(said, "Ready"):
        return None
    return Unhealthy(f"it is {phase}, and not ready")


def _volume_claim(body: Manifest, _: _Said) -> Unhealthy | None:
    phase = (body.get("status") or {}).get("phase", "Pending")
    return None if phase == "Bound" else Unhealthy(f"it is {phase}, not Bound")


def _definition(_: Manifest, said: _Said) -> Unhealthy | None:
    accepted = said.get("NamesAccepted", {})
    if accepted.get("status") == "False":
        return Unhealthy(_words(accepted), failed=True)
    return None if _is_true(said, "Established") else Unhealthy("it is not established yet")


_RULES: Mapping[tuple[str, str], _Rule] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _volume_claim,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}


def _unseen(body: Manifest) -> Unhealthy | None:
    """Kinds that always say which generation they saw."""
    seen = (body.get("status") or {}).get("observedGeneration") is not None
    return None if seen else Unhealthy("its controller has not seen it yet")


def _replicas(body: Manifest) -> int:
    wanted = body["spec"].get("replicas")
    return 1 if wanted is None else int(wanted)


def _short(body: Manifest, wanted: int, *counts: str) -> Unhealthy | None:
    status = body.get("status") or {}
    for name in counts:
        if int(status.get(name) or 0) < wanted:
            return Unhealthy(f"{name} is {int(status.get(name) or 0)} of {wanted}")
    return None


def _surplus(body: Manifest, wanted: int) -> Unhealthy | None:
    there = int((body.get("status") or {}).get("replicas") or 0)
    return Unhealthy(f"{there} replicas are there, {wanted} are asked for") if there > wanted else None


def _is_true(said: _Said, type_: str) -> bool:
    return said.get(type_, {}).get("status") == "True"


def _words(condition: Mapping[str, Any]) -> str:
    parts = (str(condition.get(key) or "") for key in ("reason", "message"))
    return ": ".join(filter(None, parts))[:_MESSAGE_MAX] or f"{condition.get('type')} is {condition.get('status')}"
