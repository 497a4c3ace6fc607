"""How a part of the local cluster speaks with the Kubernetes API.

    async with Api("http://127.0.0.1:16400", token="…") as api:
        pods = await api.list(PODS, namespace="wine", labels="app=wine")   # the List: items, metadata.resourceVersion
        pod = await api.get(PODS, "wine", "trainer")                       # NotFoundError when there is none
        await api.create(PODS, manifest)                                   # ConflictError when it exists
        await api.apply(PODS, manifest, owner="kserve-stand-in")           # server-side apply, conflicts forced
        await api.patch(PODS, "wine", "trainer", {"metadata": {"labels": {"a": "b"}}})      # a merge patch
        await api.patch_status(PODS, "wine", "trainer", {"phase": "Running"})
        await api.delete(PODS, "wine", "trainer")                          # False when it was gone already
        async for kind, thing in api.watch(PODS, since=version): ...       # ends by itself; `watching.py` goes on

Namespace "" means all namespaces in a list or a watch, and none for a cluster-scoped thing.
An answer of 400 or more is an `ApiError`: `NotFoundError` (404), `ConflictError` (409), `GoneError` (410), or itself.
"""

from __future__ import annotations

import json
import ssl as tls
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

Thing = dict[str, Any]
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
LONGEST_EVENT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as its URL names it, e.g. `Resource("apps/v1", "deployments", "Deployment")`."""

    api_version: str
    plural: str
    kind: str
    namespaced: bool = True

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of the collection, of one thing, or of a part of it."""
        root = "/api/" if "/" not in self.api_version else "/apis/"
        parts = [root + self.api_version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        return "/".join([*parts, self.plural, *filter(None, (name, subresource))])


NAMESPACES = Resource("v1", "namespaces", "Namespace", namespaced=False)
NODES = Resource("v1", "nodes", "Node", namespaced=False)
PODS = Resource("v1", "pods", "Pod")
SERVICES = Resource("v1", "services", "Service")
SECRETS = Resource("v1", "secrets", "Secret")
CONFIG_MAPS = Resource("v1", "configmaps", "ConfigMap")
CLAIMS = Resource("v1", "persistentvolumeclaims", "PersistentVolumeClaim")
EVENTS = Resource("v1", "events", "Event")
JOBS = Resource("batch/v1", "jobs", "Job")
DEPLOYMENTS = Resource("apps/v1", "deployments", "Deployment")
DEFINITIONS = Resource("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", False)


class ApiError(Exception):
    """An answer of 400 or more; `NotFoundError`, `ConflictError` and `GoneError` are the ones a caller may expect."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


class NotFoundError(ApiError):
    """There is no such thing."""


class ConflictError(ApiError):
    """The thing exists already, or has changed since it was read."""


class GoneError(ApiError):
    """The watch's resourceVersion is too old: list again."""


_EXPECTED = {404: NotFoundError, 409: ConflictError, 410: GoneError}


class Api:
    """A client of one API server, good until its `async with` ends."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        ssl: tls.SSLContext | bool = True,
    ) -> None:
        self.url = url.rstrip("/")
        self.headers = dict(headers or {})
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        self._ssl = ssl
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # No limit on connections: every watch holds one, and a waiting watch must not starve a write.
        connector = aiohttp.TCPConnector(limit=0, ssl=self._ssl)
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers=self.headers,
            timeout=aiohttp.ClientTimeout(total=60),
            read_bufsize=LONGEST_EVENT,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def get(self, resource: Resource, namespace: str, name: str) -> Thing:
        """One thing as it is now."""
        return await self.request("GET", resource.path(namespace, name))

    async def list(self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "") -> Thing:
        """The List of the things chosen by the selectors; its items bear kind and apiVersion."""
        found = await self.request("GET", resource.path(namespace), params=_selectors(labels, fields))
        marks = {"apiVersion": resource.api_version, "kind": resource.kind}
        found["items"] = [{**marks, **item} for item in found.get("items") or []]
        return found

    async def create(self, resource: Resource, thing: Thing) -> Thing:
        """The thing as the server stored it."""
        namespace = thing["metadata"].get("namespace", "")
        return await self.request("POST", resource.path(namespace), body=thing)

    async def apply(self, resource: Resource, thing: Thing, *, owner: str) -> Thing:
        """Server-side apply of all fields given, by the field manager `owner`; other owners' claims are overruled."""
        full = {"apiVersion": resource.api_version, "kind": resource.kind, **thing}
        meta = full["metadata"]
        path = resource.path(meta.get("namespace", ""), meta["name"])
        choices = {"fieldManager": owner, "force": "true"}
        return await self.request("PATCH", path, params=choices, body=full, content_type=APPLY_PATCH)

    async def patch(self, resource: Resource, namespace: str, name: str, change: Thing) -> Thing:
        """The thing after a JSON merge patch."""
        return await self.request("PATCH", resource.path(namespace, name), body=change, content_type=MERGE_PATCH)

    async def patch_status(self, resource: Resource, namespace: str, name: str, status: Thing, uid: str = "") -> Thing:
        """The thing after a merge patch of its status, lists replaced whole; `ConflictError` if its UID is another."""
        path = resource.path(namespace, name, "status")
        body = {"status": status} | ({"metadata": {"uid": uid}} if uid else {})
        return await self.request("PATCH", path, body=body, content_type=MERGE_PATCH)

    async def replace(self, resource: Resource, thing: Thing) -> Thing:
        """The thing after a PUT; `ConflictError` if its resourceVersion is no longer the newest."""
        meta = thing["metadata"]
        return await self.request("PUT", resource.path(meta.get("namespace", ""), meta["name"]), body=thing)

    async def delete(self, resource: Resource, namespace: str, name: str, **options: Any) -> bool:
        """Whether there was something to delete; `options` are DeleteOptions such as gracePeriodSeconds."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background", **options}
        try:
            await self.request("DELETE", resource.path(namespace, name), body=body)
        except NotFoundError:
            return False
        return True

    async def watch(
        self, resource: Resource, namespace: str = "", *, since: str = "", labels: str = "", fields: str = ""
    ) -> AsyncGenerator[tuple[str, Thing]]:
        """Changes after `since` as (ADDED | MODIFIED | DELETED | BOOKMARK, thing), until the server ends the watch."""
        params = {**_selectors(labels, fields), "watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": "300"}
        if since:
            params["resourceVersion"] = since
        forever = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=None)
        async with self._answer("GET", resource.path(namespace), params=params, timeout=forever) as answer:
            async for line in answer.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise _refusal(int(event["object"].get("code", 500)), event["object"])
                yield event["type"], event["object"]

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Thing:
        """The JSON answer to any request, for what the methods above do not say."""
        headers = {"Content-Type": content_type} if body is not None else {}
        data = None if body is None else json.dumps(body).encode()
        async with self._answer(method, path, params=params, data=data, headers=headers) as answer:
            thing: Thing = await answer.json(content_type=None)
            return thing

    async def text(self, path: str, *, params: Mapping[str, str] | None = None) -> str:
        """The answer to a GET as text, e.g. a Pod's log."""
        forever = aiohttp.ClientTimeout(total=None, sock_connect=10)
        async with self._answer("GET", path, params=params, timeout=forever) as answer:
            return await answer.text()

    @asynccontextmanager
    async def _answer(self, method: str, path: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError(f"{path} was asked of an Api outside of its `async with`")
        async with self._session.request(method, self.url + path, **options) as answer:
            if answer.status >= 400:
                raise _refusal(answer.status, _as_status(await answer.text()))
            yield answer


def _selectors(labels: str, fields: str) -> dict[str, str]:
    given = {"labelSelector": labels, "fieldSelector": fields}
    return {name: value for name, value in given.items() if value}


def _as_status(text: str) -> Thing:
    try:
        status = json.loads(text)
    except ValueError:
        return {"message": text}
    return status if isinstance(status, dict) else {"message": text}


def _refusal(code: int, status: Thing) -> ApiError:
    kind = _EXPECTED.get(code, ApiError)
    return kind(code, str(status.get("reason", "Unknown")), str(status.get("message", "no message")))
