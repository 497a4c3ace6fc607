"""What the built-in types fill in by themselves, and what of them may not change."""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kanaria.local.apiserver.metadata import is_text_map
from kanaria.local.apiserver.refusals import Object, cause
from kanaria.local.apiserver.resources import Resource
from kanaria.local.apiserver.store import to_json


def filled_in(resource: Resource, body: Object) -> Object:
    """The object with the defaults that controllers and clients rely on."""
    if resource.custom:
        return body
    filled = _with(_counted(body) if resource.kind == "Job" else body, _DEFAULTS.get(resource.kind, {}))
    fill = _FILL.get(resource.kind)
    return fill(filled) if fill else filled


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
    return [
        cause("FieldValueInvalid", path, f"Invalid value: {to_json(_at(new, path))}: field is immutable")
        for path in frozen
    ]


def missing(resource: Resource, body: Object) -> list[Object]:
    """What a built-in type cannot do without."""
    needed = (path for path in _NEEDED.get(resource.kind, ()) if not _at(body, path))
    found = [cause("FieldValueRequired", path, "Required value") for path in needed]
    found += _faults_of_containers(body, "spec." if resource.kind == "Pod" else "spec.template.spec.")
    restart = _at(body, "spec.template.spec.restartPolicy")
    if resource.kind == "Job" and restart not in {"OnFailure", "Never"}:
        where, known = "spec.template.spec.restartPolicy", '"OnFailure", "Never"'
        found.append(cause("FieldValueRequired", where, f"Required value: valid values: {known}"))
    if _at(body, "spec.completionMode") == "Indexed" and _at(body, "spec.completions") is None:
        found.append(cause("FieldValueRequired", "spec.completions", "Required value: when completion mode is Indexed"))
    about = _at(body, "involvedObject.namespace") or _at(body, "regarding.namespace")
    if resource.kind == "Event" and about not in {None, body["metadata"]["namespace"]}:
        message = f'Invalid value: "{about}": does not match event.namespace'
        found.append(cause("FieldValueInvalid", "involvedObject.namespace", message))
    wanted = _at(body, "spec.selector.matchLabels") or {}
    labels = _at(body, "spec.template.metadata.labels") or {}
    if resource.kind in {"Deployment", "ReplicaSet"} and not wanted.items() <= labels.items():
        message = f"Invalid value: {to_json(labels)}: `selector` does not match template `labels`"
        found.append(cause("FieldValueInvalid", "spec.template.metadata.labels", message))
    deadline, least = (_at(body, f"spec.{name}") for name in ("progressDeadlineSeconds", "minReadySeconds"))
    if resource.kind == "Deployment" and deadline is not None and deadline <= (least or 0):
        message = f"Invalid value: {deadline}: must be greater than minReadySeconds"
        found.append(cause("FieldValueInvalid", "spec.progressDeadlineSeconds", message))
    return found


def _faults_of_containers(body: Object, at: str) -> Iterator[Object]:
    seen = set()
    for index, container in enumerate(_at(body, f"{at}containers") or ()):
        where, name = f"{at}containers[{index}]", container.get("name")
        missing_parts = (part for part in ("name", "image") if not container.get(part))
        yield from (cause("FieldValueRequired", f"{where}.{part}", "Required value") for part in missing_parts)
        if name in seen:
            yield cause("FieldValueDuplicate", f"{where}.name", f'Duplicate value: "{name}"')
        seen.add(name)


def mistyped_in(resource: Resource, body: Object) -> str:
    """The first field of a ConfigMap or Secret that holds other things than text; empty when none does."""
    held = ("data", "stringData") if resource.kind in {"ConfigMap", "Secret"} else ()
    maps = ((name, body.get(name) or {}) for name in held)
    wrong = (name for name, given in maps if not is_text_map(given))
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
    "Job": ("spec.selector", "spec.template", "spec.completionMode", "spec.completions"),
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


