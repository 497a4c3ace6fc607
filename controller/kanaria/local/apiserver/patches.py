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
    if not isinstance(patch, list):
        raise RefusedError.bad_request("error decoding patch: a JSON patch is a list of operations")
    try:
        patched: Object = jsonpatch.JsonPatch(patch).apply(target)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError) as error:
        told = "the server rejected our request due to an error in our request"
        raise RefusedError(422, "Invalid", told, {}) from error
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
            order = patch.get(f"$setElementOrder/{key}")
            merged[key] = _strategic_list(merged.get(key) or [], value, order, shape.child(key))
        else:
            merged[key] = strategic_patch(merged.get(key), value, shape.child(key))
    return merged


def _drop_plain(merged: Object, patch: Object) -> None:
    prefix = "$deleteFromPrimitiveList/"
    for key, values in patch.items():
        name = key.removeprefix(prefix)
        if key.startswith(prefix) and name in merged:
            merged[name] = [value for value in merged[name] if value not in values]


def _strategic_list(old: list[Any], patch: list[Any], order: list[Any] | None, shape: Shape) -> list[Any]:
    if shape.is_set:
        return _in_order({each: each for each in patch}, {each: each for each in old})
    if not shape.keys:
        return patch
    merge_key = shape.keys[0]
    said = [item for item in patch if item != {"$patch": "replace"}]
    for item in said:
        if not isinstance(item, dict) or merge_key not in item:
            raise RefusedError(500, "", f"map: {item} does not contain declared merge key: {merge_key}")
    gone = {item[merge_key] for item in said if item.get("$patch") == "delete"}
    kept = {} if len(said) < len(patch) else {item.get(merge_key): item for item in old}
    kept = {key: item for key, item in kept.items() if key not in gone}
    new = {key: item for item in said if (key := item[merge_key]) not in gone}
    new = {key: strategic_patch(kept.get(key, {}), item, shape.item()) for key, item in new.items()}
    named = [item.get(merge_key) for item in order or ()]
    placed = {key: found for key in named if (found := new.get(key, kept.get(key))) is not None}
    return _in_order(placed | new, kept)


def _in_order(new: Mapping[Any, Any], old: Mapping[Any, Any]) -> list[Any]:
    """The items of a patch, in its order; of the others, those come first that stood before an item of the patch."""
    places = {key: place for place, key in enumerate(old)}
    waiting, merged = [key for key in old if key not in new], []
    for key, item in new.items():
        while waiting and key in places and places[waiting[0]] < places[key]:
            merged.append(old[waiting.pop(0)])
        merged.append(item)
    return merged + [old[key] for key in waiting]
