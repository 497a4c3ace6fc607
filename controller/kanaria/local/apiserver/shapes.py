"""How the parts of an object merge: which lists are maps or sets, which values are one piece."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kanaria.local.apiserver.resources import Resource

Path = tuple[str, ...]  # of "f:<field>", "k:<keys as JSON>" and "v:<value as JSON>", as in managedFields

# What the built-in types say in their Go tags; a field is known by its name and, where needed, its parent's.
_LIST_KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("port", "protocol"),
    "containers[].ports": ("containerPort", "protocol"),
    "initContainers[].ports": ("containerPort", "protocol"),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "addresses": ("type",),
    "resourceClaims": ("name",),
}
_SETS = frozenset({"finalizers"})
_PIECES = frozenset(
    {
        "selector",
        "nodeSelector",
        "fieldRef",
        "secretKeyRef",
        "configMapKeyRef",
        "resourceFieldRef",
        "involvedObject",
        "regarding",
        "ownerReferences[]",
        "imagePullSecrets[]",
        "roleRef",
        "labelSelector",
    }
)
_MAPS = frozenset(
    {"labels", "annotations", "data", "stringData", "binaryData", "limits", "requests", "capacity", "allocatable"}
)
# Held by value in the Go types: always there, so nobody becomes their owner by setting them.
_ALWAYS_THERE = frozenset({"metadata", "spec", "status", "template", "strategy", "resources", "containers"})


@dataclass(frozen=True, slots=True)
class Shape:
    """How one place of an object merges."""

    name: str = ""
    parent: str = ""
    schema: Mapping[str, Any] | None = None  # of custom resources; built-in types go by names

    def child(self, name: str) -> "Shape":
        """The shape of a field."""
        if self.schema is None:
            return Shape(name, self.name)
        if not self.parent and name == "metadata":
            return Shape(name, "")
        schema = self.schema.get("properties", {}).get(name)
        if schema is None:
            extra = self.schema.get("additionalProperties")
            schema = extra if isinstance(extra, dict) else {}
        return Shape(name, self.name or ".", schema)

    def item(self) -> "Shape":
        """The shape of a list's items."""
        items = None if self.schema is None else self.schema.get("items") or {}
        return Shape(f"{self.name}[]", self.name, items)

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that tell a list's items apart; none where it is no map."""
        if self.schema is not None:
            is_map = self.schema.get("x-kubernetes-list-type") == "map"
            return tuple(self.schema.get("x-kubernetes-list-map-keys") or ()) if is_map else ()
        return _LIST_KEYS.get(f"{self.parent}.{self.name}") or _LIST_KEYS.get(self.name, ())

    @property
    def is_set(self) -> bool:
        """Whether a list is a set of plain values."""
        if self.schema is not None:
            return self.schema.get("x-kubernetes-list-type") == "set"
        return self.name in _SETS

    @property
    def is_piece(self) -> bool:
        """Whether a map is owned and replaced as one."""
        if self.schema is not None:
            return self.schema.get("x-kubernetes-map-type") == "atomic"
        return self.name in _PIECES or f"{self.parent}.{self.name}" in _PIECES

    @property
    def always_there(self) -> bool:
        """Whether the container exists in every object of the type."""
        return self.schema is None and self.name in _ALWAYS_THERE

    def declares(self, name: str) -> bool:
        """Whether a field belongs to the type, rather than being a key of a map."""
        if self.schema is not None:
            return name in self.schema.get("properties", {})
        return self.name not in _MAPS

    def holds_items(self, value: object) -> bool:
        """Whether a value is a list whose items merge one by one."""
        return isinstance(value, list) and (self.is_set or self._all_keyed(value))

    def _all_keyed(self, value: Sequence[Any]) -> bool:
        keys = self.keys
        return bool(keys) and all(isinstance(item, dict) and keys[0] in item for item in value)

    def element(self, item: Any) -> str:
        """The path element of a list's item."""
        if self.is_set:
            return "v:" + json.dumps(item, separators=(",", ":"))
        found = {key: item.get(key, self._key_default(key)) for key in self.keys}
        named = {key: value for key, value in sorted(found.items()) if value is not None}
        return "k:" + json.dumps(named, separators=(",", ":"))

    def _key_default(self, key: str) -> Any:
        if self.schema is None:
            return "TCP" if key == "protocol" else None
        items = self.schema.get("items") or {}
        return items.get("properties", {}).get(key, {}).get("default")


def shape_of(resource: Resource) -> Shape:
    """The shape of a resource's objects."""
    return Shape("", "", resource.schema) if resource.custom else Shape()


def children(value: Any, shape: Shape) -> dict[str, tuple[Any, Shape]] | None:
    """The parts of a value that merge one by one, by path element; nothing when it is one piece."""
    if isinstance(value, dict) and not shape.is_piece:
        return {f"f:{name}": (part, shape.child(name)) for name, part in value.items()}
    if shape.holds_items(value):
        return {shape.element(item): (item, shape.item()) for item in value}
    return None
