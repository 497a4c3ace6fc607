"""Which resources are served: the built-in ones, and those a CustomResourceDefinition adds."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kanaria.local.apiserver.refusals import Object, RefusedError

Storage = tuple[str, str]  # group and plural: one place for all versions of a resource
EXTENSIONS = "apiextensions.k8s.io"
VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a Table."""

    name: str
    json_path: str
    type: str = "string"
    priority: int = 0
    description: str = ""


class LateSchema:
    """A schema as text until it is needed: KServe's take fifteen times the room as values, and few are ever used."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._text = json.dumps(value)

    @cached_property
    def value(self) -> Mapping[str, Any]:
        """The schema."""
        value: Mapping[str, Any] = json.loads(self._text)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One version of one resource."""

    group: str
    version: str
    plural: str
    kind: str
    list_kind: str = ""
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True
    has_status: bool = False
    has_generation: bool = False
    scale: Mapping[str, str] | None = None
    verbs: tuple[str, ...] = VERBS
    custom: bool = False
    stored_as: str = ""  # the version objects are kept in, where it is another
    late_schema: LateSchema | None = None
    columns: tuple[Column, ...] = ()

    @property
    def api_version(self) -> str:
        """Group and version as an object bears them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def schema(self) -> Mapping[str, Any]:
        """What a custom resource's objects look like."""
        return self.late_schema.value if self.late_schema else {}

    @property
    def storage(self) -> Storage:
        """Where its objects are kept: both Event APIs show the same events."""
        return ("", "events") if self.plural == "events" else (self.group, self.plural)

    @property
    def subresources(self) -> tuple[str, ...]:
        """What can be reached below an object."""
        extra = ("log",) if self.plural == "pods" and not self.group else ()
        return extra + ("status",) * self.has_status + ("scale",) * (self.scale is not None)


_REPLICAS = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".spec.selector",
}
# Rows: plural, kind, short names, marks (c cluster-wide, s status, g generation, r replicas and scale, a category all,
# v a question: only created).
_BUILT_IN = {
    "v1": (
        ("configmaps", "ConfigMap", "cm", ""),
        ("endpoints", "Endpoints", "ep", ""),
        ("events", "Event", "ev", ""),
        ("namespaces", "Namespace", "ns", "cs"),
        ("nodes", "Node", "no", "cs"),
        ("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", "s"),
        ("pods", "Pod", "po", "sga"),
        ("secrets", "Secret", "", ""),
        ("serviceaccounts", "ServiceAccount", "sa", ""),
        ("services", "Service", "svc", "sa"),
    ),
    "apps/v1": (("deployments", "Deployment", "deploy", "sgra"), ("replicasets", "ReplicaSet", "rs", "sgra")),
    "batch/v1": (("jobs", "Job", "", "sga"),),
    "coordination.k8s.io/v1": (("leases", "Lease", "", ""),),
    "events.k8s.io/v1": (("events", "Event", "ev", ""),),
    "rbac.authorization.k8s.io/v1": (
        ("clusterrolebindings", "ClusterRoleBinding", "", "c"),
        ("clusterroles", "ClusterRole", "", "c"),
        ("rolebindings", "RoleBinding", "", ""),
        ("roles", "Role", "", ""),
    ),
    "authorization.k8s.io/v1": (("selfsubjectaccessreviews", "SelfSubjectAccessReview", "", "cv"),),
    f"{EXTENSIONS}/v1": (("customresourcedefinitions", "CustomResourceDefinition", "crd crds", "csg"),),
}


def _built_in() -> Iterator[Resource]:
    for group_version, rows in _BUILT_IN.items():
        group, _, version = group_version.rpartition("/")
        for plural, kind, short, marks in rows:
            yield Resource(
                group=group,
                version=version,
                plural=plural,
                kind=kind,
                list_kind=f"{kind}List",
                singular=kind.lower(),
                short_names=tuple(short.split()),
                categories=("all",) if "a" in marks else (),
                namespaced="c" not in marks,
                has_status="s" in marks,
                has_generation="g" in marks,
                scale=_REPLICAS if "r" in marks else None,
                verbs=("create",) if "v" in marks else VERBS,
            )


def resources_of(definition: Object) -> Iterator[Resource]:
    """The resources a CustomResourceDefinition adds, one for each served version."""
    spec = definition["spec"]
    names = spec["names"]
    stored_as = next(version["name"] for version in spec["versions"] if version.get("storage"))
    for version in spec["versions"]:
        if not version.get("served"):
            continue
        subresources = version.get("subresources") or {}
        yield Resource(
            group=spec["group"],
            version=version["name"],
            plural=names["plural"],
            kind=names["kind"],
            list_kind=names.get("listKind") or f"{names['kind']}List",
            singular=names.get("singular") or names["kind"].lower(),
            short_names=tuple(names.get("shortNames") or ()),
            categories=tuple(names.get("categories") or ()),
            namespaced=spec["scope"] == "Namespaced",
            has_status="status" in subresources,
            has_generation=True,
            scale=subresources.get("scale"),
            custom=True,
            stored_as=stored_as,
            late_schema=LateSchema((version.get("schema") or {}).get("openAPIV3Schema") or {}),
            columns=tuple(_column(column) for column in version.get("additionalPrinterColumns") or ()),
        )


def _column(column: Object) -> Column:
    return Column(
        column["name"], column["jsonPath"], column["type"], column.get("priority", 0), column.get("description", "")
    )


class Catalogue:
    """All resources served now."""

    def __init__(self) -> None:
        self._resources = {(each.group, each.version, each.plural): each for each in _built_in()}
        self.edition = 0  # changes when a definition comes or goes: caches of discovery hang on it

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources.values())

    def find(self, group: str, version: str, plural: str) -> Resource:
        """The resource of a path."""
        found = self._resources.get((group, version, plural))
        if found is None:
            raise RefusedError.no_such_path()
        return found

    def versions(self) -> dict[str, dict[str, list[Resource]]]:
        """Group → version → resources, the preferred version first."""
        tree: dict[str, dict[str, list[Resource]]] = {}
        for each in sorted(self, key=lambda resource: resource.version != resource.stored_as):
            tree.setdefault(each.group, {}).setdefault(each.version, []).append(each)
        return tree

    def storages(self, *, namespaced: bool) -> set[Storage]:
        """Every place objects may be kept in."""
        return {each.storage for each in self if each.namespaced is namespaced}

    def learn(self, definitions: Iterable[Object]) -> None:
        """Serve what these definitions say, instead of what they said before."""
        for definition in definitions:
            self.forget(definition)
            for each in resources_of(definition):
                self._resources[each.group, each.version, each.plural] = each
            self.edition += 1

    def forget(self, definition: Object) -> None:
        """Serve a definition's resources no longer."""
        gone = (definition["spec"]["group"], definition["spec"]["names"]["plural"])
        kept = {key: each for key, each in self._resources.items() if (each.group, each.plural) != gone}
        self._resources = kept
        self.edition += 1
