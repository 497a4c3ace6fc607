"""What becomes of a write: created, replaced, patched or applied, and in what form it is kept."""

import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from kanaria.local.apiserver import (
    bodies,
    builtins,
    definitions,
    metadata,
    ownership,
    patches,
    rules,
    schemas,
    versions,
)
from kanaria.local.apiserver.deletion import Deletion
from kanaria.local.apiserver.ownership import Ledger, Writer
from kanaria.local.apiserver.refusals import Object, RefusedError, cause
from kanaria.local.apiserver.resources import EXTENSIONS, Catalogue, Resource
from kanaria.local.apiserver.shapes import shape_of
from kanaria.local.apiserver.store import Store
from kanaria.local.apiserver.targets import Options, Outcome, Target

_NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_PATH_SEGMENT = re.compile(r"^(?!\.{1,2}$)[^/%]+$")
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
_TOO_BROKEN = {f"FieldValue{how}" for how in ("Required", "TypeInvalid", "TooLong", "TooMany", "NotSupported")}
_UNJUDGED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete"
    " validation"
)
_SYSTEM = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")


@dataclass(frozen=True, slots=True)
class Change:
    """A write on its way into the store."""

    target: Target
    options: Options
    writer: Writer
    old: Object | None
    new: Object
    ledger: Ledger
    applied: frozenset[tuple[str, ...]] | None = None  # what an apply makes its writer own
    warnings: tuple[str, ...] = ()
    whole: bool = False  # a replacement, which must mean this very object


