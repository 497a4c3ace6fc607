"""How the five kinds become CustomResourceDefinitions: structural schemas, CEL rules, printer columns."""

from collections.abc import Mapping
from typing import Any

from kanaria.api import KINDS
from kanaria.api.resource import GROUP, VERSION, Resource

_KEPT = {"type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "format", "minItems", "maxItems"}
_MAP = "additionalProperties"


def crds() -> dict[str, dict[str, Any]]:
    """The CustomResourceDefinition of each kind, by the name of its file."""
    return {f"{GROUP}_{kind.plural}.yaml": definition(kind) for kind in KINDS}


def definition(kind: type[Resource]) -> dict[str, Any]:
    """The CustomResourceDefinition of one kind."""
    name = kind.model_fields["kind"].default
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": name,
                "listKind": f"{name}List",
                "plural": kind.plural,
                "singular": name.lower(),
                "shortNames": [kind.short_name],
                "categories": ["kanaria"],
            },
            "versions": [_version(kind)],
        },
    }


def _version(kind: type[Resource]) -> dict[str, Any]:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema(kind)},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": header, "jsonPath": path, "type": type_} | ({"priority": priority} if priority else {})
            for header, path, type_, priority in kind.columns
        ],
    }


def schema(kind: type[Resource]) -> dict[str, Any]:
    """The structural schema: no references, no unions, metadata left to the API server."""
    model = kind.model_json_schema(by_alias=True)
    known = model.get("$defs", {})
    spec = _structural(model["properties"]["spec"], known)
    if kind.rules:
        spec["x-kubernetes-validations"] = [{"rule": rule, "message": message} for rule, message in kind.rules]
    return {
        "description": _sentence(kind.__doc__),
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": _structural(model["properties"]["status"], known, defaults=False),
        },
    }


def _structural(node: Mapping[str, Any], known: Mapping[str, Any], *, defaults: bool = True) -> dict[str, Any]:
    node = _resolved(node, known)
    made: dict[str, Any] = {key: value for key, value in node.items() if key in _KEPT}
    if node.get("description"):
        made["description"] = _sentence(node["description"])
    if "const" in node:
        made |= {"type": "string", "enum": [node["const"]]}
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if exclusive in node:
            made |= {limit: node[exclusive], exclusive: True}
    if defaults and node.get("default") not in (None, [], {}, ()):
        made["default"] = _without_nulls(node["default"])
    if node.get("type") == "array":
        made["items"] = _structural(node["items"], known, defaults=defaults)
        made |= _list_type(made["items"])
    if node.get("type") == "object":
        made |= _object(node, known, defaults=defaults)
    return made


def _without_nulls(default: Any) -> Any:
    """A default as the API server takes it: what is not set is left out of it, at every depth."""
    if not isinstance(default, dict):
        return default
    return {name: _without_nulls(value) for name, value in default.items() if value is not None}


def _object(node: Mapping[str, Any], known: Mapping[str, Any], *, defaults: bool) -> dict[str, Any]:
    if "properties" in node:
        properties = {name: _structural(child, known, defaults=defaults) for name, child in node["properties"].items()}
        required = [name for name in node.get("required", []) if "default" not in properties[name]]
        passed = {"x-kubernetes-preserve-unknown-fields": True} if node.get(_MAP) is True else {}
        return {"properties": properties} | ({"required": required} if required else {}) | passed | _one_of(node)
    if isinstance(node.get(_MAP), dict) and node[_MAP]:
        return {_MAP: _structural(node[_MAP], known, defaults=defaults)}
    return {"x-kubernetes-preserve-unknown-fields": True}


def _one_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """A CEL rule for each room of a union: exactly one member is set."""
    rules = [
        {
            "rule": f"[{', '.join(f'has(self.{key})' for key in keys)}].filter(x, x).size() == 1",
            "message": f"exactly one {room} is needed; known are: {', '.join(sorted(keys))}",
        }
        for room, keys in node.get("x-rooms", {}).items()
    ]
    return {"x-kubernetes-validations": rules} if rules else {}


def _resolved(node: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Follow a reference, and take the one alternative of an optional field; what stands beside it wins."""
    found = dict(node)
    while "$ref" in found or "anyOf" in found:
        if "anyOf" in found:
            inner = [part for part in found.pop("anyOf") if part.get("type") != "null"]
            found = {**inner[0], **found}
        if "$ref" in found:
            found = {**known[found.pop("$ref").rpartition("/")[2]], **found}
    return found


def _list_type(items: Mapping[str, Any]) -> dict[str, Any]:
    properties = items.get("properties", {})
    for key in ("type", "name") if "lastTransitionTime" in properties else ("name",):
        if key in properties and key in items.get("required", []):
            return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}
    return {"x-kubernetes-list-type": "atomic"}


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())
