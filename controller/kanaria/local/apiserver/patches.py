"""What a patch makes of an object: merge, JSON and strategic merge patches."""

from collections.abc import Mapping
from typing import Any

import jsonpatch

from kanaria.local.apiserver.refusals import Object, RefusedError
from kanaria.local.apiserver.shapes import Shape

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = ("application/apply-patch+yaml", "application/apply-patch+cbor")


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def json_patch(target: Object, patch: Any) -> Object:
    """RFC 6902."""
    try:
        patched: Object = jsonpatch.JsonPatch(patch).apply(target)
    except jsonpatch.JsonPatchTestFailed as error:
        raise RefusedError(
            422, "Invalid", f"the server rejected our request due to an error in our request: {error}"
        ) from error
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError) as error:
        raise RefusedError(422, "Invalid", f"the JSON patch does not fit the object: {error}") from error
    return patched


def strategic_patch(target: Any, patch: Any, shape: Shape) -> Any:
    """Kubernetes' own patch: lists whose items have a key merge item by item; `$` keys are directives."""
    if not isinstance(patch, dict):
        return patch
    directive = patch.get("$patch")
    said = {key: value for key, value in patch.items() if not key.startswith("$")}
    if directive == "replace":
        return said
    merged = dict(target) if isinstance(target, dict) else {}
    kept = patch.get("$retainKeys")
    if kept is not None:
        merged = {key: value for key, value in merged.items() if key in kept}
    _drop_plain(merged, patch)
    for key, value in said.items():
        if value is None or (isinstance(value, dict) and value.get("$patch") == "delete"):
            merged.pop(key, None)
        elif isinstance(value, list):
            merged[key] = _strategic_list(merged.get(key) or [], value, shape.child(key))
        else:
            merged[key] = strategic_patch(merged.get(key), value, shape.child(key))
    return merged


def _drop_plain(merged: Object, patch: Object) -> None:
    prefix = "$deleteFromPrimitiveList/"
    for key, values in patch.items():
        name = key.removeprefix(prefix)
        if key.startswith(prefix) and name in merged:
            merged[name] = [value for value in merged[name] if value not in values]


def _strategic_list(target: list[Any], patch: list[Any], shape: Shape) -> list[Any]:
    if shape.is_set:
        return target + [value for value in patch if value not in target]
    if not shape.keys:
        return patch
    merge_key = shape.keys[0]
    merged = [] if {"$patch": "replace"} in patch else list(target)
    for item in patch:
        if not isinstance(item, dict) or merge_key not in item:
            continue
        at = next((i for i, old in enumerate(merged) if _same(old, item, merge_key)), None)
        if item.get("$patch") == "delete":
            merged = [old for old in merged if not _same(old, item, merge_key)]
        elif at is None:
            merged.append(strategic_patch({}, item, shape.item()))
        else:
            merged[at] = strategic_patch(merged[at], item, shape.item())
    return merged


def _same(old: Mapping[str, Any], new: Mapping[str, Any], key: str) -> bool:
    return bool(old.get(key) == new[key])
