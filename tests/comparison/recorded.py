"""Which requests are sent to both API servers: scripts in YAML, each a small sequence with bodies.

A script is a list of steps under a sentence. A step's first key is the request, its value the body:

    a config map is created and patched:
    - POST configmaps: {metadata: {name: a}, data: {k: v}}
      keep: {uid: metadata.uid}
    - PATCH configmaps/a: [{op: remove, path: /data}]
      type: json

`configmaps/a` means the script's own namespace; a path with a leading slash is taken as it stands. What `keep` names
is put wherever `$(name)` stands in later steps, as `$(ns)` is from the start. Further keys: `type` (of the body),
`accept`, `lines` (how many of a watch are read), `until` (what the answer must say before it is compared: a code or a
path that must be there), `apart` (paths that a controller of the real cluster writes too, and are not compared),
`only` (the keys that lead to the one part which is compared).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "scripts"
TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
    "yaml": "application/yaml",
}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
FORMS = {"table": TABLE, "metadata": METADATA, "metadata list": METADATA_LIST}
KANARIA = "compared.kanaria.dev"
GROUPS = {
    "jobs": "batch/v1",
    "deployments": "apps/v1",
    "leases": "coordination.k8s.io/v1",
    "roles": "rbac.authorization.k8s.io/v1",
    "rolebindings": "rbac.authorization.k8s.io/v1",
    "gadgets": "compare.example.com/v1",
    "loose": "compare.example.com/v1",
    "metricpolicies": f"{KANARIA}/v1alpha1",
    "mlpipelines": f"{KANARIA}/v1alpha1",
    "mlpipelineruns": f"{KANARIA}/v1alpha1",
    "modeldeployments": f"{KANARIA}/v1alpha1",
    "gitsyncs": f"{KANARIA}/v1alpha1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request, and how its answer is read."""

    method: str
    path: str
    said: str = ""
    body: Any = None
    type: str = "application/json"
    accept: str = "application/json"
    keep: Mapping[str, str] = field(default_factory=dict)
    lines: int = 0
    until: int | str = 0
    apart: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.said


@dataclass(frozen=True, slots=True)
class Script:
    """A sequence of requests, played in a namespace of its own."""

    name: str
    steps: tuple[Step, ...]


def scripts() -> Iterator[Script]:
    """All scripts, by file and in the order written."""
    for path in sorted(FOLDER.glob("*.yaml")):
        for name, steps in yaml.safe_load(path.read_text()).items():
            yield Script(f"{path.stem}: {name}", tuple(_step(*each) for each in enumerate(steps, 1)))


def _step(number: int, raw: Mapping[str, Any]) -> Step:
    (request, body), *rest = raw.items()
    method, _, path = request.partition(" ")
    options = dict(rest)
    unknown = options.keys() - {"type", "accept", "keep", "lines", "until", "apart", "only"}
    assert not unknown, f"{request}: {unknown} is no option of a step"
    return Step(
        method=method,
        path=_whole(path),
        said=f"{number} {request}",
        body=body,
        type=TYPES.get(options.get("type", ""), options.get("type", "application/json")),
        accept=FORMS.get(options.get("accept", ""), options.get("accept", "application/json")),
        keep=options.get("keep", {}),
        lines=options.get("lines", 0),
        until=options.get("until", 0),
        apart=tuple(options.get("apart", ())),
        only=tuple(options.get("only", ())),
    )


def _whole(path: str) -> str:
    if path.startswith("/"):
        return path
    plural = path.partition("/")[0].partition("?")[0]
    return f"/apis/{GROUPS[plural]}/namespaces/$(ns)/{path}" if plural in GROUPS else f"/api/v1/namespaces/$(ns)/{path}"
