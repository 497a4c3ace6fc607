"""What the built-in types fill in by themselves, and what of them may not change."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from kanaria.local.apiserver.refusals import Object, cause
from kanaria.local.apiserver.resources import Resource


def filled_in(resource: Resource, body: Object) -> Object:
    """The object with the defaults that controllers and clients rely on."""
    fill = _FILL.get(resource.kind)
    return body if fill is None or resource.custom else fill(body)


def with_first_status(resource: Resource, body: Object) -> Object:
    """A new object with the status its type begins with: whatever was sent is not believed, except of nodes."""
    if not resource.has_status or resource.kind in {"Node", "CustomResourceDefinition"}:
        return body
    rest = {key: value for key, value in body.items() if key != "status"}
    first = {} if resource.custom else _FIRST_STATUS.get(resource.kind, {"status": {}})
    return rest | first


def changed_what_is_fixed(resource: Resource, old: Object, new: Object) -> list[Object]:
    """The fields of a built-in type that were changed though they may not."""
    if resource.custom:
        return []
    frozen = [path for path in _FIXED.get(resource.kind, ()) if _at(old, path) != _at(new, path)]
    if old.get("immutable") and any(old.get(part) != new.get(part) for part in ("data", "binaryData")):
        frozen.append("data")
    return [cause("FieldValueInvalid", path, "Invalid value: field is immutable") for path in frozen]


def missing(resource: Resource, body: Object) -> list[Object]:
    """What a built-in type cannot do without."""
    found = [
        cause("FieldValueRequired", path, "Required value")
        for path in _NEEDED.get(resource.kind, ())
        if not _at(body, path)
    ]
    restart = _at(body, "spec.template.spec.restartPolicy")
    if resource.kind == "Job" and restart not in {"OnFailure", "Never"}:
        where, known = "spec.template.spec.restartPolicy", '"OnFailure", "Never"'
        found.append(cause("FieldValueRequired", where, f"Required value: valid values: {known}"))
    wanted = _at(body, "spec.selector.matchLabels") or {}
    labels = _at(body, "spec.template.metadata.labels") or {}
    if resource.kind in {"Deployment", "ReplicaSet"} and not wanted.items() <= labels.items():
        message = "Invalid value: `selector` does not match template `labels`"
        found.append(cause("FieldValueInvalid", "spec.template.metadata.labels", message))
    return found


def mistyped_in(resource: Resource, body: Object) -> str:
    """The first field of a ConfigMap or Secret that holds other things than text; empty when none does."""
    held = ("data", "stringData") if resource.kind in {"ConfigMap", "Secret"} else ()
    maps = ((name, body.get(name) or {}) for name in held)
    wrong = (name for name, given in maps if not all(isinstance(value, str) for value in given.values()))
    return next(wrong, "")


def unknown_at_top(resource: Resource, body: Object) -> list[str]:
    """The fields a built-in type does not have beside the usual ones; below them this server knows no types."""
    own = _OWN_FIELDS.get(resource.kind, "spec status").split()
    return [name for name in body if name not in {"apiVersion", "kind", "metadata", *own}]


_OWN_FIELDS: Mapping[str, str] = {
    "ConfigMap": "data binaryData immutable",
    "Secret": "data stringData type immutable",
    "ServiceAccount": "secrets imagePullSecrets automountServiceAccountToken",
    "Endpoints": "subsets",
    "Event": "involvedObject reason message source firstTimestamp lastTimestamp count type eventTime series action"
    " related reportingComponent reportingInstance regarding note deprecatedSource deprecatedFirstTimestamp"
    " deprecatedLastTimestamp deprecatedCount reportingController",
    "Role": "rules",
    "ClusterRole": "rules aggregationRule",
    "RoleBinding": "subjects roleRef",
    "ClusterRoleBinding": "subjects roleRef",
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec.containers",),
    "Job": ("spec.template.spec.containers",),
    "Deployment": ("spec.selector", "spec.template.spec.containers"),
    "ReplicaSet": ("spec.selector", "spec.template.spec.containers"),
}
_FIRST_STATUS: Mapping[str, Object] = {
    "Pod": {"status": {"phase": "Pending", "qosClass": "BestEffort"}},
    "Namespace": {"status": {"phase": "Active"}},
    "PersistentVolumeClaim": {"status": {"phase": "Pending"}},
    "Service": {"status": {"loadBalancer": {}}},
}
_FIXED: Mapping[str, tuple[str, ...]] = {
    "Job": ("spec.selector", "spec.template", "spec.completionMode"),
    "Deployment": ("spec.selector",),
    "ReplicaSet": ("spec.selector",),
    "Secret": ("type",),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
}


def _at(body: Object, path: str) -> Any:
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _with(given: Any, **defaults: Any) -> Object:
    given = given if isinstance(given, dict) else {}
    return {**{key: value for key, value in defaults.items() if given.get(key) is None}, **_said(given)}


def _said(given: Object) -> Object:
    return {key: value for key, value in given.items() if value is not None}


def _container(container: Object) -> Object:
    image = str(container.get("image", ""))
    floating = ":" not in image.rpartition("/")[2] or image.endswith(":latest")
    filled = _with(
        container,
        imagePullPolicy="Always" if floating and "@" not in image else "IfNotPresent",
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    if filled.get("ports"):
        filled["ports"] = [_with(port, protocol="TCP") for port in filled["ports"]]
    return filled


def _pod_spec(spec: Any) -> Object:
    filled = _with(
        spec,
        restartPolicy="Always",
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
        securityContext={},
        terminationGracePeriodSeconds=30,
    )
    for containers in ("containers", "initContainers"):
        if containers in filled:
            filled[containers] = [_container(each) for each in filled[containers]]
    return filled


def _pod(body: Object) -> Object:
    spec = _with(_pod_spec(body.get("spec")), enableServiceLinks=True)
    return body | {"spec": spec}


def _template(spec: Object) -> Object:
    template = spec.get("template") or {}
    return spec | {"template": template | {"spec": _pod_spec(template.get("spec"))}}


def _job(body: Object) -> Object:
    given = body.get("spec") or {}
    counts = {"parallelism": 1} if given.get("completions") or given.get("parallelism") else {}
    counts = counts or {"parallelism": 1, "completions": 1}
    spec = _with(given, backoffLimit=6, completionMode="NonIndexed", suspend=False, **counts)
    spec = _template(_with(spec, podReplacementPolicy="TerminatingOrFailed"))
    uid, name = body["metadata"].get("uid"), body["metadata"].get("name")
    if uid and not spec.get("manualSelector") and not spec.get("selector"):
        labels = {"controller-uid": uid, "job-name": name}
        labels |= {f"batch.kubernetes.io/{key}": value for key, value in labels.items()}
        meta = spec["template"].get("metadata") or {}
        meta = meta | {"labels": (meta.get("labels") or {}) | labels}
        spec["template"] = spec["template"] | {"metadata": meta}
        spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    labels = body["metadata"].get("labels") or spec["template"].get("metadata", {}).get("labels")
    return body | {"spec": spec} | ({"metadata": body["metadata"] | {"labels": labels}} if labels else {})


def _deployment(body: Object) -> Object:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    spec = _with(body.get("spec"), replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec.get("strategy") or {}
    spec["strategy"] = strategy if strategy.get("type") == "Recreate" else {**rolling, **strategy}
    return body | {"spec": _template(spec)}


def _replica_set(body: Object) -> Object:
    return body | {"spec": _template(_with(body.get("spec"), replicas=1))}


def _service(body: Object) -> Object:
    spec = _with(body.get("spec"), type="ClusterIP", sessionAffinity="None")
    ports = spec.get("ports") or ()
    if ports:
        spec["ports"] = [_with(port, protocol="TCP", targetPort=port.get("port")) for port in ports]
    return body | {"spec": spec}


def _config_map(body: Object) -> Object:
    return {key: value for key, value in body.items() if value or key not in {"data", "binaryData"}}


def _secret(body: Object) -> Object:
    plain = body.get("stringData") or {}
    encoded = {key: base64.b64encode(str(value).encode()).decode() for key, value in plain.items()}
    rest = {key: value for key, value in body.items() if key != "stringData"}
    data = (rest.get("data") or {}) | encoded
    return _with(rest, type="Opaque") | ({"data": data} if data else {})


def _namespace(body: Object) -> Object:
    name = body["metadata"].get("name")
    labels = (body["metadata"].get("labels") or {}) | ({"kubernetes.io/metadata.name": name} if name else {})
    spec = _with(body.get("spec"), finalizers=["kubernetes"])
    return body | {"metadata": body["metadata"] | {"labels": labels}, "spec": spec}


def _definition(body: Object) -> Object:
    spec = body.get("spec") or {}
    names = spec.get("names") or {}
    kind = str(names.get("kind", ""))
    names = _with(names, singular=kind.lower(), listKind=f"{kind}List")
    return body | {"spec": _with(spec, conversion={"strategy": "None"}) | {"names": names}}


def _claim(body: Object) -> Object:
    return body | {"spec": _with(body.get("spec"), volumeMode="Filesystem")}


_FILL: Mapping[str, Callable[[Object], Object]] = {
    "Pod": _pod,
    "Job": _job,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "Service": _service,
    "Secret": _secret,
    "ConfigMap": _config_map,
    "Namespace": _namespace,
    "CustomResourceDefinition": _definition,
    "PersistentVolumeClaim": _claim,
}
