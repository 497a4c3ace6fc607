"""What becomes of a CustomResourceDefinition: is it sound, and what its status says."""

from collections.abc import Iterator

from kanaria.local.apiserver.refusals import Object, cause
from kanaria.local.apiserver.schemas import broken


def unsound(body: Object) -> list[Object]:
    """What stands in the way of serving a definition."""
    return list(_faults(body))


def _faults(body: Object) -> Iterator[Object]:
    spec = body.get("spec") or {}
    names = spec.get("names") or {}
    needed = {f"spec.{part}": spec.get(part) for part in ("group", "scope")}
    needed |= {f"spec.names.{part}": names.get(part) for part in ("plural", "kind")}
    for field in (field for field, value in needed.items() if not value):
        yield cause("FieldValueRequired", field, "Required value")
    wanted = f"{names.get('plural')}.{spec.get('group')}"
    name = body["metadata"].get("name")
    if name != wanted:
        message = f'Invalid value: "{name}": must be spec.names.plural+"."+spec.group'
        yield cause("FieldValueInvalid", "metadata.name", message)
    yield from _faults_of_versions(spec.get("versions") or [])


def _faults_of_versions(versions: list[Object]) -> Iterator[Object]:
    if sum(bool(version.get("storage")) for version in versions) != 1:
        message = "Invalid value: must have exactly one version marked as storage version"
        yield cause("FieldValueInvalid", "spec.versions", message)
    for index, version in enumerate(versions):
        at = f"spec.versions[{index}].schema.openAPIV3Schema"
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if not schema:
            yield cause("FieldValueRequired", at, "Required value")
        else:
            yield from _faults_of_defaults(schema, at if len(versions) > 1 else "spec.validation.openAPIV3Schema")


def _faults_of_defaults(schema: Object, at: str) -> Iterator[Object]:
    """Defaults that the schema itself would refuse."""
    if "default" in schema:
        # A null is told twice: by its type, and for being one.
        faults = {fault["field"]: fault for fault in reversed(broken(schema["default"], schema))}
        for field in sorted(faults):
            yield faults[field] | {"field": f"{at}.default.{field}".rstrip(".")}
    for name, part in (schema.get("properties") or {}).items():
        yield from _faults_of_defaults(part, f"{at}.properties[{name}]")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from _faults_of_defaults(schema[name], f"{at}.{name}")


def established(body: Object, now: str) -> Object:
    """The definition with the status of one that is served."""
    spec, status = body["spec"], body.get("status") or {}
    stored = next(version["name"] for version in spec["versions"] if version["storage"])
    known = status.get("storedVersions") or []
    conditions = status.get("conditions") or [
        _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
        _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
    ]
    fresh = {
        "conditions": conditions,
        "acceptedNames": spec["names"],
        "storedVersions": known if stored in known else [*known, stored],
    }
    return body | {"status": status | fresh}


def _condition(kind: str, reason: str, message: str, now: str) -> Object:
    return {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now}