class Writes:
    """Carries out writes."""

    def __init__(self, store: Store, catalogue: Catalogue, deletion: Deletion, now: Callable[[], str]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._deletion = deletion
        self._now = now
        self._rules: dict[str, tuple[object, rules.Ruled | None]] = {}

    def create(self, target: Target, body: Object, options: Options) -> Outcome:
        """A new object."""
        body = bodies.decent(target, bodies.of_a_kind(target, body))
        meta = body["metadata"]
        if not meta.get("name") and meta.get("generateName"):
            meta = meta | {"name": meta["generateName"] + "".join(secrets.choice(_SUFFIX) for _ in range(5))}
        target = replace(target, name=meta.get("name", ""))
        self._placeable(target)
        writer = Writer(options.manager, "Update", "", target.resource.api_version)
        change = Change(target, options, writer, None, body | {"metadata": meta}, Ledger())
        return replace(self._carried_out(change), code=201)

    def update(self, target: Target, body: Object, options: Options) -> Outcome:
        """An object as the client sends it whole."""
        old = self._present(target)
        body = bodies.decent(target, bodies.of_a_kind(target, body))
        if target.resource.custom and not body["metadata"].get("resourceVersion"):
            said = "Invalid value: 0: must be specified for an update"
            problem = cause("FieldValueInvalid", "metadata.resourceVersion", said)
            raise RefusedError.invalid(target.resource.group, target.resource.plural, target.name, [problem])
        return self._carried_out(replace(self._change(target, old, body, options), whole=True))

    def patch(self, target: Target, kind: str, patch: object, options: Options) -> Outcome:
        """An object with a patch laid over it."""
        old = self._present(target)
        seen = versions.shown(old, target.resource)
        if kind == patches.JSON:
            new = patches.json_patch(seen, patch)
        elif kind == patches.STRATEGIC and not target.resource.custom:
            new = patches.strategic_patch(seen, patch, shape_of(target.resource))
        elif kind == patches.MERGE:
            new = patches.merge_patch(seen, patch)
        else:
            supported = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
            message = f"the body of the request was in an unknown format - accepted media types include: {supported}"
            raise RefusedError(415, "UnsupportedMediaType", message)
        return self._carried_out(self._change(target, old, bodies.decent(target, new), options))

    def apply(self, target: Target, config: Any, options: Options) -> Outcome:
        """An object with what a manager wants of it: server-side apply."""
        if not options.manager:
            missing = cause("FieldValueRequired", "fieldManager", "Required value: is required for apply patch")
            raise RefusedError.invalid("meta.k8s.io", "PatchOptions", "", [missing])
        if not isinstance(config, dict) or not config.get("kind") or not config.get("apiVersion"):
            raise RefusedError.bad_request("invalid object type: /, Kind=")
        namespace = (config.get("metadata") or {}).get("namespace", "")
        config = bodies.decent(target, config)
        if config["metadata"].get("managedFields"):
            raise RefusedError.bad_request("metadata.managedFields must be nil")
        self._typed(target, config, namespace)
        config = _only(target, config)
        entry = self._store.get(target.resource.storage, (target.namespace, target.name))
        if entry is None and target.subresource:
            raise RefusedError.not_found(target.resource.group, target.resource.plural, target.name)
        if entry is None:
            self._placeable(target)
        live = None if entry is None else versions.shown(entry.body, target.resource)
        ledger = Ledger() if live is None else self._ledger(target, live)
        writer = Writer(options.manager, "Apply", target.subresource, target.resource.api_version)
        shape = shape_of(target.resource)
        new, wanted = ownership.apply(live or {}, config, writer, ledger, shape)
        clashes = ledger.conflicts(writer, ownership.difference(live or {}, new, shape))
        if clashes and not options.force:
            raise ownership.conflict_of(clashes)
        change = Change(target, options, writer, live, bodies.decent(target, new), ledger, wanted)
        outcome = self._carried_out(change)
        return outcome if live is not None else replace(outcome, code=201)

    def _typed(self, target: Target, config: Object, namespace: str) -> None:
        """Refuse what does not fit the schema: who applies must know the fields, or their owners would be unknown."""
        _, unknown = bodies.known(target.resource, config)
        faults = [f".{field}: field not declared in schema" for field in unknown]
        if target.resource.custom:
            causes = schemas.broken(config, target.resource.schema)
            wrong = [each for each in causes if each["reason"] == "FieldValueTypeInvalid"]
            said = [(each["field"], each["message"].rpartition("must be of type ")[2]) for each in wrong]
            faults += [f".{field}: expected {types.replace(': ', ', got ')}" for field, types in said]
        faults += ownership.doubled(config, shape_of(target.resource))
        if faults:
            resource = target.resource
            version = f"{resource.group}/{resource.version}, Kind={resource.kind}"
            what = f"({namespace}/{target.name}; {version})"
            told = faults[0] if len(faults) == 1 else "errors:\n" + "\n".join(f"  {fault}" for fault in faults)
            raise RefusedError(500, "", f"failed to create typed patch object {what}: {told}")

    def _ledger(self, target: Target, live: Object) -> Ledger:
        ledger = Ledger.of(live)
        if ledger.entries:
            return ledger
        before = Writer("before-first-apply", "Update", "", target.resource.api_version)
        everything = ownership.difference({}, live, shape_of(target.resource))
        return ledger.updated(before, everything, self._now())

    def _change(self, target: Target, old: Object, new: Object, options: Options) -> Change:
        writer = Writer(options.manager, "Update", target.subresource, target.resource.api_version)
        # Whoever sends managedFields edits them (kubectl does, when it takes over from client-side apply).
        sent = new["metadata"].get("managedFields")
        ledger = Ledger.of(old if sent is None else new)
        return Change(target, options, writer, versions.shown(old, target.resource), new, ledger)

    def _present(self, target: Target) -> Object:
        entry = self._store.get(target.resource.storage, (target.namespace, target.name))
        if entry is None:
            raise RefusedError.not_found(target.resource.group, target.resource.plural, target.name)
        return entry.body

    def _placeable(self, target: Target) -> None:
        """Whether an object may be made here, under this name."""
        resource, name = target.resource, target.name
        if not name:
            raise self._invalid(
                target,
                [cause("FieldValueRequired", "metadata.name", "Required value: name or generateName is required")],
            )
        allowed = _PATH_SEGMENT if resource.group == "rbac.authorization.k8s.io" else _NAME
        if not allowed.match(name) or len(name) > 253:
            rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'"
            message = f'Invalid value: "{name}": {rule}'
            raise self._invalid(target, [cause("FieldValueInvalid", "metadata.name", message)])
        if resource.namespaced:
            namespace = self._store.get(("", "namespaces"), ("", target.namespace))
            if namespace is None:
                raise RefusedError.not_found("", "namespaces", target.namespace)
            if "deletionTimestamp" in namespace.body["metadata"]:
                why = f"unable to create new content in namespace {target.namespace} because it is being terminated"
                going = f"namespace {target.namespace} is being terminated"
                causes = [cause("NamespaceTerminating", "metadata.namespace", going)]
                raise RefusedError.forbidden(resource.group, resource.plural, name, why, causes)
        if self._store.get(resource.storage, (target.namespace, name)) is not None:
            raise RefusedError.exists(resource.group, resource.plural, name)

    def _carried_out(self, change: Change) -> Outcome:
        """The write, checked and put into the store, or found to change nothing."""
        change = self._with_metadata(self._isolated(change))
        new, warnings = self._without_unknown(change.target, change.new, change.options)
        change = replace(change, new=self._complete(change, new), warnings=change.warnings + warnings)
        self._check(change)
        new, warnings = self._with_ledger(change), change.warnings
        if change.old is not None and new == change.old:
            return Outcome(change.old, warnings=warnings)
        new = _with_generation(change.target.resource, change.old, new)
        if change.options.dry_run:
            return Outcome(new, warnings=warnings)
        return Outcome(self._stored(change.target, new), warnings=warnings)

    def _stored(self, target: Target, new: Object) -> Object:
        resource = target.resource
        if self._deletion.ended(resource, new):
            return new
        body = self._store.put(resource.storage, versions.kept(new, resource))
        if resource.group == EXTENSIONS:
            self._catalogue.learn([body])
        self._deletion.after_write(resource, body)
        return versions.shown(body, resource)

    def _isolated(self, change: Change) -> Change:
        """Only what this path may change: the status by its subresource, the rest by the main path."""
        new, old, resource = change.new, change.old, change.target.resource
        if old is None:
            return replace(change, new=builtins.with_first_status(resource, new))
        if change.target.subresource == "status":
            meta = old["metadata"] | {"resourceVersion": new["metadata"].get("resourceVersion")}
            status = {"status": new["status"]} if "status" in new else {}
            return replace(
                change, new={key: value for key, value in old.items() if key != "status"} | status | {"metadata": meta}
            )
        if resource.has_status:
            rest = {key: value for key, value in new.items() if key != "status"}
            return replace(change, new=rest | ({"status": old["status"]} if "status" in old else {}))
        return change

    def _with_metadata(self, change: Change) -> Change:
        """The metadata the server keeps for itself, as it was; checked where the client believes it."""
        meta, target = change.new["metadata"], change.target
        theirs = {
            key: value for key, value in meta.items() if key not in {*_SYSTEM, "resourceVersion", "managedFields"}
        }
        for part in ("labels", "annotations", "finalizers", "ownerReferences"):
            if not theirs.get(part, True):
                del theirs[part]
        if change.old is None:
            fresh = {"uid": str(uuid.uuid4()), "creationTimestamp": self._now()}
            return replace(change, new=change.new | {"metadata": theirs | fresh})
        was = change.old["metadata"]
        if meta.get("uid", was["uid"]) != was["uid"]:
            if not change.whole:
                message = f'Invalid value: "{meta["uid"]}": field is immutable'
                raise self._invalid(target, [cause("FieldValueInvalid", "metadata.uid", message)])
            why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {was['uid']}"
            raise RefusedError.conflict(target.resource.group, target.resource.plural, target.name, why)
        if (meta.get("resourceVersion") or was["resourceVersion"]) != was["resourceVersion"]:
            why = "the object has been modified; please apply your changes to the latest version and try again"
            raise RefusedError.conflict(target.resource.group, target.resource.plural, target.name, why)
        if "deletionTimestamp" in was and set(theirs.get("finalizers", ())) - set(was.get("finalizers", ())):
            message = "Forbidden: no new finalizers can be added if the object is being deleted"
            raise self._invalid(target, [cause("FieldValueForbidden", "metadata.finalizers", message)])
        kept = {key: was[key] for key in (*_SYSTEM, "resourceVersion", "name") if key in was}
        return replace(change, new=change.new | {"metadata": theirs | kept})

    def _without_unknown(self, target: Target, body: Object, options: Options) -> tuple[Object, tuple[str, ...]]:
        kept, unknown = bodies.known(target.resource, body)
        told = tuple(f'unknown field "{field}"' for field in unknown)
        if told and options.strictness == "Strict":
            raise RefusedError.bad_request(f"{bodies.unfit(target.resource)}: strict decoding error: {', '.join(told)}")
        return kept, told if options.strictness == "Warn" else ()

    def _complete(self, change: Change, new: Object) -> Object:
        """The object with everything the server fills in."""
        resource = change.target.resource
        if resource.custom:
            filled: Object = schemas.defaulted(new, resource.schema)
            return filled
        try:
            new = builtins.filled_in(resource, new)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # The built-in types have no schema here: what their defaults stumble over is of another type.
            raise RefusedError.bad_request(f"{bodies.unfit(resource)}: {error}") from error
        if resource.group == EXTENSIONS and not definitions.unsound(new):
            new = definitions.established(new, self._now())
        return new

    def _check(self, change: Change) -> None:
        new, old, resource = change.new, change.old, change.target.resource
        causes = list(metadata.faults_of(new["metadata"]))
        if causes:
            raise self._invalid(change.target, causes)
        if resource.custom:
            causes = schemas.broken(new, resource.schema)
            causes += self._unkept(resource, new, old, causes)
        else:
            causes = builtins.changed_what_is_fixed(resource, old, new) if old else []
            causes += builtins.missing(resource, new)
            causes += definitions.unsound(new) if resource.group == EXTENSIONS else []
        if causes:
            raise self._invalid(change.target, causes)

    def _unkept(self, resource: Resource, new: Object, old: Object | None, broken: list[Object]) -> list[Object]:
        name = f"{resource.api_version}/{resource.plural}"
        schema, known = self._rules.get(name, (None, None))
        if schema is not resource.schema:
            known = rules.ruled(resource.schema)
            self._rules[name] = (resource.schema, known)
        if known is None:
            return []
        if {each["reason"] for each in broken} & _TOO_BROKEN:
            return [cause("FieldValueInvalid", "<nil>", f"Invalid value: null: {_UNJUDGED}")]
        return list(rules.unkept(known, new) if old is None else rules.unkept(known, new, old))

    def _with_ledger(self, change: Change) -> Object:
        """The object with its managedFields; the very same object when nothing changed."""
        old, new, shape = change.old or {}, change.new, shape_of(change.target.resource)
        changes = ownership.difference(old, new, shape).on(_part_of(change.target))
        if change.applied is None:
            ledger = change.ledger.updated(change.writer, changes, self._now())
        else:
            ledger = change.ledger.applied(change.writer, change.applied, changes, self._now())
        if old and change.applied is None and not change.ledger.entries:
            return new  # an object whose owners were forgotten stays so until somebody applies it
        entries = ledger.to_json()
        return new | {"metadata": new["metadata"] | ({"managedFields": entries} if entries else {})}

    def _invalid(self, target: Target, causes: list[Object]) -> RefusedError:
        return RefusedError.invalid(target.resource.group, target.resource.kind, target.name, causes)


def _only(target: Target, config: Object) -> Object:
    """What of an applied configuration counts on this path."""
    if target.subresource == "status":
        meta = {key: value for key, value in config["metadata"].items() if key in {"name", "namespace", "uid"}}
        kept = {key: value for key, value in config.items() if key in {"apiVersion", "kind", "status"}}
        return kept | {"metadata": meta}
    if target.resource.has_status:
        return {key: value for key, value in config.items() if key != "status"}
    return config


def _part_of(target: Target) -> ownership.Part:
    """Which fields a path may change owners of."""
    if target.subresource == "status":
        return "status"
    return "all but status" if target.resource.has_status else "all"


def _with_generation(resource: Resource, old: Object | None, new: Object) -> Object:
    if not resource.has_generation:
        return new
    if old is None:
        return new | {"metadata": new["metadata"] | {"generation": 1}}
    apart = {"metadata", "status", "apiVersion"} if resource.has_status else {"metadata", "apiVersion"}
    keys = (old.keys() | new.keys()) - apart
    if all(old.get(key) == new.get(key) for key in keys):
        return new
    return new | {"metadata": new["metadata"] | {"generation": old["metadata"].get("generation", 0) + 1}}
