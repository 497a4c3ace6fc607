"""What a Scale shows of an object, and what writing one means."""

from collections.abc import Mapping

from kanaria.local.apiserver.refusals import Object
from kanaria.local.apiserver.tables import look_up
from kanaria.local.apiserver.targets import Target

_SHARED = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(target: Target, body: Object) -> Object:
    """An object's Scale."""
    paths: Mapping[str, str] = target.resource.scale or {}
    found = look_up(paths.get("labelSelectorPath", ".nothing"), body)
    selector = found[0] if found else ""
    if isinstance(selector, dict):
        selector = ",".join(f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items()))
    status = {"replicas": _count(paths["statusReplicasPath"], body)} | ({"selector": selector} if selector else {})
    meta = {key: value for key, value in body["metadata"].items() if key in _SHARED}
    spec = {"replicas": _count(paths["specReplicasPath"], body)}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status}


def patch_of(target: Target, replicas: int) -> Object:
    """The merge patch that sets the replicas."""
    patch: object = replicas
    for field in reversed((target.resource.scale or {})["specReplicasPath"].strip(".").split(".")):
        patch = {field: patch}
    return patch if isinstance(patch, dict) else {}


def _count(path: str, body: Object) -> int:
    found = look_up(path, body)
    return int(found[0]) if found else 0
