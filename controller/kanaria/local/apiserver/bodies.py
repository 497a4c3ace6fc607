"""Whether a body is an object of the kind that a path asks for, and which of its fields that kind does not have."""

from kanaria.local.apiserver import builtins, metadata, schemas
from kanaria.local.apiserver.refusals import Object, RefusedError
from kanaria.local.apiserver.resources import Resource
from kanaria.local.apiserver.targets import Target


def decent(target: Target, body: object) -> Object:
    """The body, known to be an object of the kind the path asks for."""
    if not isinstance(body, dict):
        raise RefusedError.bad_request("the body of the request is not a JSON object")
    resource = target.resource
    said, expected = (body.get("apiVersion"), body.get("kind")), (resource.api_version, resource.kind)
    if said[0] not in {None, expected[0]}:
        message = f"the API version in the data ({said[0]}) does not match the expected API version ({expected[0]})"
        raise RefusedError.bad_request(message)
    if said[1] not in {None, expected[1]}:
        raise RefusedError.bad_request(
            f"the kind in the data ({said[1]}) does not match the expected kind ({expected[1]})"
        )
    meta = _decent_metadata(target, body.get("metadata") or {})
    if wrong := builtins.mistyped_in(resource, body):
        raise RefusedError.bad_request(f"{unfit(resource)}: {wrong} must be a map of strings")
    return {"apiVersion": expected[0], "kind": expected[1]} | body | {"metadata": meta}


def of_a_kind(target: Target, body: object) -> object:
    """The body of a custom object, which must say what it is: only the built-in types can be told by the path."""
    if target.resource.custom and isinstance(body, dict) and not (body.get("kind") and body.get("apiVersion")):
        part = "Kind" if not body.get("kind") else "apiVersion"
        what = f"the object provided is unrecognized (must be of type {target.resource.kind})"
        raise RefusedError.bad_request(f"{what}: Object '{part}' is missing in the body")
    return body


def unfit(resource: Resource) -> str:
    """How a refusal of a body begins that is of no use for a type."""
    return f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'


def _decent_metadata(target: Target, meta: object) -> Object:
    """The metadata, known to mean the object or the place the path means."""
    resource = target.resource
    if not isinstance(meta, dict):
        raise RefusedError.bad_request("metadata is not a JSON object")
    if target.name and meta.get("name", target.name) != target.name:
        message = f"the name of the object ({meta['name']}) does not match the name on the URL ({target.name})"
        raise RefusedError.bad_request(message)
    if wrong := metadata.mistyped_in(meta):
        raise RefusedError.bad_request(f"{unfit(resource)}: metadata.{wrong} must be a map of strings")
    if not resource.namespaced:
        return {key: value for key, value in meta.items() if key != "namespace"}
    if meta.get("namespace", target.namespace) != target.namespace:
        why = "the namespace of the provided object does not match the namespace sent on the request"
        raise RefusedError.bad_request(why)
    return meta | {"namespace": target.namespace}


def known(resource: Resource, body: Object) -> tuple[Object, tuple[str, ...]]:
    """The body with the fields its type has, and those it has not."""
    unknown = [f"metadata.{name}" for name in metadata.unknown_in(body["metadata"])]
    kept = body | {"metadata": {k: v for k, v in body["metadata"].items() if f"metadata.{k}" not in unknown}}
    if resource.custom:
        kept, below = schemas.pruned(kept, resource.schema)
        return kept, (*unknown, *below)
    top = builtins.unknown_at_top(resource, kept)
    return {key: value for key, value in kept.items() if key not in top}, (*unknown, *top)
