"""What the model of an API server keeps: objects with versions, what each writer last applied, and what happened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kanaria.vocabulary import ObjectRef

Thing = dict[str, Any]
Kind = tuple[str, str]
Listener = Callable[["Happened"], None]
_OWN = {"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"}


@dataclass(frozen=True, slots=True)
class Happened:
    """A change that the server made: `old` is None for a new object, `new` for one that is gone."""

    ref: ObjectRef
    old: Thing | None
    new: Thing | None
    version: int

    @property
    def kind(self) -> Kind:
        return self.ref.api_version, self.ref.kind


@dataclass
class Store:
    """Objects are never changed, only replaced: whoever holds one may keep it."""

    objects: dict[Kind, dict[tuple[str, str], Thing]] = field(default_factory=dict)
    log: dict[Kind, list[Happened]] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    version: int = 1
    now: Callable[[], str] = lambda: ""
    _applied: dict[tuple[ObjectRef, str], Thing] = field(default_factory=dict)

    def get(self, ref: ObjectRef) -> Thing | None:
        return self.objects.get((ref.api_version, ref.kind), {}).get((ref.namespace, ref.name))

    def all(self, kind: Kind) -> list[Thing]:
        return list(self.objects.get(kind, {}).values())

    def apply(self, manifest: Thing, writer: str) -> Thing:
        """Server-side apply: fields that the writer applied before and leaves out now are removed."""
        ref = ObjectRef.of(manifest)
        live = self.get(ref)
        before = self._applied.get((ref, writer), {})
        self._applied[ref, writer] = manifest
        bare = _without(live, before, manifest) if live is not None else {}
        return self.put(_over(bare, manifest))

    def put(self, thing: Thing) -> Thing:
        """Store an object; nothing happens where it is so already. Its status stays where it has none."""
        ref = ObjectRef.of(thing)
        live = self.get(ref)
        if live is not None and "status" not in thing and "status" in live:
            thing = {**thing, "status": live["status"]}
        if live is not None and _content(live) == _content(thing):
            return live
        metadata = {key: value for key, value in thing["metadata"].items() if key not in _OWN}
        known = live["metadata"] if live is not None else {}
        said = live is None or _said(live) != _said(thing)
        stored = {
            **thing,
            "metadata": {
                **metadata,
                "uid": known.get("uid") or f"u-{self.version}",
                "creationTimestamp": known.get("creationTimestamp") or self.now(),
                "generation": known.get("generation", 0) + said,
                "resourceVersion": str(self.version + 1),
                **({"deletionTimestamp": known["deletionTimestamp"]} if "deletionTimestamp" in known else {}),
            },
        }
        self._happen(ref, live, stored)
        if "deletionTimestamp" in known and not metadata.get("finalizers"):
            self._remove(ref)
        return stored

    def status(self, ref: ObjectRef, status: Any) -> Thing | None:
        """Give an object this status; None where there is no such object."""
        live = self.get(ref)
        return None if live is None else self.put({**live, "status": status})

    def delete(self, ref: ObjectRef) -> bool:
        """Delete at once, or once its finalizers are gone."""
        live = self.get(ref)
        if live is None:
            return False
        if live["metadata"].get("finalizers"):
            if "deletionTimestamp" not in live["metadata"]:
                metadata = live["metadata"] | {"deletionTimestamp": self.now()}
                metadata |= {"generation": metadata["generation"] + 1, "resourceVersion": str(self.version + 1)}
                self._happen(ref, live, {**live, "metadata": metadata})
        else:
            self._remove(ref)
        return True

    def orphans(self, uid: str) -> list[ObjectRef]:
        """What was owned by an object that is gone."""
        return [
            ObjectRef.of(thing)
            for things in self.objects.values()
            for thing in things.values()
            if any(owner.get("uid") == uid for owner in thing["metadata"].get("ownerReferences") or ())
        ]

    def _remove(self, ref: ObjectRef) -> None:
        live = self.objects[ref.api_version, ref.kind].pop((ref.namespace, ref.name))
        for key in [key for key in self._applied if key[0] == ref]:
            del self._applied[key]
        self._happen(ref, live, None)

    def _happen(self, ref: ObjectRef, old: Thing | None, new: Thing | None) -> None:
        self.version += 1
        happened = Happened(ref, old, new, self.version)
        if new is not None:
            self.objects.setdefault(happened.kind, {})[ref.namespace, ref.name] = new
        self.log.setdefault(happened.kind, []).append(happened)
        for listener in self.listeners:
            listener(happened)


def _said(thing: Thing) -> Thing:
    return {key: value for key, value in thing.items() if key not in {"metadata", "status"}}


def _content(thing: Thing) -> Any:
    metadata = {key: value for key, value in thing["metadata"].items() if key not in _OWN}
    return {**thing, "metadata": metadata}


def _over(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> Thing:
    both = {
        key: _over(live[key], value) if isinstance(value, dict) and isinstance(live.get(key), dict) else value
        for key, value in wanted.items()
    }
    return {**live, **both}


def _without(live: Thing, before: Thing, now: Thing) -> Thing:
    """The live object without what was applied before, and is not now."""
    found: Thing = {}
    for key, value in live.items():
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            inner = _without(value, before[key], now.get(key) or {})
            if inner or key in now:
                found[key] = inner
        elif key in now or key not in before:
            found[key] = value
    return found
