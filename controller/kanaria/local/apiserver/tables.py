"""What `kubectl get` prints: objects as the rows of a Table."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kanaria.local.apiserver.refusals import Object
from kanaria.local.apiserver.resources import Column, Resource

_STEP = re.compile(
    r"\.((?:\\.|[^.\[\]\\])+)|\[\?\(@\.([\w.]+)\s*==\s*[\"']([^\"']*)[\"']\)\]|\[(\d+|\*|'[^']*'|\"[^\"]*\")\]"
)
Cell = Callable[[Object], Any]


def table(resource: Resource, bodies: Sequence[Object], include: str, now: datetime, *, headed: bool = True) -> Object:
    """Objects as a Table, without its list metadata."""
    columns = _columns(resource)
    heads = [
        {"name": each.name, "type": each.type, "format": "name" if each.name == "Name" else ""}
        | {"priority": each.priority, "description": each.description or each.name}
        for each in columns
    ]
    rows = [{"cells": _cells(columns, body, now)} | _object(body, include) for body in bodies]
    meta = {"resourceVersion": bodies[-1]["metadata"]["resourceVersion"]} if bodies else {}
    head = heads if headed else []
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": head, "rows": rows}


def metadata_only(body: Object) -> Object:
    """An object's PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


def _object(body: Object, include: str) -> Object:
    if include == "None":
        return {}
    return {"object": body if include == "Object" else metadata_only(body)}


def _columns(resource: Resource) -> tuple[Column, ...]:
    name, age = Column("Name", ".metadata.name"), Column("Age", ".metadata.creationTimestamp", "date")
    if resource.custom:
        return (name, *(resource.columns or (age,)))
    middle = tuple(Column(title, path) for title, path in _BUILT_IN.get(resource.kind, {}).items() if title[0] != "+")
    wide = tuple(
        Column(title[1:], path, priority=1)
        for title, path in _BUILT_IN.get(resource.kind, {}).items()
        if title[0] == "+"
    )
    if resource.kind == "Event":
        return middle
    if resource.kind == "CustomResourceDefinition":
        return (name, Column("Created At", ".metadata.creationTimestamp"))
    return (name, *middle, age, *wide)


def _cells(columns: Sequence[Column], body: Object, now: datetime) -> list[Any]:
    return [_cell(column, body, now) for column in columns]


def _cell(column: Column, body: Object, now: datetime) -> Any:
    if not column.json_path.startswith("."):
        return _COMPUTED[column.json_path](body)
    found = look_up(column.json_path, body)
    value = found[0] if len(found) == 1 else found or None
    if column.type == "date" and isinstance(value, str):
        return _age(value, now)
    if column.type in {"integer", "number", "boolean"} or value is None:
        return value
    if isinstance(value, list | dict):
        return ",".join(map(_plain, value)) if len(found) > 1 else _plain(value)
    return _plain(value)


