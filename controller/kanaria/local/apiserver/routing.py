"""Which resource or object a path means."""

from kanaria.local.apiserver.refusals import RefusedError
from kanaria.local.apiserver.resources import Catalogue
from kanaria.local.apiserver.targets import Target


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
