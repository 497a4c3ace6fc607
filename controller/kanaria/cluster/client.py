"""What can be asked of the API server.

At most 8 writes are under way at a time: beyond that the server's rate does not rise, only its latency. A write that is
answered 429 waits as long as the server asks, within its deadline.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.cluster.connection import Connection
from kanaria.cluster.discovery import Discovery
from kanaria.cluster.errors import (
    ClusterError,
    LapsedError,
    NotFoundError,
    TooManyRequestsError,
    UnreachableError,
    told_in_watch,
)
from kanaria.cluster.resource import Resource
from kanaria.vocabulary import Account, ObjectRef
from kanaria.vocabulary.objects import Manifest

FIELD_MANAGER = "kanaria"
WRITES_AT_ONCE = 8
PAGE = 500
READ_DEADLINE = 30.0
WRITE_DEADLINE = 15.0
WATCH_SECONDS = 120
APPLY_PATCH = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
Sleep = Callable[[float], Awaitable[None]]
_VERBS = {"PATCH": "patch", "POST": "create", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a write may start now, and how many seconds it may take then."""

    may_write: Callable[[], bool]
    within: float


@dataclass(frozen=True, slots=True)
class Wrote:
    """A write and what came of it: ok, or the error's class in a word."""

    verb: str
    resource: Resource
    subresource: str
    result: str