def _plain(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def look_up(path: str, body: Any) -> list[Any]:
    """What a JSONPath of printer columns finds."""
    found = [body]
    for field, where, wanted, index in _STEP.findall(path):
        found = [each for value in found for each in _step(value, field.replace("\\", ""), where, wanted, index)]
    return found


def _step(value: Any, field: str, where: str, wanted: str, index: str) -> list[Any]:
    if where:
        return [item for item in value if look_up(f".{where}", item) == [wanted]] if isinstance(value, list) else []
    if index == "*":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if index.isdigit():
        return value[int(index) : int(index) + 1] if isinstance(value, list) else []
    key = field or index[1:-1]
    return [value[key]] if isinstance(value, dict) and value.get(key) is not None else []


def _age(moment: str, now: datetime) -> str:
    try:
        then = datetime.fromisoformat(moment)
    except ValueError:
        return "<invalid>"
    return human((now - then).total_seconds())


def human(seconds: float) -> str:
    """A duration as kubectl writes it: two units at most, fewer the longer it is."""
    s = max(int(seconds), 0)
    m, h, d = s // 60, s // 3600, s // 86400
    for below, whole, unit, part, small in (
        (120, s, "s", 0, ""),
        (600, m, "m", s % 60, "s"),
        (10_800, m, "m", 0, ""),
        (28_800, h, "h", m % 60, "m"),
        (172_800, h, "h", 0, ""),
        (691_200, d, "d", h % 24, "h"),
        (63_072_000, d, "d", 0, ""),
        (252_288_000, d // 365, "y", d % 365, "d"),
    ):
        if s < below:
            return f"{whole}{unit}" + (f"{part}{small}" if part else "")
    return f"{d // 365}y"


def _pod_ready(body: Object) -> str:
    statuses = body.get("status", {}).get("containerStatuses") or ()
    containers = body.get("spec", {}).get("containers") or ()
    return f"{sum(bool(each.get('ready')) for each in statuses)}/{len(containers)}"


def _pod_status(body: Object) -> str:
    status = body.get("status", {})
    shown = status.get("reason") or status.get("phase", "Unknown")
    for each in status.get("containerStatuses") or ():
        state = each.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        shown = waiting.get("reason") or ended.get("reason") or shown
    return "Terminating" if "deletionTimestamp" in body["metadata"] else str(shown)


def _pod_restarts(body: Object) -> int:
    return sum(each.get("restartCount", 0) for each in body.get("status", {}).get("containerStatuses") or ())


def _true_condition(body: Object, kind: str) -> bool:
    conditions = body.get("status", {}).get("conditions") or ()
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _job_status(body: Object) -> str:
    states = (
        ("Complete", "Complete"),
        ("Failed", "Failed"),
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
    )
    found = (shown for kind, shown in states if _true_condition(body, kind))
    return next(found, "Terminating" if "deletionTimestamp" in body["metadata"] else "Running")


def _job_completions(body: Object) -> str:
    return f"{body.get('status', {}).get('succeeded', 0)}/{body['spec'].get('completions') or 1}"


def _job_duration(body: Object) -> str:
    status = body.get("status", {})
    start, end = status.get("startTime"), status.get("completionTime")
    return human((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()) if start and end else ""


def _ready_replicas(body: Object) -> str:
    return f"{body.get('status', {}).get('readyReplicas', 0)}/{body['spec'].get('replicas', 1)}"


def _ports(body: Object) -> str:
    ports = body.get("spec", {}).get("ports") or ()
    return ",".join(f"{port.get('port')}/{port.get('protocol', 'TCP')}" for port in ports) or "<none>"


def _images(body: Object) -> str:
    spec = body.get("spec", {})
    spec = spec.get("template", {}).get("spec", spec)
    return ",".join(str(each.get("image", "")) for each in spec.get("containers") or ())


def _about(body: Object) -> str:
    about = body.get("involvedObject") or body.get("regarding") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


_COMPUTED: Mapping[str, Cell] = {
    "pod ready": _pod_ready,
    "pod status": _pod_status,
    "pod restarts": _pod_restarts,
    "job status": _job_status,
    "job completions": _job_completions,
    "job duration": _job_duration,
    "replicas": _ready_replicas,
    "ports": _ports,
    "images": _images,
    "about": _about,
    "message": lambda body: str(body.get("message") or body.get("note") or "").strip(),
    "node": lambda body: "Ready" if _true_condition(body, "Ready") else "NotReady",
    "roles": lambda _: "<none>",
    "data": lambda body: len(body.get("data") or {}) + len(body.get("binaryData") or {}),
    "updated": lambda body: body.get("status", {}).get("updatedReplicas", 0),
    "available": lambda body: body.get("status", {}).get("availableReplicas", 0),
    "external": lambda _: "<none>",
}
# A leading + marks a column of `-o wide`.
_BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "Pod": {
        "Ready": "pod ready",
        "Status": "pod status",
        "Restarts": "pod restarts",
        "+IP": ".status.podIP",
        "+Node": ".spec.nodeName",
    },
    "Job": {"Status": "job status", "Completions": "job completions", "Duration": "job duration", "+Images": "images"},
    "Deployment": {"Ready": "replicas", "Up-to-date": "updated", "Available": "available", "+Images": "images"},
    "ReplicaSet": {"Desired": ".spec.replicas", "Current": ".status.replicas", "Ready": ".status.readyReplicas"},
    "Event": {
        "Last Seen": ".lastTimestamp",
        "Type": ".type",
        "Reason": ".reason",
        "Object": "about",
        "Message": "message",
    },
    "Node": {"Status": "node", "Roles": "roles", "Version": ".status.nodeInfo.kubeletVersion"},
    "Service": {"Type": ".spec.type", "Cluster-IP": ".spec.clusterIP", "External-IP": "external", "Port(s)": "ports"},
    "Namespace": {"Status": ".status.phase"},
    "Secret": {"Type": ".type", "Data": "data"},
    "ConfigMap": {"Data": "data"},
    "ServiceAccount": {},
    "PersistentVolumeClaim": {"Status": ".status.phase"},
    "Lease": {"Holder": ".spec.holderIdentity"},
    "RoleBinding": {"Role": ".roleRef.name"},
    "ClusterRoleBinding": {"Role": ".roleRef.name"},
}
