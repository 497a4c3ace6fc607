"""What a Pod's status tells its controller, and how a controller makes and counts Pods."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kanaria.local.api_client import Thing
from kanaria.local.clock import read


@dataclass(frozen=True, slots=True)
class Actions:
    """What a controller does next: Pods to create and to delete (by name), a status patch, and when to look again."""

    create: tuple[Thing, ...] = ()
    delete: tuple[str, ...] = ()
    status: Thing | None = None
    remove: bool = False
    again: float | None = None


def pod_of(owner: Thing, template: Thing, *, prefix: str, labels: dict[str, str]) -> Thing:
    """A Pod after a template, owned by its controller; the API server completes its name."""
    meta = copy.deepcopy(template.get("metadata") or {})
    owned_by = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    meta |= {
        "namespace": owner["metadata"]["namespace"],
        "generateName": prefix,
        "labels": {**(meta.get("labels") or {}), **labels},
        "ownerReferences": [owned_by],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": copy.deepcopy(template["spec"])}


def phase(pod: Thing) -> str:
    """Pending, Running, Succeeded, Failed or Unknown."""
    found: str = pod.get("status", {}).get("phase", "Pending")
    return found


def is_over(pod: Thing) -> bool:
    """Whether none of its containers will ever run again."""
    return phase(pod) in {"Succeeded", "Failed"}


def is_leaving(pod: Thing) -> bool:
    """Whether it is being deleted."""
    return "deletionTimestamp" in pod["metadata"]


def condition(thing: Thing, kind: str) -> Thing | None:
    """The condition of that type, if there is one."""
    found: list[Thing] = thing.get("status", {}).get("conditions") or []
    return next((each for each in found if each["type"] == kind), None)


def holds(thing: Thing, kind: str) -> bool:
    """Whether the condition of that type is True."""
    found = condition(thing, kind)
    return found is not None and found["status"] == "True"


def ready_since(pod: Thing) -> datetime | None:
    """When the Pod became ready, if it is."""
    found = condition(pod, "Ready")
    if found is None or found["status"] != "True" or is_leaving(pod):
        return None
    return read(found.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"])


def ended_at(pod: Thing) -> datetime:
    """When the last of its containers ended; when it was made, if none ever ran."""
    statuses = pod.get("status", {}).get("containerStatuses") or []
    ends = [status.get("state", {}).get("terminated", {}).get("finishedAt") for status in statuses]
    times = [read(end) for end in ends if end]
    return max(times) if times else read(pod["metadata"]["creationTimestamp"])


def restarts(pod: Thing) -> int:
    """How often its containers were started again."""
    status = pod.get("status", {})
    counted = (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])
    return sum(int(each.get("restartCount", 0)) for each in counted)


def status_patch(thing: Thing, status: dict[str, Any]) -> Thing | None:
    """The merge patch that makes the thing's status say exactly this; None if it does. A None value means absent."""
    old = thing.get("status") or {}
    new = {name: value for name, value in status.items() if value is not None}
    if old == new:
        return None
    return new | {name: None for name in old if name not in new}
