"""How tests of the Kubernetes API speak to it: plain HTTP, so that any API server can be asked the same."""

import json
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from waiting import eventually

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered."""

    code: int
    body: Any
    warnings: tuple[str, ...] = ()

    @property
    def meta(self) -> dict[str, Any]:
        return self.body["metadata"]

    @property
    def fields(self) -> list[str]:
        """The fields a refusal names."""
        return [each["field"] for each in self.body["details"]["causes"]]


GROUPS = {"jobs": "batch/v1", "deployments": "apps/v1", "replicasets": "apps/v1", "leases": "coordination.k8s.io/v1"}


class Cluster:
    """An API server at an address, and a namespace there that a test has for itself."""

    def __init__(self, url: str, headers: dict[str, str], tls: ssl.SSLContext | None = None) -> None:
        self.url = url
        self.headers = headers
        self.namespace = f"t-{secrets.token_hex(4)}"
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    def at(self, plural: str, name: str = "", sub: str = "") -> str:
        """The path of a collection in the test's namespace, of an object, or of a part of it."""
        parts = [self.root(plural), "namespaces", self.namespace, plural.partition(".")[0], name, sub]
        return "/".join(part for part in parts if part)

    def root(self, plural: str) -> str:
        """The path above a resource: plural of a built-in one, or plural.group/version."""
        group = GROUPS.get(plural) or plural.partition(".")[2]
        return f"/apis/{group}" if group else "/api/v1"

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._tls or True)
        headers = {"User-Agent": "tests/1"} | self.headers
        self._session = aiohttp.ClientSession(self.url, headers=headers, connector=connector)
        await self.create("/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(aiohttp.ClientError):  # a test may have stopped the server
            await self.delete(f"/api/v1/namespaces/{self.namespace}")
        await self.session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session is not None
        return self._session

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = json.dumps(body) if body is not None and not isinstance(body, bytes) else body
        named = {"Content-Type": "application/json"} | named if data is not None else named
        async with self.session.request(method, path, data=data, headers=named) as response:
            text = await response.text()
            parsed = json.loads(text) if response.content_type == "application/json" else text
            return Answer(response.status, parsed, tuple(response.headers.getall("Warning", [])))

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, **headers)

    async def create(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.ask("POST", path, body, **headers)

    async def replace(self, path: str, body: Any) -> Answer:
        return await self.ask("PUT", path, body)

    async def patch(self, path: str, body: Any, kind: str = MERGE) -> Answer:
        return await self.ask("PATCH", path, body, Content_Type=kind)

    async def apply(self, path: str, body: Any, manager: str, *, force: bool = False) -> Answer:
        joint = "&" if "?" in path else "?"
        asked = f"{path}{joint}fieldManager={manager}{'&force=true' if force else ''}"
        return await self.patch(asked, body, APPLY)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.ask("DELETE", path, options or None)

    @asynccontextmanager
    async def watch(self, path: str, **headers: str) -> AsyncIterator["Watch"]:
        joint = "&" if "?" in path else "?"
        async with self.session.get(f"{path}{joint}watch=true", headers=headers) as response:
            yield Watch(response)


class Watch:
    """A stream of changes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> tuple[str, dict[str, Any]]:
        line = json.loads(await self._response.content.readline())
        return line["type"], line["object"]

    async def names(self, count: int) -> list[tuple[str, str]]:
        seen = [await self.next() for _ in range(count)]
        return [(kind, body["metadata"]["name"]) for kind, body in seen]

    async def rest(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (await self._response.content.read()).splitlines()]


def a_config_map(name: str = "a", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} | ({"data": data} if data else {})


def a_pod(name: str = "a", **spec: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "main", "image": "python:3.11"}]} | spec
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def a_job(name: str = "a", **spec: Any) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "python:3.11"}]}
    spec = {"template": {"spec": pod}} | spec
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


def a_deployment(name: str = "a", replicas: int = 1, **container: Any) -> dict[str, Any]:
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": "python:3.11"} | container]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def a_definition(group: str, schema: dict[str, Any], **version: Any) -> dict[str, Any]:
    """The definition of Widget, with a schema for its spec."""
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    whole = {"type": "object", "properties": {"spec": schema, "status": status}}
    served = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": whole}} | version
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"], "categories": ["toys"]}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [served]}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return kind | {"metadata": {"name": f"widgets.{group}"}, "spec": spec}


def owned(body: dict[str, Any], owner: dict[str, Any], **marks: bool) -> dict[str, Any]:
    """The manifest with an owner."""
    reference = {part: owner[part] for part in ("apiVersion", "kind")}
    reference |= {part: owner["metadata"][part] for part in ("name", "uid")}
    return body | {"metadata": body["metadata"] | {"ownerReferences": [reference | marks]}}


class Widgets:
    """A custom resource of a test's own group."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.group = f"{cluster.namespace}.example.com"
        self.definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        self.definition = f"{self.definitions}/widgets.{self.group}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cluster.delete(self.definition)

    async def define(self, schema: dict[str, Any] | None = None, **version: Any) -> str:
        """Have widgets served; returns the path of the collection."""
        schema = schema or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        made = await self.cluster.create(self.definitions, a_definition(self.group, schema, **version))
        assert made.code == 201, made.body
        return await self.ready()

    async def ready(self) -> str:
        """Wait until widgets are served; the path of the collection."""
        path = self.at()
        await eventually(lambda: self._served(path))
        return path

    async def _served(self, path: str) -> bool:
        return (await self.cluster.get(path)).code == 200

    def at(self, version: str = "v1") -> str:
        return self.cluster.at(f"widgets.{self.group}/{version}")

    def made(self, name: str = "a", version: str = "v1", **spec: Any) -> dict[str, Any]:
        """A widget's manifest."""
        kind = {"apiVersion": f"{self.group}/{version}", "kind": "Widget"}
        return kind | {"metadata": {"name": name}, "spec": spec}
