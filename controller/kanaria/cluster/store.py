"""The objects of one kind that a reflector has heard of, found by name, namespace and label."""

import itertools
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kanaria.vocabulary import ObjectName
from kanaria.vocabulary.objects import Manifest

CHANGES_KEPT = 4096
Mark = tuple[int, int]
"""A moment in the life of a store: which store, and how many changes it had seen."""
_STORES = itertools.count()
_WRITER = {"manager", "operation", "subresource", "time"}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an object: `old` is None for a new one, `new` for one that is gone."""

    old: Manifest | None
    new: Manifest | None

    @property
    def newest(self) -> Manifest:
        """The object as it is, or as it was last."""
        return self.new or self.old or {}


class Store:
    """Objects by namespace, with an index of the values of one label."""

    def __init__(self, indexed: str | None = None) -> None:
        self.indexed = indexed
        self._objects: dict[str, dict[str, Manifest]] = {}
        self._by_label: dict[str, set[ObjectName]] = {}
        self._number = next(_STORES)
        self._changes = 0
        self._changed: deque[ObjectName] = deque(maxlen=CHANGES_KEPT)

    def get(self, name: ObjectName) -> Manifest | None:
        """The object of this name."""
        return self._objects.get(name.namespace, {}).get(name.name)

    def select(self, namespace: str | None, labels: Mapping[str, str]) -> Iterable[Manifest]:
        """The objects of a namespace (of all for None) that bear the labels."""
        return [manifest for manifest in self._nearby(namespace, labels) if _matches(manifest, namespace, labels)]

    def _nearby(self, namespace: str | None, labels: Mapping[str, str]) -> Iterable[Manifest]:
        """The fewest objects that are sure to hold those that are selected."""
        if self.indexed is not None and self.indexed in labels:
            names = self._by_label.get(labels[self.indexed], ())
            return [self._objects[name.namespace][name.name] for name in names]
        if namespace is not None:
            return self._objects.get(namespace, {}).values()
        return [manifest for known in self._objects.values() for manifest in known.values()]

    @property
    def mark(self) -> Mark:
        """Now, for `since`."""
        return self._number, self._changes

    def since(self, mark: Mark) -> frozenset[ObjectName] | None:
        """The names of what changed since then; None where that is not known any more."""
        number, changes = mark
        missed = self._changes - changes
        if number != self._number or missed > len(self._changed):
            return None
        return frozenset(itertools.islice(reversed(self._changed), missed))

    def put(self, manifest: Manifest) -> Change:
        """Keep the object; what changed by that."""
        name = name_of(manifest)
        old = self.get(name)
        self._forget_label(name, old)
        self._objects.setdefault(name.namespace, {})[name.name] = manifest
        if (value := self._label_of(manifest)) is not None:
            self._by_label.setdefault(value, set()).add(name)
        self._note(name)
        return Change(old, manifest)

    def remove(self, name: ObjectName) -> Change:
        """Forget the object; what changed by that."""
        old = self._objects.get(name.namespace, {}).pop(name.name, None)
        self._forget_label(name, old)
        if not self._objects.get(name.namespace):
            self._objects.pop(name.namespace, None)
        self._note(name)
        return Change(old, None)

    def names(self) -> set[ObjectName]:
        """The names of all objects."""
        return {ObjectName(namespace, name) for namespace, known in self._objects.items() for name in known}

    def _note(self, name: ObjectName) -> None:
        self._changes += 1
        self._changed.append(name)

    def _label_of(self, manifest: Manifest) -> str | None:
        return None if self.indexed is None else (manifest["metadata"].get("labels") or {}).get(self.indexed)

    def _forget_label(self, name: ObjectName, manifest: Manifest | None) -> None:
        value = None if manifest is None else self._label_of(manifest)
        if value is not None and (known := self._by_label.get(value)):
            known.discard(name)
            if not known:
                del self._by_label[value]


def name_of(manifest: Manifest) -> ObjectName:
    """Namespace and name of a live object."""
    return ObjectName(manifest["metadata"].get("namespace") or "", manifest["metadata"]["name"])


def version_of(manifest: Manifest) -> int:
    """The object's resourceVersion; Kubernetes lets them be compared as numbers."""
    return int(manifest["metadata"].get("resourceVersion") or 0)


def slim(manifest: Manifest) -> Manifest:
    """The object with who wrote it and when, without which fields: that is often half of an object."""
    metadata = manifest["metadata"]
    if "managedFields" not in metadata:
        return manifest
    writers = [{key: value for key, value in entry.items() if key in _WRITER} for entry in metadata["managedFields"]]
    return {**manifest, "metadata": {**metadata, "managedFields": writers}}


def _matches(manifest: Manifest, namespace: str | None, labels: Mapping[str, str]) -> bool:
    metadata = manifest["metadata"]
    return (
        namespace in {None, metadata.get("namespace") or ""}
        and labels.items() <= (metadata.get("labels") or {}).items()
    )
