"""Which objects a label or field selector means."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from kanaria.local.apiserver.refusals import Object, RefusedError
from kanaria.local.apiserver.resources import Resource

Matcher = Callable[[Object], bool]
_SET = re.compile(r"^\s*(\S+)\s+(in|notin)\s*\(([^)]*)\)\s*$")
_EQUAL = re.compile(r"^\s*([^=!\s]+)\s*(!=|==|=)\s*([^=!\s]*)\s*$")
_PRESENT = re.compile(r"^\s*(!?)\s*([^=!\s,()]+)\s*$")
_COMMA = re.compile(r",(?![^(]*\))")


# The fields that a built-in type can be selected by.
_ABOUT = "{0}.kind {0}.namespace {0}.name {0}.uid {0}.apiVersion {0}.resourceVersion {0}.fieldPath"
_FIELDS: Mapping[str, str] = {
    "Pod": "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName spec.hostNetwork status.phase"
    " status.podIP status.nominatedNodeName",
    "Event": f"{_ABOUT.format('involvedObject')} {_ABOUT.format('regarding')} reason reportingComponent"
    " reportingController source type",
    "Secret": "type",
    "Namespace": "name status.phase",
    "Node": "spec.unschedulable",
    "Job": "status.successful",
    "ReplicaSet": "status.replicas",
}


def matcher(resource: Resource, labels: str, fields: str) -> Matcher | None:
    """Whether an object is meant; nothing when all are."""
    asked = [_label(term) for term in _COMMA.split(labels) if term.strip()]
    asked += [_field(resource, term) for term in fields.split(",") if term.strip()]
    return (lambda body: all(holds(body) for holds in asked)) if asked else None


def _label(term: str) -> Matcher:
    if found := _SET.match(term):
        name, how, listed = found.groups()
        wanted = {value.strip() for value in listed.split(",")}
        return lambda body: (_labels(body).get(name) in wanted) is (how == "in")
    if found := _EQUAL.match(term):
        name, how, value = found.groups()
        return lambda body: (_labels(body).get(name) == value) is (how != "!=")
    if found := _PRESENT.match(term):
        absent, name = found.groups()
        return lambda body: (name in _labels(body)) is (not absent)
    message = f'unable to parse requirement: found "{term}", expected key, key=value or key in (a, b)'
    raise RefusedError.bad_request(message)


def _labels(body: Object) -> Object:
    return body["metadata"].get("labels") or {}


def _field(resource: Resource, term: str) -> Matcher:
    found = _EQUAL.match(term)
    if found is None:
        raise RefusedError.bad_request(f'invalid field selector: "{term}"; expected field=value')
    path, equal, wanted = found[1].split("."), found[2] != "!=", found[3]
    if found[1] not in {"metadata.name", "metadata.namespace", *_FIELDS.get(resource.kind, "").split()}:
        raise RefusedError.bad_request(f"field label not supported: {found[1]}")
    return lambda body: (_text(body, path) == wanted) is equal


def _text(body: Object, path: list[str]) -> str:
    value: Any = body
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return {None: "", True: "true", False: "false"}.get(value, str(value)) if not isinstance(value, dict | list) else ""