# What is filled in: by field; "x[]" is each item of a list, "x?" a field only where it is said.
_PROBE: Object = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_PROBE |= {"httpGet?": {"path": "/", "scheme": "HTTP"}}
_CONTAINER: Object = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "ports[]": {"protocol": "TCP"},
    "env[]": {"valueFrom?": {"fieldRef?": {"apiVersion": "v1"}}},
    **{f"{probe}Probe?": _PROBE for probe in ("liveness", "readiness", "startup")},
}
_POD: Object = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
    "containers[]": _CONTAINER,
    "initContainers[]": _CONTAINER,
    "volumes[]": {f"{kind}?": {"defaultMode": 420} for kind in ("configMap", "secret", "projected", "downwardAPI")},
}
_OF_ADMISSION = {"enableServiceLinks": True, "serviceAccountName": "default", "serviceAccount": "default"}
_OF_ADMISSION |= {"priority": 0, "preemptionPolicy": "PreemptLowerPriority"}
_ROLLING = {"maxSurge": "25%", "maxUnavailable": "25%"}
_JOB = {"backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False, "parallelism": 1, "manualSelector": False}
_DEFAULTS: Mapping[str, Object] = {
    "Pod": {"spec": _POD | _OF_ADMISSION},
    "Job": {"spec": _JOB | {"podReplacementPolicy": "TerminatingOrFailed", "template": {"spec": _POD}}},
    "Deployment": {
        "spec": {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
        | {"strategy": {"type": "RollingUpdate"}, "template": {"spec": _POD}}
    },
    "ReplicaSet": {"spec": {"replicas": 1, "template": {"spec": _POD}}},
    "Service": {"spec": {"type": "ClusterIP", "sessionAffinity": "None", "ports[]": {"protocol": "TCP"}}},
    "Secret": {"type": "Opaque"},
    "Namespace": {"spec": {"finalizers": ["kubernetes"]}},
    "CustomResourceDefinition": {"spec": {"conversion": {"strategy": "None"}}},
    "PersistentVolumeClaim": {"spec": {"volumeMode": "Filesystem"}},
}


def _with(given: Any, defaults: Object) -> Object:
    """What was said, and the defaults of the rest."""
    filled: Object = {key: value for key, value in (given or {}).items() if value is not None}
    for key, default in defaults.items():
        name = key.rstrip("[]?")
        if key.endswith("[]"):
            filled |= {name: [_with(item, default) for item in filled[name]]} if name in filled else {}
        elif isinstance(default, dict) and (name in filled or not key.endswith("?")):
            filled[name] = _with(filled.get(name), default)
        elif not key.endswith("?"):
            filled.setdefault(name, default)
    return filled


def _containers(spec: Object) -> Object:
    """What depends on the image and the limits of a container."""
    for container in [*spec.get("containers", ()), *spec.get("initContainers", ())]:
        image = str(container.get("image", ""))
        floating = (":" not in image.rpartition("/")[2] or image.endswith(":latest")) and "@" not in image
        container.setdefault("imagePullPolicy", "Always" if floating else "IfNotPresent")
        limits = container["resources"].get("limits")
        if limits:
            container["resources"] |= {"requests": limits | container["resources"].get("requests", {})}
    return spec


def _pod(body: Object) -> Object:
    _containers(body["spec"])
    return body


def _templated(body: Object) -> Object:
    _containers(body["spec"]["template"]["spec"])
    return body


def _job(body: Object) -> Object:
    spec, meta = _templated(body)["spec"], body["metadata"]
    uid, name = meta.get("uid"), meta.get("name")
    if uid and not spec["manualSelector"] and not spec.get("selector"):
        labels = {"controller-uid": uid, "job-name": name}
        labels |= {f"batch.kubernetes.io/{key}": value for key, value in labels.items()}
        described = spec["template"].get("metadata") or {}
        described = described | {"labels": (described.get("labels") or {}) | labels}
        spec["template"] |= {"metadata": described}
        spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    labels = meta.get("labels") or spec["template"].get("metadata", {}).get("labels")
    return body | ({"metadata": meta | {"labels": labels}} if labels else {})


def _counted(body: Object) -> Object:
    """A Job that says neither how many nor how many at once runs one Pod."""
    spec = body.get("spec") or {}
    alone = not spec.get("completions") and spec.get("parallelism") is None
    return body | {"spec": spec | {"completions": 1}} if alone else body


def _deployment(body: Object) -> Object:
    strategy = _templated(body)["spec"]["strategy"]
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = _with(strategy.get("rollingUpdate"), _ROLLING)
    return body


def _service(body: Object) -> Object:
    for port in body["spec"].get("ports", ()):
        port.setdefault("targetPort", port.get("port"))
    return body


def _config_map(body: Object) -> Object:
    return {key: value for key, value in body.items() if value or key not in {"data", "binaryData"}}


def _secret(body: Object) -> Object:
    plain = body.pop("stringData", {})
    for value in (body.get("data") or {}).values():
        base64.b64decode(value, validate=True)
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    data = (body.get("data") or {}) | encoded
    return body | ({"data": data} if data else {})


def _namespace(body: Object) -> Object:
    name, meta = body["metadata"].get("name"), body["metadata"]
    labels = (meta.get("labels") or {}) | ({"kubernetes.io/metadata.name": name} if name else {})
    return body | {"metadata": meta | {"labels": labels}}


def _definition(body: Object) -> Object:
    kind = str((body["spec"].get("names") or {}).get("kind", ""))
    body["spec"]["names"] = _with(body["spec"].get("names"), {"singular": kind.lower(), "listKind": f"{kind}List"})
    return body


_FILL: Mapping[str, Callable[[Object], Object]] = {
    "Pod": _pod,
    "Job": _job,
    "Deployment": _deployment,
    "ReplicaSet": _templated,
    "Service": _service,
    "Secret": _secret,
    "ConfigMap": _config_map,
    "Namespace": _namespace,
    "CustomResourceDefinition": _definition,
}
