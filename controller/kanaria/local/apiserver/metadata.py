"""What an object's metadata may say, whatever its kind."""

import re
from collections.abc import Iterator

from kanaria.local.apiserver.refusals import Object, cause

_KNOWN = frozenset(
    {"name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink"}
    | {"deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers"}
    | {"managedFields"}
)
_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character"
)
_KEY_RULE = "name part must consist of alphanumeric characters, '-', '_' or '.', with an optional DNS subdomain prefix"
_PREFIX = re.compile(r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")


def unknown_in(meta: Object) -> list[str]:
    """The fields that metadata does not have."""
    return [name for name in meta if name not in _KNOWN]


def mistyped_in(meta: Object) -> str:
    """The first of the maps whose values are not all text; empty when all are."""
    maps = ((part, meta.get(part)) for part in ("labels", "annotations"))
    wrong = (part for part, given in maps if given is not None and not is_text_map(given))
    return next(wrong, "")


def faults_of(meta: Object) -> Iterator[Object]:
    """The rules that labels, annotations and owners break."""
    yield from _faults_of_labels(meta)
    for index, owner in enumerate(meta.get("ownerReferences") or ()):
        missing = (part for part in ("apiVersion", "kind", "name", "uid") if not owner.get(part))
        for part in missing:
            at = f"metadata.ownerReferences[{index}].{part}"
            yield cause("FieldValueRequired", at, "Required value: must not be empty")
    for index, finalizer in enumerate(meta.get("finalizers") or ()):
        if "/" not in finalizer and finalizer not in {"orphan", "foregroundDeletion", "kubernetes"}:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield cause("FieldValueInvalid", f"metadata.finalizers[{index}]", f'Invalid value: "{finalizer}": {why}')


def _faults_of_labels(meta: Object) -> Iterator[Object]:
    for part in ("labels", "annotations"):
        for key in meta.get(part) or {}:
            if not _is_qualified(key):
                yield cause("FieldValueInvalid", f"metadata.{part}", f'Invalid value: "{key}": {_KEY_RULE}')
    for value in (meta.get("labels") or {}).values():
        if len(value) > 63:
            yield cause("FieldValueTooLong", "metadata.labels", "Too long: may not be more than 63 bytes")
        elif not _VALUE.match(value):
            yield cause("FieldValueInvalid", "metadata.labels", f'Invalid value: "{value}": {_RULE}')


def is_text_map(given: object) -> bool:
    """Whether a value is a map whose values are all text."""
    return isinstance(given, dict) and all(isinstance(value, str) for value in given.values())


def _is_qualified(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    fits = bool(name) and len(name) <= 63 and bool(_VALUE.match(name))
    return fits and (not slash or (len(prefix) <= 253 and bool(_PREFIX.match(prefix))))
