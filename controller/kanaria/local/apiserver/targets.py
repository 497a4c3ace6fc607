"""What a request is about, and what comes of it."""

from dataclasses import dataclass

from kanaria.local.apiserver.refusals import Object, RefusedError
from kanaria.local.apiserver.resources import Catalogue, Resource


@dataclass(frozen=True, slots=True)
class Target:
    """A resource, or one object of it."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How a write is meant."""

    manager: str = ""
    dry_run: bool = False
    strictness: str = "Warn"  # of unknown fields: Strict, Warn or Ignore
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write answers."""

    body: Object
    code: int = 200
    warnings: tuple[str, ...] = ()


def target_of(catalogue: Catalogue, path: str) -> Target:
    """The target of a path below /api/v1 or /apis/<group>/<version>."""
    head, *rest = path.strip("/").split("/")
    group, version = ("", rest[0]) if head == "api" else (rest[0], rest[1])
    parts = rest[1:] if head == "api" else rest[2:]
    namespace = ""
    # /namespaces/<name>/status is the namespace's own; /namespaces/<name>/<plural> is what lies in it.
    if len(parts) > 2 and parts[0] == "namespaces" and not (group == "" and parts[2] in {"status", "finalize"}):
        namespace, parts = parts[1], parts[2:]
    plural, name, subresource, *more = [*parts, "", "", ""][: max(3, len(parts))]
    resource = catalogue.find(group, version, plural)
    known = not subresource or subresource in resource.subresources
    if more or not known or bool(namespace) > resource.namespaced or (name and resource.namespaced and not namespace):
        raise RefusedError.no_such_path()
    return Target(resource, namespace, name, subresource)
