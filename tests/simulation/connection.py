"""How the true client of the API server reaches the model of one: paths in, JSON out, and what can go wrong between."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from kanaria.cluster.errors import GoneError, UnreachableError, refusal
from kanaria.vocabulary import ObjectRef
from simulation.faults import Faults
from simulation.store import Happened, Kind, Store, Thing

LATENCY = 0.004
KINDS = {
    "kanaria.dev/v1alpha1": {
        "gitsyncs": "GitSync",
        "mlpipelines": "MLPipeline",
        "mlpipelineruns": "MLPipelineRun",
        "metricpolicies": "MetricPolicy",
        "modeldeployments": "ModelDeployment",
    },
    "batch/v1": {"jobs": "Job"},
    "v1": {
        "services": "Service",
        "pods": "Pod",
        "events": "Event",
        "configmaps": "ConfigMap",
        "secrets": "Secret",
        "namespaces": "Namespace",
    },
    "apps/v1": {"deployments": "Deployment"},
    "serving.kserve.io/v1beta1": {"inferenceservices": "InferenceService"},
    "gateway.networking.k8s.io/v1": {"httproutes": "HTTPRoute"},
    "coordination.k8s.io/v1": {"leases": "Lease"},
}
_SERVED = {
    api_version: {
        "resources": [{"name": name, "kind": kind, "namespaced": kind != "Namespace"} for name, kind in kinds.items()]
    }
    for api_version, kinds in KINDS.items()
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a path names."""

    kind: Kind
    namespace: str
    name: str
    subresource: str

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(*self.kind, self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class Wrote:
    """A write that the server was asked for and did, or did not change anything by."""

    by: str
    """The user that is impersonated; empty for the operator itself."""
    verb: str
    place: Place
    body: Any
    before: Thing | None
    changed: bool
    replica: str


@dataclass
class Answer:
    """Of a request."""

    found: Any
    content: AsyncIterator[bytes] | None = None

    async def json(self, content_type: str | None = None) -> Any:
        del content_type
        return self.found


@dataclass
class ModelConnection:
    """One replica's connection. `told` hears of each write before it is seen by anyone else."""

    store: Store
    faults: Faults
    told: Callable[[Wrote], None]
    allowed: Callable[[str, str, Kind], bool]
    replica: str = "a"
    cut: bool = False
    watching: set["asyncio.Future[None]"] = field(default_factory=set)

    @asynccontextmanager
    async def request(
        self, method: str, path: str, *, within: float, headers: Mapping[str, str] | None = None, **options: Any
    ) -> AsyncIterator[Answer]:
        del within
        await asyncio.sleep(LATENCY)
        if self.cut or self.faults.api_down:
            raise UnreachableError("the API server cannot be reached: it is down")
        params = options.get("params") or {}
        if method == "GET":
            yield self._read(path, params)
        else:
            yield Answer(await self._written(method, path, headers or {}, options))

    def _read(self, path: str, params: Mapping[str, str]) -> Answer:
        parts = path.strip("/").split("/")
        api_version = "/".join(parts[1:3]) if parts[0] == "apis" else parts[1]
        if len(parts) == (3 if parts[0] == "apis" else 2):
            return Answer(_SERVED.get(api_version, {}))
        place = place_of(path)
        if params.get("watch"):
            return Answer(None, self._watch(place.kind, int(params["resourceVersion"]), params.get("labelSelector")))
        if place.name:
            live = self.store.get(place.ref)
            if live is None:
                raise refusal(404, json.dumps({"message": f"{path} not found"}))
            return Answer(_copied(live))
        items = [thing for thing in self.store.all(place.kind) if _is_selected(thing, params.get("labelSelector"))]
        if named := params.get("fieldSelector"):
            items = [thing for thing in items if thing["metadata"]["name"] == named.removeprefix("metadata.name=")]
            items = [thing for thing in items if thing["metadata"].get("namespace", "") == place.namespace]
        return Answer({"metadata": {"resourceVersion": str(self.store.version)}, "items": _copied(items)})

    async def _watch(self, kind: Kind, since: int, label: str | None) -> AsyncIterator[bytes]:
        log = self.store.log.setdefault(kind, [])
        position = next((number for number, each in enumerate(log) if each.version > since), len(log))
        while True:
            while position < len(log):
                if self.faults.stale:
                    await asyncio.sleep(self.faults.stale)
                for line in _lines(log[position], label, twice=self.faults.twice):
                    yield line
                position += 1
            await self._news()

    async def _news(self) -> None:
        come: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.watching.add(come)
        try:
            await come
        finally:
            self.watching.discard(come)

    def hear(self, _happened: Happened) -> None:
        """Something changed: all watches look whether it is theirs."""
        for come in self.watching:
            if not come.done():
                come.set_result(None)

    def drop(self, *, gone: bool) -> None:
        """All watches end with an error; where `gone`, they began too long ago."""
        error = GoneError("too old resource version") if gone else UnreachableError("the connection broke")
        for come in self.watching:
            if not come.done():
                come.set_exception(error)

    async def _written(self, method: str, path: str, headers: Mapping[str, str], options: Mapping[str, Any]) -> Any:
        faults, place = self.faults, place_of(path)
        if faults.happens(faults.throttled):
            raise refusal(429, '{"message": "too many requests"}', "1")
        if faults.happens(faults.refused):
            raise refusal(500, '{"message": "etcdserver: request timed out"}')
        user = headers.get("Impersonate-User", "")
        if not self.allowed(user, method, place.kind):
            raise refusal(403, json.dumps({"message": f'User "{user}" cannot write {place.kind[1]}'}))
        params = options.get("params") or {}
        done = _Write(self, user, method, place, json.loads(options["data"]), dry=bool(params.get("dryRun")))
        answer = done.do(headers.get("Content-Type", ""))
        if place.kind[1] != "Lease" and faults.happens(faults.lost):
            raise UnreachableError("no answer in time")
        return answer


@dataclass
class _Write:
    connection: ModelConnection
    user: str
    method: str
    place: Place
    body: Any
    dry: bool = False

    def do(self, content: str) -> Any:
        store, place = self.connection.store, self.place
        if self.method == "POST":
            place = self.place = Place(place.kind, place.namespace, self.body["metadata"]["name"], "")
        before = store.get(place.ref)
        self._check(before, content)
        if self.dry:
            return _copied(self.body)
        made = self._made(before, content)
        changed = made is not before
        wrote = Wrote(self.user, self.method, place, self.body, before, changed, self.connection.replica)
        self.connection.told(wrote)
        return _copied(made) if isinstance(made, dict) else {}

    def _check(self, before: Thing | None, content: str) -> None:
        named = self.place.ref
        if self.method == "POST" and before is not None:
            raise refusal(409, json.dumps({"message": f"{named} already exists"}))
        if before is None and self.method != "POST" and "apply" not in content:
            raise refusal(404, json.dumps({"message": f"{named} not found"}))
        if before is not None and _differs(before, self._precondition(content)):
            raise refusal(409, json.dumps({"message": f"{named} has been modified"}))
        if "json-patch" in content and before is not None and before["metadata"]["uid"] != self.body[0]["value"]:
            raise refusal(422, json.dumps({"message": "the server rejected our request: test failed"}))

    def _precondition(self, content: str) -> Mapping[str, Any]:
        if self.method == "DELETE":
            return self.body.get("preconditions") or {}
        return (self.body.get("metadata") or {}) if "merge" in content else {}

    def _made(self, before: Thing | None, content: str) -> Thing | bool | None:
        store, body = self.connection.store, self.body
        if self.method == "DELETE":
            return store.delete(self.place.ref)
        if "json-patch" in content:
            return store.status(self.place.ref, body[1]["value"])
        if "merge" in content:
            return store.put(merged(before or {}, body))
        named = {**body, "metadata": {"namespace": self.place.namespace, **body["metadata"]}}
        return store.put(named) if self.method == "POST" else store.apply(named, "kanaria")


def place_of(path: str) -> Place:
    """Read a path of the API."""
    parts = path.strip("/").split("/")
    api_version, rest = ("/".join(parts[1:3]), parts[3:]) if parts[0] == "apis" else (parts[1], parts[2:])
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = [*rest, "", ""][:3]
    return Place((api_version, KINDS[api_version][plural]), namespace, name, subresource)


def merged(live: Any, change: Any) -> Any:
    """A JSON merge patch."""
    if not isinstance(change, dict):
        return change
    found = dict(live) if isinstance(live, dict) else {}
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def _differs(before: Thing, wanted: Mapping[str, Any]) -> bool:
    return any(key in wanted and before["metadata"][key] != wanted[key] for key in ("uid", "resourceVersion"))


def _is_selected(thing: Thing | None, label: str | None) -> bool:
    return thing is not None and (not label or label in (thing["metadata"].get("labels") or {}))


def _lines(happened: Happened, label: str | None, *, twice: bool) -> list[bytes]:
    if _is_selected(happened.new, label):
        kind, thing = ("MODIFIED" if happened.old else "ADDED"), happened.new
    elif _is_selected(happened.old, label):
        metadata = {**(happened.old or {})["metadata"], "resourceVersion": str(happened.version)}
        kind, thing = "DELETED", {**(happened.old or {}), "metadata": metadata}
    else:
        return []
    line = json.dumps({"type": kind, "object": thing}).encode()
    return [line, line] if twice and kind != "DELETED" else [line]


def _copied(thing: Any) -> Any:
    return json.loads(json.dumps(thing))
