"""What clients learn of the resources: plain and aggregated discovery, OpenAPI."""

import hashlib
from collections.abc import Iterator

from kanaria.local.apiserver.refusals import Object
from kanaria.local.apiserver.resources import Catalogue, Resource

VERSION = {
    "major": "1",
    "minor": "33",
    "gitVersion": "v1.33.0+kanaria-local",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "kanaria/local",
}
_SUB_VERBS = {"status": ["get", "patch", "update"], "scale": ["get", "patch", "update"], "log": ["get"]}


def core_versions() -> Object:
    """GET /api."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def groups(catalogue: Catalogue) -> Object:
    """GET /apis."""
    known = [_group(name, list(versions)) for name, versions in catalogue.versions().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": known}


def group(catalogue: Catalogue, name: str) -> Object | None:
    """GET /apis/<group>."""
    found = next((each for each in groups(catalogue)["groups"] if each["name"] == name), None)
    return None if found is None else {"kind": "APIGroup", "apiVersion": "v1"} | found


def _group(name: str, versions: list[str]) -> Object:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resources(catalogue: Catalogue, group: str, version: str) -> Object | None:
    """GET /api/v1 and /apis/<group>/<version>."""
    found = catalogue.versions().get(group, {}).get(version, [])
    listed = [row for each in found for row in _rows(each)]
    if not listed:
        return None
    said = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": said, "resources": listed}


def _rows(resource: Resource) -> Iterator[Object]:
    row: Object = {"name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced}
    row |= {"kind": resource.kind, "verbs": list(resource.verbs)}
    optional = {"shortNames": list(resource.short_names), "categories": list(resource.categories)}
    yield row | {key: value for key, value in optional.items() if value}
    for sub in resource.subresources:
        below = {"name": f"{resource.plural}/{sub}", "singularName": "", "namespaced": resource.namespaced}
        scale = (
            {"group": "autoscaling", "version": "v1", "kind": "Scale"} if sub == "scale" else {"kind": resource.kind}
        )
        yield below | scale | {"verbs": _SUB_VERBS[sub]}


def aggregated(catalogue: Catalogue, version: str, *, core: bool) -> Object:
    """GET /api and /apis in one answer each, as newer clients ask."""
    items = [
        {"metadata": {"name": name, "creationTimestamp": None}, "versions": _group_versions(versions)}
        for name, versions in catalogue.versions().items()
        if (name == "") is core
    ]
    api_version = f"apidiscovery.k8s.io/{version}"
    return {"kind": "APIGroupDiscoveryList", "apiVersion": api_version, "metadata": {}, "items": items}


def _group_versions(versions: dict[str, list[Resource]]) -> list[Object]:
    return [
        {"version": version, "resources": [_aggregated_row(each) for each in listed], "freshness": "Current"}
        for version, listed in versions.items()
    ]


def _aggregated_row(resource: Resource) -> Object:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    row: Object = {"resource": resource.plural, "responseKind": kind, "singularResource": resource.singular}
    row |= {"scope": "Namespaced" if resource.namespaced else "Cluster", "verbs": list(resource.verbs)}
    optional = {"shortNames": list(resource.short_names), "categories": list(resource.categories)}
    below = []
    for sub in resource.subresources:
        of_scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
        answers = of_scale if sub == "scale" else kind
        below.append({"subresource": sub, "responseKind": answers, "verbs": _SUB_VERBS[sub]})
    return row | {key: value for key, value in (optional | {"subresources": below}).items() if value}


def openapi_index(catalogue: Catalogue) -> Object:
    """GET /openapi/v3."""
    digest = hashlib.sha256(str(catalogue.edition).encode()).hexdigest()[:16]
    paths = [_root(each) for each in catalogue]
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"} for path in sorted(set(paths))}}


def _root(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"


def openapi(catalogue: Catalogue, path: str) -> Object | None:
    """GET /openapi/v3/<path>: for custom resources the schemas that `kubectl explain` prints."""
    found = [each for each in catalogue if _root(each) == path]
    if not found:
        return None
    schemas = {_schema_name(each): _schema(each) for each in found}
    paths = {where: operations for each in found for where, operations in _operations(each).items()}
    info = {"title": "Kanaria's local cluster", "version": VERSION["gitVersion"]}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _schema_name(resource: Resource) -> str:
    return ".".join([*reversed((resource.group or "core").split(".")), resource.version, resource.kind])


def _kind(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _schema(resource: Resource) -> Object:
    text = {"type": "string"}
    always = {"apiVersion": text, "kind": text, "metadata": {"type": "object", "description": "Standard metadata."}}
    own = _published(dict(resource.schema)) or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    own["properties"] = always | own.get("properties", {}) | {"metadata": always["metadata"]}
    return own | {"x-kubernetes-group-version-kind": [_kind(resource)]}


def _published(schema: Object) -> Object:
    """A schema as it is told to clients: what may be a number or a text says so in their words too."""
    told = dict(schema)
    if told.get("x-kubernetes-int-or-string") and "anyOf" not in told:
        told["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if "properties" in told:
        told["properties"] = {name: _published(part) for name, part in told["properties"].items()}
    for below in ("items", "additionalProperties"):
        if isinstance(told.get(below), dict):
            told[below] = _published(told[below])
    return told


def _operations(resource: Resource) -> Object:
    root = f"/{_root(resource)}/" + ("namespaces/{namespace}/" if resource.namespaced else "") + resource.plural
    return {
        root: {verb: _operation(resource, action) for verb, action in (("get", "list"), ("post", "post"))},
        f"{root}/{{name}}": {verb: _operation(resource, verb) for verb in ("get", "put", "patch", "delete")},
    }


def _operation(resource: Resource, action: str) -> Object:
    schema = {"$ref": f"#/components/schemas/{_schema_name(resource)}"}
    answer = {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}
    operation: Object = {"x-kubernetes-group-version-kind": _kind(resource), "x-kubernetes-action": action}
    if action in {"post", "put", "patch"}:
        names = ("fieldValidation", "fieldManager", "dryRun")
        parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
        operation["parameters"] = parameters
    return operation | {"responses": answer}
