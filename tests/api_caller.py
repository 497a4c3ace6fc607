"""How tests of the Kubernetes API speak to it: plain HTTP, so that any API server can be asked the same."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

CORE = "/api/v1"
CONFIG_MAPS = f"{CORE}/namespaces/default/configmaps"
PODS = f"{CORE}/namespaces/default/pods"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

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


class Cluster:
    """An API server at an address."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url = url
        self.headers = headers
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(self.url, headers={"User-Agent": "tests/1"} | self.headers)
        return self

    async def __aexit__(self, *_: object) -> None:
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
            parsed = json.loads(text) if text.startswith("{") else text
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
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def a_pod(name: str = "a", **spec: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "main", "image": "python:3.11"}]} | spec
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def owned(body: dict[str, Any], owner: dict[str, Any], **marks: bool) -> dict[str, Any]:
    """The manifest with an owner."""
    reference = {part: owner[part] for part in ("apiVersion", "kind")}
    reference |= {part: owner["metadata"][part] for part in ("name", "uid")}
    return body | {"metadata": body["metadata"] | {"ownerReferences": [reference | marks]}}
