"""What goes when an object goes: finalizers, grace, owned objects, a namespace's content."""

from collections.abc import Callable
from datetime import datetime, timedelta

from kanaria.local.apiserver.refusals import Object, RefusedError, status_of
from kanaria.local.apiserver.resources import EXTENSIONS, Catalogue, Resource, Storage
from kanaria.local.apiserver.store import Key, Store, key_of
from kanaria.local.apiserver.targets import Outcome, Target
from kanaria.local.clock import written

_NAMESPACES: Storage = ("", "namespaces")
_DEFINITIONS: Storage = (EXTENSIONS, "customresourcedefinitions")
_HOLDERS = (_NAMESPACES, _DEFINITIONS)
_CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_FOREGROUND, _ORPHAN = "foregroundDeletion", "orphan"
_ANSWER_WITH_OBJECT = frozenset({"Pod", "Service", "ServiceAccount", "PersistentVolumeClaim"})


class Deletion:
    """Carries out deletions, and all that follows from them."""

    def __init__(self, store: Store, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._now = now
        self._going: set[tuple[Storage, Key]] = set()  # namespaces and definitions that wait for their content to go

    def delete(self, target: Target, wish: Object, *, dry_run: bool = False) -> Outcome:
        """Let an object go, now or when its finalizers and its grace allow."""
        resource, key = target.resource, (target.namespace, target.name)
        entry = self._store.get(resource.storage, key)
        if entry is None:
            raise RefusedError.not_found(resource.group, resource.plural, target.name)
        self._expected(target, entry.body, wish.get("preconditions") or {})
        if dry_run:
            return Outcome(_gone(target, entry.body))
        unsaid = resource.kind == "Job" and not wish.keys() & {"propagationPolicy", "orphanDependents"}
        # batch/v1 keeps its first promise: who does not say otherwise keeps a deleted Job's Pods.
        self._ask(resource.storage, key, wish | {"propagationPolicy": "Orphan"} if unsaid else wish)
        left = self._store.get(resource.storage, key)
        if left is not None:
            return Outcome(left.body)
        return Outcome(_gone(target, entry.body))

    def ended(self, resource: Resource, body: Object) -> bool:
        """Whether an object's new state is its end: then it goes, and nobody sees that state."""
        ends = "deletionTimestamp" in body["metadata"] and not self._kept_alive(resource.storage, body)
        if ends:
            self._remove(resource.storage, key_of(body))
        return ends

    def after_write(self, resource: Resource, body: Object) -> None:
        """What follows from an object's new state: it may be nobody's."""
        if "deletionTimestamp" not in body["metadata"] and self._is_garbage(body):
            self._ask(resource.storage, key_of(body), {})

    def sweep(self) -> None:
        """Finish what an earlier server left half done."""
        for storage, key, entry in self._store.everything():
            if storage in _HOLDERS and "deletionTimestamp" in entry.body["metadata"]:
                self._going.add((storage, key))
            if self._store.get(storage, key) is not None and self._is_garbage(entry.body):
                self._ask(storage, key, {})
        self._finish_holders()

    def _expected(self, target: Target, body: Object, wanted: Object) -> None:
        for part, name in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            found = body["metadata"][part]
            if wanted.get(part, found) != found:
                why = f"Precondition failed: {name} in precondition: {wanted[part]}, {name} in object meta: {found}"
                raise RefusedError.conflict(target.resource.group, target.resource.plural, target.name, why)

    def _ask(self, storage: Storage, key: Key, wish: Object) -> None:
        """Mark an object as going, and let it go if nothing holds it."""
        entry = self._store.get(storage, key)
        if entry is None:
            return
        body = self._marked(storage, entry.body, wish)
        if not self._kept_alive(storage, body):
            self._remove(storage, key)
            return
        if body != entry.body:
            body = self._store.put(storage, body)
        self._go_on(storage, key, body)

    def _marked(self, storage: Storage, body: Object, wish: Object) -> Object:
        """An object as it is once its deletion was asked for."""
        meta = dict(body["metadata"])
        ours = (_policy(wish), _CLEANUP if storage == _DEFINITIONS else "")
        finalizers = list(meta.get("finalizers", ()))
        finalizers += [each for each in ours if each and each not in finalizers]
        grace = _grace(storage, body, wish)
        if "deletionTimestamp" not in meta or grace < meta.get("deletionGracePeriodSeconds", 0):
            ends = written(self._now() + timedelta(seconds=grace))
            meta = meta | {
                "deletionTimestamp": meta.get("deletionTimestamp", ends),
                "deletionGracePeriodSeconds": grace,
            }
            meta |= {"generation": meta["generation"] + 1} if "generation" in meta else {}
        meta |= {"finalizers": finalizers} if finalizers else {}
        if storage == _NAMESPACES:
            body = body | {"status": body.get("status", {}) | {"phase": "Terminating"}}
        return body | {"metadata": meta}

    def _kept_alive(self, storage: Storage, body: Object) -> bool:
        """Whether something still holds an object that is going."""
        meta = body["metadata"]
        if meta.get("finalizers") or meta.get("deletionGracePeriodSeconds"):
            return True
        return storage == _NAMESPACES and bool((body.get("spec") or {}).get("finalizers"))

    def _go_on(self, storage: Storage, key: Key, body: Object) -> None:
        """Do what the server's own finalizers stand for."""
        finalizers = body["metadata"].get("finalizers", ())
        owned = self._store.owned_by(body["metadata"]["uid"])
        if _ORPHAN in finalizers:
            for place, dependent in owned:
                self._disown(place, dependent, {body["metadata"]["uid"]})
            self._drop_finalizer(storage, key, _ORPHAN)
        elif _FOREGROUND in finalizers:
            for place, dependent in owned:
                self._ask(place, dependent, {"propagationPolicy": "Foreground"} if self._owns(place, dependent) else {})
            self._finish_foreground(body["metadata"]["uid"])
        if storage in _HOLDERS:
            self._going.add((storage, key))
            for place, held in self._content(storage, body):
                self._ask(place, held, {})
            self._finish_holders()

    def _owns(self, storage: Storage, key: Key) -> bool:
        entry = self._store.get(storage, key)
        return entry is not None and bool(self._store.owned_by(entry.body["metadata"]["uid"]))

    def _remove(self, storage: Storage, key: Key) -> None:
        """The end of an object, and what its end means to others."""
        body = self._store.remove(storage, key)
        self._going.discard((storage, key))
        if storage == _DEFINITIONS:
            self._catalogue.forget(body)
        uid = body["metadata"]["uid"]
        for place, dependent in self._store.owned_by(uid):
            entry = self._store.get(place, dependent)
            if entry is not None and self._is_garbage(entry.body):
                self._ask(place, dependent, {})
            elif entry is not None:
                self._disown(place, dependent, {uid})
        for owner in body["metadata"].get("ownerReferences") or ():
            self._finish_foreground(owner["uid"])
        self._finish_holders()

    def _is_garbage(self, body: Object) -> bool:
        owners = body["metadata"].get("ownerReferences") or ()
        return bool(owners) and not any(owner["uid"] in self._store.uids for owner in owners)

    def _disown(self, storage: Storage, key: Key, gone: set[str]) -> None:
        entry = self._store.get(storage, key)
        if entry is None:
            return
        meta = dict(entry.body["metadata"])
        left = [owner for owner in meta["ownerReferences"] if owner["uid"] not in gone]
        del meta["ownerReferences"]
        self._store.put(storage, entry.body | {"metadata": meta | ({"ownerReferences": left} if left else {})})

    def _finish_foreground(self, uid: str) -> None:
        """Let an owner go that waited for what blocks its deletion."""
        place = self._store.uids.get(uid)
        entry = self._store.get(*place) if place else None
        if place is None or entry is None or _FOREGROUND not in entry.body["metadata"].get("finalizers", ()):
            return
        if "deletionTimestamp" not in entry.body["metadata"]:
            return
        blocking = [held for held in self._store.owned_by(uid) if self._blocks(held, uid)]
        if not blocking:
            self._drop_finalizer(*place, _FOREGROUND)

    def _blocks(self, held: tuple[Storage, Key], uid: str) -> bool:
        entry = self._store.get(*held)
        owners = entry.body["metadata"].get("ownerReferences", ()) if entry else ()
        return any(owner["uid"] == uid and owner.get("blockOwnerDeletion") for owner in owners)

    def _drop_finalizer(self, storage: Storage, key: Key, finalizer: str) -> None:
        entry = self._store.get(storage, key)
        if entry is None:
            return
        meta = dict(entry.body["metadata"])
        left = [each for each in meta.pop("finalizers", ()) if each != finalizer]
        body = entry.body | {"metadata": meta | ({"finalizers": left} if left else {})}
        if self._kept_alive(storage, body):
            self._store.put(storage, body)
        else:
            self._remove(storage, key)

    def _content(self, storage: Storage, holder: Object) -> list[tuple[Storage, Key]]:
        """What a namespace or a definition holds."""
        if storage == _NAMESPACES:
            name = holder["metadata"]["name"]
            places = self._catalogue.storages(namespaced=True)
            return [(place, key) for place in sorted(places) for key, _ in self._store.entries(place, name)]
        place = (holder["spec"]["group"], holder["spec"]["names"]["plural"])
        return [(place, key) for key, _ in self._store.entries(place)]

    def _finish_holders(self) -> None:
        """Let namespaces and definitions go that waited for their content."""
        for storage, key in sorted(self._going):
            entry = self._store.get(storage, key)
            if entry is not None and not self._content(storage, entry.body):
                self._let_holder_go(storage, key)

    def _let_holder_go(self, storage: Storage, key: Key) -> None:
        entry = self._store.get(storage, key)
        if storage == _DEFINITIONS:
            self._drop_finalizer(storage, key, _CLEANUP)
        elif entry is not None:
            body = entry.body | {"spec": {**entry.body.get("spec", {}), "finalizers": []}}
            if self._kept_alive(storage, body):
                self._store.put(storage, body) if body != entry.body else None
            else:
                self._remove(storage, key)


def _policy(wish: Object) -> str:
    said = wish.get("propagationPolicy")
    if said is None and "orphanDependents" in wish:
        said = "Orphan" if wish["orphanDependents"] else "Background"
    return {"Foreground": _FOREGROUND, "Orphan": _ORPHAN}.get(str(said), "")


def _grace(storage: Storage, body: Object, wish: Object) -> int:
    """Only Pods that run somewhere need time to end."""
    spec, status = body.get("spec") or {}, body.get("status") or {}
    if storage != ("", "pods") or not spec.get("nodeName") or status.get("phase") in {"Succeeded", "Failed"}:
        return 0
    said = wish.get("gracePeriodSeconds")
    return int(spec.get("terminationGracePeriodSeconds", 30) if said is None else said)


def _gone(target: Target, body: Object) -> Object:
    """What is answered when an object is no more."""
    resource = target.resource
    if resource.kind in _ANSWER_WITH_OBJECT:
        return body
    details = {"name": target.name, "group": resource.group, "kind": resource.plural, "uid": body["metadata"]["uid"]}
    return status_of(200, "", "", {key: value for key, value in details.items() if value})
