"""What becomes of a CustomResourceDefinition: is it sound, and what its status says."""

from collections.abc import Iterator

from kanaria.local.apiserver.refusals import Object, cause


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
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            at = f"spec.versions[{index}].schema.openAPIV3Schema"
            yield cause("FieldValueRequired", at, "Required value")


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