ALWAYS_OPEN = Gate(lambda: True, WRITE_DEADLINE)


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects of a list, as of `version`."""

    items: tuple[Manifest, ...]
    version: str


class Client:
    """Reads and writes; kinds are looked up by discovery, and every error is a `ClusterError`.

    `told` hears of each write.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        gate: Gate = ALWAYS_OPEN,
        told: Callable[[Wrote], None] = lambda _: None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._gate = gate
        self._told = told
        self._discovery = Discovery(connection)
        self._writing = asyncio.Semaphore(WRITES_AT_ONCE)
        self._sleep = sleep

    async def resource(self, api_version: str, kind: str) -> Resource:
        """The kind's resource; UnknownKindError where it is not served."""
        return await self._discovery.resource(api_version, kind)

    async def get(self, ref: ObjectRef, *, account: Account | None = None) -> Manifest:
        """The object as it is now, read as the account."""
        resource = await self.resource(ref.api_version, ref.kind)
        path, headers = resource.path(ref.namespace, ref.name), _impersonating(account)
        return await self._json("GET", path, headers=headers, within=READ_DEADLINE)

    async def find(self, ref: ObjectRef) -> Manifest | None:
        """The object as it is now, None where it is gone; asked as a list of one: the right to list is enough."""
        resource = await self.resource(ref.api_version, ref.kind)
        params = {"fieldSelector": f"metadata.name={ref.name}"}
        found = await self._json("GET", resource.path(ref.namespace), params=params, within=READ_DEADLINE)
        marks = {"apiVersion": resource.api_version, "kind": resource.kind}
        return next(({**marks, **item} for item in found.get("items") or ()), None)

    async def of_namespace(self, api_version: str, kind: str, namespace: str) -> tuple[Manifest, ...]:
        """All objects of the kind in a namespace, which a person may read who may not read every namespace."""
        resource = await self.resource(api_version, kind)
        marks, params, found = {"apiVersion": api_version, "kind": kind}, {"limit": str(PAGE)}, list[Manifest]()
        while True:
            page = await self._json("GET", resource.path(namespace), params=params, within=READ_DEADLINE)
            found += [{**marks, **item} for item in page.get("items") or ()]
            onward = (page.get("metadata") or {}).get("continue")
            if not onward:
                return tuple(found)
            params = {**params, "continue": onward}

    async def pages(self, resource: Resource, labels: str = "") -> AsyncGenerator[Page]:
        """All objects of the kind in all namespaces, page by page; items bear apiVersion and kind."""
        marks = {"apiVersion": resource.api_version, "kind": resource.kind}
        params = {"limit": str(PAGE)} | ({"labelSelector": labels} if labels else {})
        while True:
            try:
                found = await self._json("GET", resource.path(), params=params, within=READ_DEADLINE)
            except NotFoundError:
                self._discovery.forget(resource)
                raise
            meta = found.get("metadata") or {}
            yield Page(tuple({**marks, **item} for item in found.get("items") or ()), meta.get("resourceVersion", ""))
            if not meta.get("continue"):
                return
            params["continue"] = meta["continue"]

    async def watch(self, resource: Resource, since: str, labels: str = "") -> AsyncGenerator[tuple[str, Manifest]]:
        """Changes after `since` as (ADDED | MODIFIED | DELETED | BOOKMARK, object), until the server ends the watch."""
        params = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            "timeoutSeconds": str(WATCH_SECONDS),
        } | ({"labelSelector": labels} if labels else {})
        # A little longer than the server keeps it: a peer that went silent is noticed then.
        async with self._connection.request("GET", resource.path(), params=params, within=WATCH_SECONDS + 15) as told:
            async for line in told.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise told_in_watch(event["object"])
                yield event["type"], event["object"]

    async def apply(
        self, manifest: Manifest, *, account: Account | None = None, force: bool = True, dry_run: bool = False
    ) -> Manifest:
        """Server-side apply, with strict validation; the object as the server stored it, or would store it."""
        ref = ObjectRef.of(manifest)
        resource = await self.resource(ref.api_version, ref.kind)
        return await self._write(
            "PATCH",
            resource,
            (ref.namespace, ref.name),
            params={"fieldManager": FIELD_MANAGER, "force": _word(force), "fieldValidation": "Strict"}
            | ({"dryRun": "All"} if dry_run else {}),
            headers={"Content-Type": APPLY_PATCH, **_impersonating(account)},
            body=manifest,
        )

    async def replace_status(self, ref: ObjectRef, uid: str, status: Mapping[str, Any]) -> Manifest:
        """Give the object this status and no other, if it still is the object of this UID."""
        resource = await self.resource(ref.api_version, ref.kind)
        return await self._write(
            "PATCH",
            resource,
            (ref.namespace, ref.name, "status"),
            params={"fieldManager": FIELD_MANAGER},
            headers={"Content-Type": JSON_PATCH},
            body=[
                {"op": "test", "path": "/metadata/uid", "value": uid},
                {"op": "add", "path": "/status", "value": status},
            ],
        )

    async def delete(
        self, ref: ObjectRef, *, account: Account | None = None, only_if_label: tuple[str, str] | None = None
    ) -> bool:
        """Delete in the background; False where the object is gone or no longer bears the label."""
        try:
            resource = await self.resource(ref.api_version, ref.kind)
            preconditions = await self._preconditions(ref, only_if_label)
            if preconditions is None:
                return False
            options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
            await self._write(
                "DELETE",
                resource,
                (ref.namespace, ref.name),
                headers={"Content-Type": "application/json", **_impersonating(account)},
                body=options | ({"preconditions": preconditions} if preconditions else {}),
            )
        except NotFoundError:
            return False
        return True

    async def create(self, manifest: Manifest) -> Manifest:
        """The object as the server stored it; ConflictError where it exists."""
        ref = ObjectRef.of(manifest)
        resource = await self.resource(ref.api_version, ref.kind)
        headers = {"Content-Type": "application/json"}
        return await self._write("POST", resource, (ref.namespace,), headers=headers, body=manifest)

    async def merge(self, ref: ObjectRef, change: Mapping[str, Any]) -> Manifest:
        """The object after a JSON merge patch."""
        resource = await self.resource(ref.api_version, ref.kind)
        headers = {"Content-Type": MERGE_PATCH}
        return await self._write("PATCH", resource, (ref.namespace, ref.name), headers=headers, body=change)

    async def _preconditions(self, ref: ObjectRef, label: tuple[str, str] | None) -> dict[str, str] | None:
        """What the server must find for the delete to be meant; None where it is not."""
        if label is None:
            return {}
        metadata = (await self.find(ref) or {}).get("metadata") or {}
        if (metadata.get("labels") or {}).get(label[0]) != label[1]:
            return None
        return {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}

    async def quiet(self) -> None:
        """Return once no write is under way."""
        for _ in range(WRITES_AT_ONCE):
            await self._writing.acquire()
        for _ in range(WRITES_AT_ONCE):
            self._writing.release()

    async def _write(
        self, method: str, resource: Resource, place: tuple[str, ...], *, body: Any, **options: Any
    ) -> Manifest:
        path, result = resource.path(*place), "ok"
        options = {**options, "data": json.dumps(body).encode()}
        try:
            async with self._writing, asyncio.timeout(WRITE_DEADLINE):
                return await self._tried(method, path, options)
        except TimeoutError as error:
            result = "unreachable"
            raise UnreachableError(f"{method} {path} was not done within {self._gate.within:g} s") from error
        except ClusterError as error:
            result = type(error).__name__.removesuffix("Error").lower()
            raise
        except asyncio.CancelledError:
            result = "cancelled"
            raise
        finally:
            self._told(Wrote(_VERBS[method], resource, "".join(place[2:]), result))

    async def _tried(self, method: str, path: str, options: Mapping[str, Any]) -> Manifest:
        """Sent again for as long as the server asks for patience; each time is a write that starts."""
        while True:
            if not self._gate.may_write():
                raise LapsedError(f"{method} {path} was not sent: this replica does not lead now, or could not say so")
            try:
                async with asyncio.timeout(self._gate.within):
                    return await self._json(method, path, within=self._gate.within, **options)
            except TooManyRequestsError as error:
                # The slot is kept while waiting: all our writes slow down together.
                await self._sleep(error.retry_after)

    async def _json(self, method: str, path: str, **options: Any) -> Manifest:
        async with self._connection.request(method, path, **options) as answer:
            found: Manifest = await answer.json(content_type=None)
            return found


def _impersonating(account: Account | None) -> dict[str, str]:
    return {} if account is None else {"Impersonate-User": account.user}


def _word(flag: bool) -> str:  # noqa: FBT001 # the one argument is the flag
    return "true" if flag else "false"
